//! Who reads cgroup files how often, and what that costs.

use crate::observed::Missing;
use crate::units::{Cores, Nanos, Pid};
use serde::{Deserialize, Serialize};

/// Readers of cgroup files among the busy processes of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CgroupReaders {
    /// One entry a process and file, most cores first.
    pub readers: Vec<CgroupReader>,
    /// Processes whose calls were counted.
    pub watched: Vec<WatchedReader>,
}

/// A process whose calls were counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WatchedReader {
    /// Its id.
    pub pid: Pid,
    /// Its name.
    pub comm: String,
    /// Cores that it used in the second before.
    pub cores: Cores,
    /// How long it was watched.
    pub length: Nanos,
    /// CPU inside all its calls about cgroup files, measured: the sum of its rows.
    pub cgroup_cores: Cores,
    /// What watching cost everybody else.
    pub tax: Cores,
    /// Why its calls could not be counted, if so.
    pub missing: Option<Missing>,
}

/// What one process spends on cgroup files of one name, all calls together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CgroupReader {
    /// The process.
    pub pid: Pid,
    /// Its name.
    pub comm: String,
    /// Path with changing parts as `*`.
    pub pattern: String,
    /// Distinct files behind it.
    pub distinct: u64,
    /// Calls of `read` a second.
    pub reads: f64,
    /// Calls of any kind a second: opening, reading, asking for their state.
    pub calls: f64,
    /// CPU inside all these calls, measured.
    pub cores: Cores,
    /// What one read of such a file takes, timed apart, where it was.
    pub timed: Option<Nanos>,
    /// Timed read × reads.
    pub predicted: Option<Cores>,
}
