//! How long possibly slow files take to read.
//!
//! A kernel read that has begun cannot be stopped, so each ran in a child of its own under a
//! deadline, and only if its predicted cost was within the budget.

use crate::units::{Bytes, Nanos, Pid};
use serde::{Deserialize, Serialize};

/// All timed reads, in the order in which they were tried (cheapest first).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimedReads {
    /// The reads.
    pub reads: Vec<TimedRead>,
    /// Budget of predicted kernel time for all of them.
    pub budget: Nanos,
}

impl TimedReads {
    /// The one file among them that is not of a cgroup.
    pub const SLABINFO: &str = "/proc/slabinfo";

    /// A cgroup's file that had not ended in time or took more CPU than `limit`.
    #[must_use]
    pub fn slow_cgroup_file(&self, limit: Nanos) -> Option<&TimedRead> {
        self.reads.iter().find(|read| {
            read.path != Self::SLABINFO
                && match &read.outcome {
                    ReadOutcome::Read { cpu, .. } => *cpu > limit,
                    ReadOutcome::TimedOut { .. } => true,
                    ReadOutcome::Skipped { .. } | ReadOutcome::Failed { .. } => false,
                }
        })
    }
}

/// One file, timed or skipped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimedRead {
    /// Path on the node.
    pub path: String,
    /// What it was expected to cost, from dying cgroups × possible CPUs.
    pub predicted: Option<Nanos>,
    /// What happened.
    pub outcome: ReadOutcome,
}

impl TimedRead {
    /// File name without its folder.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// What happened to a timed read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadOutcome {
    /// It was read to the end. Times are of the fastest of the repeats.
    Read {
        /// Bytes returned.
        bytes: Bytes,
        /// Wall time.
        wall: Nanos,
        /// CPU time of the reading thread, nearly all of it in the kernel.
        cpu: Nanos,
        /// How often it was read; slow files are read once.
        repeats: u32,
        /// CPU time of the first of them, which also does what was put off until somebody reads
        /// (rstat flush).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_cpu: Option<Nanos>,
    },
    /// It was not tried.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It did not end in time; the child cannot be killed while it is in the kernel.
    TimedOut {
        /// How long it was waited for.
        after: Nanos,
        /// The child, if it was still there when the report was written.
        stuck: Option<Pid>,
    },
    /// It could not be read.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Default for ReadOutcome {
    fn default() -> Self {
        Self::Skipped {
            reason: String::new(),
        }
    }
}
