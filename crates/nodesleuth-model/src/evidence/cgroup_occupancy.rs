//! Which cgroups hold no process, by name pattern.

use crate::units::Nanos;
use serde::{Deserialize, Serialize};

/// Cgroups of the memory hierarchy with and without processes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CgroupOccupancy {
    /// Cgroups looked at, the root not counted.
    pub cgroups: u64,
    /// Those that hold no process, nor does any below them.
    pub empty: u64,
    /// By pattern, most empty ones first.
    pub patterns: Vec<PatternOccupancy>,
    /// True when the budget ended before all were looked at, or some could not be read.
    pub partial: bool,
    /// CPU time that it took.
    pub cost: Nanos,
}

/// Cgroups whose paths follow one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatternOccupancy {
    /// Path with changing parts as `*`.
    pub pattern: String,
    /// How many there are.
    pub count: u64,
    /// How many of them hold no process, nor does any below them.
    pub empty: u64,
    /// An empty one, if there is one.
    pub example: Option<String>,
    /// What empty ones of this name are.
    pub kind: EmptyKind,
}

/// What an empty cgroup is by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyKind {
    /// A systemd scope lives as long as its processes: one without any was left behind.
    LeakedScope,
    /// A pod's cgroup without a container in it.
    PodWithoutContainers,
    /// Any other; many are there to hold others, and are no fault.
    #[default]
    EmptySubtree,
}

impl EmptyKind {
    /// How to say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeakedScope => "leaked scope",
            Self::PodWithoutContainers => "pod without containers",
            Self::EmptySubtree => "empty subtree",
        }
    }
}
