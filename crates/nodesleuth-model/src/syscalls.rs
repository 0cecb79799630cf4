//! System calls as a report shows them: rates, cores and what they mean, all derived from evidence.

use crate::units::Cores;
use serde::{Deserialize, Serialize};

/// The target's system calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyscallSummary {
    /// Which engine counted.
    pub engine: String,
    /// Better engines that could not be used, each with its reason.
    pub refused: Vec<String>,
    /// How long it was counted.
    pub seconds: f64,
    /// Calls a second.
    pub rate: f64,
    /// CPU inside calls.
    pub cores: Cores,
    /// CPU of the target meanwhile in user mode and in the kernel, being traced included.
    pub traced_user_cores: Option<Cores>,
    /// The kernel part of it.
    pub traced_kernel_cores: Option<Cores>,
    /// What counting cost all other processes, as predicted before.
    pub predicted_tax: Cores,
    /// The same, from the calls that they made.
    pub real_tax: Cores,
    /// Calls, most CPU first.
    pub calls: Vec<CallRow>,
    /// Files, most CPU first.
    pub files: Vec<FileRow>,
    /// Calls that fail often or at a fixed period, most often first.
    pub failing: Vec<FailingRow>,
    /// What to know when reading it.
    pub notes: Vec<String>,
}

/// One call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallRow {
    /// Name.
    pub name: String,
    /// Calls a second.
    pub rate: f64,
    /// Errors a second and their name, most often first.
    pub errors: Vec<(String, f64)>,
    /// CPU inside.
    pub cores: Cores,
    /// Threads that waited inside, on average.
    pub waiting_threads: f64,
    /// What that means.
    pub reading: CallReading,
}

/// What a call's times mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallReading {
    /// It works: most of its time is on a CPU.
    #[default]
    Working,
    /// It waits for something: a disk, a lock, another process.
    Waiting,
    /// Threads with nothing to do are parked in it: costs nothing.
    Parked,
    /// It finds nothing to do, and so often that it costs.
    Spinning,
}

impl CallReading {
    /// As reports say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Parked => "idle parking",
            Self::Spinning => "spinning",
        }
    }
}

/// Files of one kind, all calls on them together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileRow {
    /// What was done with them, most CPU first.
    pub calls: Vec<String>,
    /// Path with changing components as `*`.
    pub pattern: String,
    /// Calls a second.
    pub rate: f64,
    /// CPU inside.
    pub cores: Cores,
    /// CPU of one call.
    pub seconds_each: f64,
    /// Different paths.
    pub distinct: u64,
}

/// Calls that fail in the same way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailingRow {
    /// Name of the call.
    pub call: String,
    /// Name of the error.
    pub error: String,
    /// Kind of path, for calls with one.
    pub pattern: Option<String>,
    /// How often a second.
    pub rate: f64,
    /// Time between bursts, when it is always the same.
    pub period_seconds: Option<f64>,
}
