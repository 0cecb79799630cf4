//! The remedies there are.

use std::fmt;

/// A remedy. What each frees on which kernel is data: `catalog/remedies/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Reclaim the memory of the lowest cgroup below which dying ones hold theirs.
    ReclaimSubtree,
    /// Drop the node's clean page cache.
    DropPageCache,
    /// Drop the node's dentries and inodes.
    DropSlab,
    /// Drop both.
    DropAll,
    /// Remove cgroups that somebody left behind without a process in them.
    RemoveEmptyCgroups,
    /// Say which settings make the agent read less often. Changes nothing.
    HousekeepingInterval,
}

impl Plan {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ReclaimSubtree,
        Self::DropPageCache,
        Self::DropSlab,
        Self::DropAll,
        Self::RemoveEmptyCgroups,
        Self::HousekeepingInterval,
    ];

    /// What is typed.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::ReclaimSubtree => "reclaim-subtree",
            Self::DropPageCache => "drop-page-cache",
            Self::DropSlab => "drop-slab",
            Self::DropAll => "drop-all",
            Self::RemoveEmptyCgroups => "remove-empty-cgroups",
            Self::HousekeepingInterval => "housekeeping-interval",
        }
    }

    /// The plan with this id.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.id() == id)
    }

    /// Whether its purpose is to free dying cgroups, so that it is pointless where reads are fast.
    #[must_use]
    pub fn frees_dying(self) -> bool {
        !matches!(self, Self::RemoveEmptyCgroups | Self::HousekeepingInterval)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
