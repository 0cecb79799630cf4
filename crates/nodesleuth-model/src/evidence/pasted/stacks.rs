//! Stacks and tables of functions. All names are in the normal form of the profile crate.

use super::FileId;
use serde::{Deserialize, Serialize};

/// A table of functions: one row each, with a share of what was sampled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StackTable {
    /// Where it was read.
    pub file: FileId,
    /// What printed it.
    pub tool: StackTool,
    /// What the shares are shares of.
    pub weighed: Weighed,
    /// The one process that it is about, if it says so.
    pub comm: Option<String>,
    /// CPU time of all samples in seconds, where it says so.
    pub total_seconds: Option<f64>,
    /// How long was sampled, in seconds.
    pub length_seconds: Option<f64>,
    /// Its rows, as printed.
    pub rows: Vec<StackRow>,
}

/// What printed a table of functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackTool {
    /// `perf report --stdio`.
    PerfReport,
    /// `perf top`.
    PerfTop,
    /// `pprof -top` and its relatives.
    Pprof,
    /// Functions with percentages in free text.
    #[default]
    Prose,
}

/// What shares are shares of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighed {
    /// CPU time or a hardware event that follows it.
    #[default]
    Cpu,
    /// Memory: allocated or in use.
    Memory,
    /// Time in which nothing ran: waiting, contention.
    Waiting,
}

/// One function of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StackRow {
    /// Its name.
    pub name: String,
    /// Process or thread name of the row.
    pub comm: Option<String>,
    /// Whether it is a function of the kernel, where the table tells.
    pub kernel: Option<bool>,
    /// Share in the function itself, 0 to 1.
    pub flat: Option<f64>,
    /// Share in it and in what it called, 0 to 1.
    pub cum: Option<f64>,
}

impl StackRow {
    /// The larger of what is known of its share, 0 to 1.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        match (self.flat, self.cum) {
            (Some(flat), Some(cum)) => Some(flat.max(cum)),
            (flat, cum) => flat.or(cum),
        }
    }
}

/// One stack without a CPU time of its own, or several alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PastedStack {
    /// Where it was read.
    pub file: FileId,
    /// What kind of stack it is.
    pub kind: StackKind,
    /// Process or thread name, where it is told.
    pub comm: Option<String>,
    /// What the owner did, in the words of the source: `semacquire`, `chan receive`, `D`.
    pub state: Option<String>,
    /// How long it had been in that state, in minutes.
    pub wait_minutes: Option<f64>,
    /// The line above it, such as a soft lockup's message.
    pub headline: Option<String>,
    /// How many were alike.
    pub count: u64,
    /// Share of CPU, 0 to 1, where the source tells.
    pub share: Option<f64>,
    /// Functions, root to leaf.
    pub frames: Vec<String>,
}

/// What kind of stack it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackKind {
    /// A goroutine of a dump or a panic.
    Goroutine,
    /// A trace that the kernel printed: soft lockup, hung task, OOM; or `/proc/PID/stack`.
    Kernel,
    /// A thread, as gdb, gstack or pstack print it.
    Thread,
    /// Functions listed one under the other or joined by arrows.
    #[default]
    Listed,
}
