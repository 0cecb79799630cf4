//! The target's system calls, counted in the kernel for a short time once the window is closed.
//!
//! Counting taxes every process of the node and makes the target itself slower, so it lies outside
//! the window: the window's CPU is never that of a traced process. Times of a call are measured
//! inside it, without the cost of measuring.

use crate::observed::Observed;
use crate::units::{BootNanos, Bytes, Cores, Nanos, Ticks};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One capture of the target's system calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyscallTrace {
    /// The engine that counted, such as `bpf-ring`.
    pub engine: String,
    /// Better engines that could not be used, and why.
    pub refused: Vec<RefusedEngine>,
    /// When counting began.
    pub began: BootNanos,
    /// How long it was counted.
    pub length: Nanos,
    /// What it cost everybody else on the node.
    pub tax: TraceTax,
    /// CPU of the target meanwhile as `/proc` accounts it, the cost of being traced included.
    pub target_cpu: Option<TracedCpu>,
    /// Every system call that was made, most CPU first.
    pub calls: Vec<SyscallUse>,
    /// Calls or errors that could not be counted for want of room.
    pub uncounted: u64,
    /// Which arguments mattered, from a stream of some of the calls.
    pub arguments: Observed<ArgumentSample>,
    /// Calls that failed, by call, error and path.
    pub failing: Observed<Vec<FailingCall>>,
    /// Which file cost which kernel time, most CPU first.
    pub files: Observed<Vec<FileUse>>,
    /// What to know of these files, such as how they were told apart.
    pub files_note: Option<String>,
}

/// An engine that could not be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefusedEngine {
    /// Its name.
    pub engine: String,
    /// What the system said.
    pub reason: String,
}

/// What a capture cost the processes that it was not about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceTax {
    /// System calls a second of all other processes, measured shortly before.
    pub bystander_rate: f64,
    /// Calls of other processes during the capture.
    pub bystander_calls: u64,
    /// What this engine adds to each call of others (measured on 6.18).
    pub per_call: Nanos,
    /// Rate × cost, before.
    pub predicted_cores: Cores,
    /// Calls × cost, afterwards.
    pub real_cores: Cores,
}

/// CPU of the target during the capture, from `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TracedCpu {
    /// User time.
    pub user: Ticks,
    /// Kernel time.
    pub kernel: Ticks,
}

/// All calls of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyscallUse {
    /// Name, or `syscall_N` for one without a name.
    pub name: String,
    /// Calls that returned.
    pub calls: u64,
    /// Of them, the ones that failed, by the error's name.
    pub errors: BTreeMap<String, u64>,
    /// Time from entry to exit, of calls in flight up to the end of the capture.
    pub wall: Nanos,
    /// The part of it on a CPU; the rest is waiting.
    pub on_cpu: Nanos,
    /// Calls that had not returned when the capture ended.
    pub in_flight: u64,
}

impl SyscallUse {
    /// Time in these calls without a CPU.
    #[must_use]
    pub fn blocked(&self) -> Nanos {
        Nanos(self.wall.0.saturating_sub(self.on_cpu.0))
    }

    /// Calls that failed with any error.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.errors
            .values()
            .fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// What was seen of the arguments of calls whose count alone tells little.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArgumentSample {
    /// Calls that there was no room for.
    pub lost: u64,
    /// Calls that were too many to be looked at one by one.
    pub left_out: Vec<String>,
    /// What was seen, by call and kind.
    pub uses: Vec<ArgumentUse>,
}

/// Calls of one kind that share what matters of their arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArgumentUse {
    /// Name of the call.
    pub call: String,
    /// What their arguments are.
    pub kind: ArgumentKind,
    /// How many.
    pub calls: u64,
    /// Their time on a CPU.
    pub on_cpu: Nanos,
    /// How long it was looked for them.
    pub looked: Nanos,
}

/// What matters of a call's arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentKind {
    /// It may not wait at all: a poll.
    ZeroTimeout,
    /// It sleeps for less than a millisecond.
    ShortSleep,
    /// It makes a process.
    NewProcess,
    /// It makes a thread.
    NewThread,
    /// It starts a program.
    NewProgram,
    /// Anything else.
    #[default]
    Other,
}

/// Calls that failed in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailingCall {
    /// Name of the call.
    pub call: String,
    /// Name of the error, such as `ENOENT`.
    pub error: String,
    /// Path it was about, with changing components as `*`; absent for calls without one.
    pub pattern: Option<String>,
    /// One of the paths.
    pub example: Option<String>,
    /// How often.
    pub calls: u64,
    /// Their time on a CPU.
    pub on_cpu: Nanos,
    /// When they began, since the capture began: the first of each burst (calls less than
    /// 200 ms apart are one), at most 64.
    pub bursts: Vec<Nanos>,
}

/// What the target spent on files of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileUse {
    /// What was done: `read`, or the name of a call such as `getdents64` or `openat`.
    pub call: String,
    /// What kind: `cgroup`, `proc`, `sys`, `dir`, `file`, `socket`, `other`.
    pub kind: String,
    /// Path with changing components as `*`.
    pub pattern: String,
    /// One of the paths.
    pub example: String,
    /// Distinct paths behind the pattern.
    pub distinct: u64,
    /// Calls.
    pub calls: u64,
    /// Bytes that they returned.
    pub bytes: Bytes,
    /// Time from entry to exit.
    pub wall: Nanos,
    /// The part of it on a CPU.
    pub on_cpu: Nanos,
}

impl FileUse {
    /// Name without its folder.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.pattern.rsplit('/').next().unwrap_or(&self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_survives_json_and_an_older_one_without_new_fields_is_read() {
        let trace = SyscallTrace {
            calls: vec![SyscallUse {
                name: "futex".to_owned(),
                errors: BTreeMap::from([("ETIMEDOUT".to_owned(), 7)]),
                ..SyscallUse::default()
            }],
            failing: Observed::Value(vec![FailingCall::default()]),
            ..SyscallTrace::default()
        };
        let json = serde_json::to_string(&trace).unwrap();
        assert_eq!(serde_json::from_str::<SyscallTrace>(&json).unwrap(), trace);
        let old: SyscallTrace = serde_json::from_str(r#"{"engine":"bpf-ring"}"#).unwrap();
        assert_eq!(old.files, Observed::NotRequested);
    }

    #[test]
    fn a_call_cannot_have_waited_less_than_nothing() {
        let odd = SyscallUse {
            wall: Nanos(5),
            on_cpu: Nanos(9),
            ..SyscallUse::default()
        };
        assert_eq!(odd.blocked(), Nanos(0));
    }
}
