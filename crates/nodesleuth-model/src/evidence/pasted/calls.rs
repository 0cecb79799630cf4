//! System calls, as strace and its relatives print them.

use super::FileId;
use serde::{Deserialize, Serialize};

/// A table or a log of system calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PastedCalls {
    /// Where it was read.
    pub file: FileId,
    /// What printed it: `strace -c`, `strace`, `syscount`, `perf trace -s`.
    pub tool: String,
    /// What kind of time its seconds are.
    pub time: CallTime,
    /// Name of the process, where it is told.
    pub comm: Option<String>,
    /// How long was watched, in seconds: from the times of its lines, or as told.
    pub length_seconds: Option<f64>,
    /// By call, most time first, else most calls first.
    pub calls: Vec<PastedCall>,
    /// Calls that share their arguments, of a log: most frequent first.
    pub patterns: Vec<CallPattern>,
}

/// What kind of time a table shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallTime {
    /// CPU, as `strace -c` bills it: a waiting call is billed for other threads' kernel time.
    BilledCpu,
    /// From entry to exit, waiting included.
    Wall,
    /// None, or nobody knows which.
    #[default]
    Unknown,
}

/// All calls of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PastedCall {
    /// Name of the system call.
    pub name: String,
    /// How many.
    pub calls: Option<u64>,
    /// How many of them failed.
    pub errors: Option<u64>,
    /// Time in them, of the table's kind.
    pub seconds: Option<f64>,
    /// Share of the table's time, 0 to 1.
    pub share: Option<f64>,
}

/// Calls that share their arguments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallPattern {
    /// Name of the system call.
    pub call: String,
    /// Its arguments with numbers, addresses and changing parts of paths as `*`.
    pub arguments: String,
    /// Name of the error with which it failed.
    pub error: Option<String>,
    /// How many.
    pub calls: u64,
    /// Seconds between two of them (median), where the log has times.
    pub period_seconds: Option<f64>,
    /// Longest of them in seconds (wall), where the log has times.
    pub longest_seconds: Option<f64>,
    /// One of them, as printed.
    pub example: String,
}

impl PastedCalls {
    /// A call of this name.
    #[must_use]
    pub fn call(&self, name: &str) -> Option<&PastedCall> {
        self.calls.iter().find(|call| call.name == name)
    }

    /// Calls of all kinds; `None` when the table counts none.
    #[must_use]
    pub fn total_calls(&self) -> Option<u64> {
        let counted = self.calls.iter().filter_map(|call| call.calls);
        counted.reduce(u64::saturating_add)
    }
}
