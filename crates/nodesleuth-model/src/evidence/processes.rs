//! Processes and threads as `/proc` accounts them.

use crate::units::{Bytes, Nanos, Pid, Ticks};
use serde::{Deserialize, Serialize};

/// All processes that matter, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessTable {
    /// Sorted by pid. Processes without any CPU in the window are dropped when it closes, unless
    /// they are known agents.
    pub processes: Vec<ProcessStat>,
    /// How many there were in all.
    pub total: u32,
    /// How many threads there were in all.
    pub total_threads: u32,
}

impl ProcessTable {
    /// The process with this id.
    #[must_use]
    pub fn by_pid(&self, pid: Pid) -> Option<&ProcessStat> {
        self.processes.iter().find(|process| process.pid == pid)
    }
}

/// One process: `/proc/PID/stat` and, where it could be read, `schedstat` and `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessStat {
    /// Process id (thread group id).
    pub pid: Pid,
    /// Parent's id.
    pub ppid: Pid,
    /// Process name, at most 15 bytes.
    pub comm: String,
    /// State letter.
    pub state: char,
    /// User time of all threads, also of those that ended.
    pub utime: Ticks,
    /// Kernel time of the same.
    pub stime: Ticks,
    /// User time of children that were waited for.
    pub cutime: Ticks,
    /// Kernel time of children that were waited for.
    pub cstime: Ticks,
    /// Threads alive.
    pub threads: u32,
    /// Ticks after boot at which it started; with the pid it names a process for good.
    pub start: Ticks,
    /// Resident memory.
    pub resident: Bytes,
}

impl ProcessStat {
    /// User + kernel time of the process itself.
    #[must_use]
    pub fn own(&self) -> Ticks {
        Ticks(self.utime.0.saturating_add(self.stime.0))
    }
}

/// The target's threads at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreadTable {
    /// Sorted by thread id.
    pub threads: Vec<ThreadStat>,
}

/// One thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreadStat {
    /// Thread id.
    pub tid: Pid,
    /// Thread name.
    pub comm: String,
    /// State letter.
    pub state: char,
    /// User time.
    pub utime: Ticks,
    /// Kernel time.
    pub stime: Ticks,
    /// Start, ticks after boot.
    pub start: Ticks,
    /// Time on a CPU (`schedstat`, exact), where the kernel keeps it.
    pub on_cpu: Option<Nanos>,
    /// Time waiting for a CPU while runnable (`schedstat`).
    pub run_wait: Option<Nanos>,
    /// Context switches (`status`), where it was read.
    pub switches: Option<Switches>,
}

/// Context switches since the task started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// It gave the CPU up: waiting for something.
    pub voluntary: u64,
    /// It was made to.
    pub involuntary: u64,
}
