//! What files from outside said: outputs of other tools, logs, tickets.
//!
//! Typed by what was measured, not by who printed it; every row names the file it came from. What
//! has a field of its own in [`Evidence`](super::Evidence) (kernel release, `/proc` files, cgroup
//! counts, whole profiles) is put there instead, so that the same facts are derived from it.

mod calls;
mod logs;
mod said;
mod stacks;
mod usage;

pub use calls::{CallPattern, CallTime, PastedCall, PastedCalls};
pub use logs::LogTemplate;
pub use said::{Metric, PastedCount, PastedVersion, ProseLine, StatedFact};
pub use stacks::{PastedStack, StackKind, StackRow, StackTable, StackTool, Weighed};
pub use usage::{MachineUsage, ProcessUsage, TimedCommand, UsageTool};

use serde::{Deserialize, Serialize};

/// Everything that files from outside said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pasted {
    /// The files, in the order in which they were read; other rows name them by position.
    pub files: Vec<PastedFile>,
    /// Tables of functions with their shares.
    pub stack_tables: Vec<StackTable>,
    /// Single stacks: goroutines, threads, traces of the kernel.
    pub stacks: Vec<PastedStack>,
    /// Tables and logs of system calls.
    pub calls: Vec<PastedCalls>,
    /// CPU of processes and threads.
    pub processes: Vec<ProcessUsage>,
    /// CPU of the machine.
    pub machine: Vec<MachineUsage>,
    /// Commands that were timed.
    pub timed: Vec<TimedCommand>,
    /// Log lines, alike ones counted together, most frequent first.
    pub logs: Vec<LogTemplate>,
    /// Samples of Prometheus metrics.
    pub metrics: Vec<Metric>,
    /// Things that were counted.
    pub counts: Vec<PastedCount>,
    /// Versions of components.
    pub versions: Vec<PastedVersion>,
    /// Sentences of prose; the weakest of all evidence.
    pub prose: Vec<ProseLine>,
    /// What the user stated with `--fact`.
    pub stated: Vec<StatedFact>,
}

/// Position of a file in [`Pasted::files`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct FileId(pub u32);

/// One file and what was taken from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PastedFile {
    /// Its path as given, with the path inside an archive after `!`; `-` for standard input.
    pub name: String,
    /// Its blocks, in order.
    pub blocks: Vec<PastedBlock>,
    /// What was not understood, one sentence each.
    pub ignored: Vec<String>,
}

/// A piece of a file in one format.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PastedBlock {
    /// The format, such as `strace -c`.
    pub kind: String,
    /// Line at which it begins, from 1.
    pub line: u32,
    /// What was taken from it, such as "14 system calls".
    pub taken: String,
}

impl Pasted {
    /// Whether no file said anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Name of a file; "?" for a position that does not exist.
    #[must_use]
    pub fn file_name(&self, id: FileId) -> &str {
        self.files
            .get(id.0 as usize)
            .map_or("?", |file| file.name.as_str())
    }
}
