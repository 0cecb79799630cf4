//! How many cgroups were removed and still live in the kernel.
//!
//! v1 has no counter of them: they are what the kernel counts and nobody can see. v2 says it.

use nodesleuth_model::evidence::DyingCount;
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Missing, MissingKind, Observed};
use nodesleuth_parse::cgroup::stat::CgroupStat;

/// Objects of memory cgroups, live and dying, since 6.16.
pub(super) const OBJECTS: &str = "/sys/kernel/slab/mem_cgroup/objects";

/// One count of a v1 hierarchy: directories, and the kernel's number before and after walking
/// them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) directories: u64,
    pub(super) kernel_before: u64,
    pub(super) kernel_after: u64,
}

impl Round {
    /// The kernel's number lags behind removals, so the smaller one is nearer to the truth.
    fn kernel(self) -> u64 {
        self.kernel_before.min(self.kernel_after)
    }

    /// Counted by the kernel and not there as a directory.
    pub(super) fn dying(self) -> u64 {
        self.kernel().saturating_sub(self.directories)
    }

    pub(super) fn count(self) -> DyingCount {
        DyingCount {
            count: self.dying(),
            how: format!(
                "{} counted by the kernel (/proc/cgroups) − {} directories",
                grouped(self.kernel()),
                grouped(self.directories)
            ),
            spread: Some(self.kernel_before.abs_diff(self.kernel_after)),
        }
    }
}

/// By the kernel's own objects of memory cgroups, `/sys/kernel/slab/mem_cgroup/objects` (`152
/// N0=152`). Objects that CPUs keep ready for use are among them, so it is an upper bound.
pub(super) fn from_objects(text: &str, directories: u64) -> Result<DyingCount, Missing> {
    let first = text.split_whitespace().next();
    let objects: u64 = first.and_then(|word| word.parse().ok()).ok_or_else(|| {
        let reason = format!("{OBJECTS}: expected a count");
        Missing::new(MissingKind::Malformed, reason)
    })?;
    Ok(DyingCount {
        count: objects.saturating_sub(directories),
        how: format!(
            "{} objects of slab cache mem_cgroup − {} directories (at most: objects kept ready \
             for use are counted too)",
            grouped(objects),
            grouped(directories)
        ),
        spread: None,
    })
}

/// The number of a v2 hierarchy, from `cgroup.stat` of its root.
pub(super) fn from_stat(stat: &CgroupStat) -> DyingCount {
    let of_memory = match stat.nr_dying_subsys.get("memory") {
        Some(memory) => format!(", nr_dying_subsys_memory {}", grouped(*memory)),
        None => String::new(),
    };
    DyingCount {
        count: stat.nr_dying_descendants,
        how: format!(
            "nr_dying_descendants {} of cgroup.stat{of_memory}",
            grouped(stat.nr_dying_descendants)
        ),
        spread: None,
    }
}

/// What is counted where only a part of the tree can be seen.
pub(super) fn unseen(visible: Option<u64>) -> Observed<DyingCount> {
    let at_least = match visible {
        Some(count) => format!(
            "; at least {}, those below the visible part",
            grouped(count)
        ),
        None => String::new(),
    };
    let reason = format!(
        "only a part of the cgroup tree is visible here, so directories and the kernel's count \
         cannot be compared{at_least}"
    );
    Observed::Unavailable(
        Missing::new(MissingKind::Unsupported, reason).needs("the node's own cgroup namespace"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dying_is_what_the_kernel_counts_and_nobody_sees() {
        let round = Round {
            directories: 31,
            kernel_before: 20_035,
            kernel_after: 20_031,
        };
        let count = round.count();
        assert_eq!(count.count, 20_000);
        assert_eq!(
            count.how,
            "20,031 counted by the kernel (/proc/cgroups) − 31 directories"
        );
    }

    #[test]
    fn the_kernels_objects_are_an_upper_bound() {
        let count = from_objects("152 N0=100 N1=52\n", 11).unwrap();
        assert_eq!(count.count, 141);
        assert!(from_objects("", 11).is_err() && from_objects("N0=3", 1).is_err());
    }

    #[test]
    fn more_directories_than_the_kernel_counted_are_not_a_huge_number() {
        let round = Round {
            directories: 9,
            kernel_before: 5,
            kernel_after: 8,
        };
        assert_eq!(round.dying(), 0);
    }
}
