//! Descriptors through which processes hold kernel machinery: inotify instances, performance
//! events, fanotify marks.

use crate::units::{Nanos, Pid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What `/proc/PID/fd` of all processes showed in one look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KernelHandles {
    /// Processes whose descriptors were looked at.
    pub processes: u64,
    /// Processes that were left out, for want of rights or time: every count is then at least so
    /// much.
    pub left_out: u64,
    /// Effective user id → inotify instances. An instance that a child inherited counts twice.
    pub inotify_instances: BTreeMap<u32, u64>,
    /// Who holds most inotify instances of user 0.
    pub inotify_holder: Option<HandleHolder>,
    /// Who holds performance events, most first; our own left out.
    pub perf_events: Vec<HandleHolder>,
    /// Who has fanotify marks that make others wait for an answer, most first.
    pub fanotify_permission: Vec<HandleHolder>,
}

/// A process and how many of them it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HandleHolder {
    /// Process id.
    pub pid: Pid,
    /// Process name.
    pub comm: String,
    /// How many.
    pub count: u64,
    /// Time since the process started; what it holds is no older.
    pub age: Nanos,
}
