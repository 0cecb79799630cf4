//! What a capture has found.

use crate::{Engine, FileCosts, Record};
use serde::{Deserialize, Serialize};

/// How many classes of duration are told apart: class i holds calls of 2^i to 2^(i+1) ns, the last
/// one everything longer.
pub const BUCKETS: usize = 40;

/// What a capture has found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The engine that ran.
    pub engine: Engine,
    /// How long was watched.
    pub length_ns: u64,
    /// The figures of each system call.
    pub figures: Figures,
    /// What calls about files cost, if that was wanted.
    pub files: Option<FileCosts>,
    /// Calls that had not returned when the capture ended, by thread.
    pub in_flight: Vec<InFlight>,
    /// The processes that were started, if they were wanted too and did anything.
    #[serde(default)]
    pub children: Vec<Child>,
    /// What did not fit somewhere, and is therefore missing above.
    pub lost: Lost,
    /// What the capture cost others.
    pub cost: Cost,
}

/// Counts, or estimates where nothing can be counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figures {
    /// Every call was seen.
    Counted {
        /// By thread or process (if wanted) and system call.
        totals: Vec<Total>,
        /// By thread or process (if wanted), system call and error.
        errors: Vec<ErrorCount>,
    },
    /// Calls were only handed over singly.
    NotWanted,
    /// Threads were looked at now and then.
    Sampled {
        /// How often.
        looks: u64,
        /// By thread and system call.
        totals: Vec<SampledTotal>,
    },
}

/// The calls of one system call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// The thread or process, as [`Options::split`](crate::Options::split) says; `None`: all of
    /// them.
    pub part: Option<u32>,
    /// Which system call.
    pub number: u16,
    /// How many returned.
    pub calls: u64,
    /// How many of those failed.
    pub errors: u64,
    /// How long they took together.
    pub wall_ns: u64,
    /// How long of that threads were on a CPU; `None`: not known.
    pub on_cpu_ns: Option<u64>,
    /// The shortest.
    pub shortest_ns: u64,
    /// The longest.
    pub longest_ns: u64,
    /// Calls by class of duration, [`BUCKETS`] of them; the last classes that are empty are left
    /// out.
    pub buckets: Vec<u64>,
    /// Further calls in which a thread ended.
    pub unreturned: u64,
    /// Further calls that returned but had begun before the capture.
    pub began_before: u64,
}

/// How often one system call failed with one error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCount {
    /// The thread or process, as [`Options::split`](crate::Options::split) says; `None`: all of
    /// them.
    pub part: Option<u32>,
    /// Which system call.
    pub number: u16,
    /// Which error.
    pub error: u16,
    /// How often.
    pub count: u64,
}

/// How often threads were found in one system call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampledTotal {
    /// The thread.
    pub tid: u32,
    /// Which system call; `None`: it was running.
    pub number: Option<u16>,
    /// How often it was found there.
    pub found: u64,
}

/// A call that had not returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// The process.
    #[serde(default)]
    pub tgid: u32,
    /// The thread.
    pub tid: u32,
    /// Which system call.
    pub number: u16,
    /// How long it had taken by then; `None`: it began before the capture.
    pub wall_ns: Option<u64>,
    /// How long of that, at least, the thread was on a CPU.
    pub on_cpu_ns: Option<u64>,
    /// Its arguments.
    pub arguments: [u64; 6],
}

impl From<&Record<'_>> for InFlight {
    fn from(record: &Record<'_>) -> Self {
        Self {
            tgid: record.tgid,
            tid: record.tid,
            number: record.number,
            wall_ns: Some(record.wall_ns),
            on_cpu_ns: record.on_cpu_ns,
            arguments: record.arguments,
        }
    }
}

/// A process that the one watched, or another such one, has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// The process.
    pub tgid: u32,
    /// Its name at its end, or now; `None`: nobody looked in time.
    pub comm: Option<String>,
}

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Records that should be in the stream.
    pub produced: u64,
    /// Of them, those that did not fit the ring.
    pub dropped: u64,
    /// Calls of threads for which there was no room.
    pub untracked_calls: u64,
    /// Calls or errors for which there was no room in the tables.
    pub unsummed: u64,
    /// Calls by the 32-bit interface (`int $0x80`), whose numbers mean other calls. Only the engines
    /// bpf-ring and bpf-perf tell them apart.
    #[serde(default)]
    pub by_32_bit: u64,
    /// Processes started for which there was no room: their calls are missing.
    #[serde(default)]
    pub unfollowed: u64,
}

/// What the capture cost everybody on the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// System calls of all processes while it lasted; `None`: not counted.
    pub node_calls: Option<u64>,
    /// What a system call of a process that is not watched took before, measured on our own calls.
    pub call_before_ns: Option<f64>,
    /// What it took during the capture.
    pub call_during_ns: Option<f64>,
}

impl Cost {
    /// The cores that the capture took from the node.
    pub fn cores(&self, length_ns: u64) -> Option<f64> {
        let more = self.call_during_ns? - self.call_before_ns?;
        let total = more.max(0.0) * self.node_calls? as f64;
        (length_ns > 0).then(|| total / length_ns as f64)
    }
}
