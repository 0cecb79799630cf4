//! Live and dying cgroups.

use crate::observed::Observed;
use crate::units::Nanos;
use serde::{Deserialize, Serialize};

/// Live and dying cgroups of every hierarchy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CgroupCensus {
    /// One entry a mounted hierarchy, in mount order.
    pub hierarchies: Vec<Hierarchy>,
    /// CPU time that the census took.
    pub cost: Nanos,
}

impl CgroupCensus {
    /// The hierarchy that carries the memory controller.
    #[must_use]
    pub fn memory(&self) -> Option<&Hierarchy> {
        self.hierarchies
            .iter()
            .find(|hierarchy| hierarchy.has("memory"))
    }
}

/// One hierarchy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hierarchy {
    /// Controllers bound to it; for a v2 hierarchy what `cgroup.controllers` lists; `name=systemd`
    /// for a named one.
    pub controllers: Vec<String>,
    /// v1 or v2.
    pub version: CgroupVersion,
    /// Where it is mounted.
    pub mount: String,
    /// Directories, root included.
    pub live: Observed<u64>,
    /// What the kernel counts, dying ones included (`/proc/cgroups`, `num_cgroups`).
    pub kernel_count: Observed<u64>,
    /// Cgroups that were removed and still live in the kernel.
    pub dying: Observed<DyingCount>,
    /// The same by the kernel's own objects, where it tells (6.16 and later, memory only).
    pub dying_by_objects: Observed<DyingCount>,
    /// Directories by name pattern, most first.
    pub patterns: Vec<PatternCount>,
    /// Directories that hold no process, where that was looked at.
    pub empty: Observed<u64>,
    /// Deepest nesting.
    pub max_depth: u32,
    /// True when the walk was cut by its budget: `live` is then a lower bound.
    pub partial: bool,
}

impl Hierarchy {
    /// Whether this controller is bound to it.
    #[must_use]
    pub fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|name| name == controller)
    }
}

/// v1 or v2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CgroupVersion {
    /// One hierarchy a controller set.
    #[default]
    V1,
    /// The unified hierarchy.
    V2,
}

/// A number of dying cgroups and how it was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DyingCount {
    /// How many.
    pub count: u64,
    /// How it was counted, with the numbers.
    pub how: String,
    /// How far two readings of the kernel's number were apart, where it was read twice: removals
    /// show in it with a delay.
    pub spread: Option<u64>,
}

/// Directories whose names follow one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatternCount {
    /// Parent and name with changing runs as `*`, such as `/system.slice/run-r*.scope`.
    pub pattern: String,
    /// How many.
    pub count: u64,
    /// One of them.
    pub example: String,
}

/// What reading all files of a cgroup once costs, as a statistics collector does it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CgroupScan {
    /// Cgroup directories read.
    pub cgroups: u64,
    /// Files read.
    pub files: u64,
    /// Files that could not be read (removed meanwhile, not supported).
    pub failed: u64,
    /// CPU time.
    pub cpu: Nanos,
    /// The kernel's share of it, 0 to 1; absent below 100 ms of CPU, where the kernel's own split
    /// by ticks is chance.
    pub kernel_share: Option<f64>,
    /// Wall time.
    pub wall: Nanos,
    /// By file name, most expensive first.
    pub by_file: Vec<ScannedFile>,
    /// True when only a sample of the cgroups was read.
    pub sampled: bool,
}

/// What files of one name cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScannedFile {
    /// File name, such as `memory.stat`.
    pub name: String,
    /// Files read.
    pub files: u64,
    /// CPU time for open, read to the end and close of all of them.
    pub cpu: Nanos,
    /// The slowest one's wall time.
    pub slowest: Nanos,
}
