//! Whose stacks are to be taken, how often.

use super::StackEngine;

/// Whose stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackTarget {
    /// Of the process with this id, in our own PID namespace.
    Process(u32),
    /// Of every process; in a PID namespace of every one in it.
    All,
}

/// What a capture is to take.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// Whose stacks.
    pub target: StackTarget,
    /// Also those of the processes that the target starts during the capture, and theirs.
    pub children: bool,
    /// Samples a second on each CPU; 1 to [`Self::MOST_HZ`].
    pub hz: u32,
    /// Also where threads wait: only while one waits that stopped during the capture.
    pub off_cpu: bool,
    /// Shorter waits are left out.
    pub shortest_wait_ns: u64,
    /// Not samples: the user's stack at each call that reads, writes, opens or lists a file, and
    /// which file it is about. Every system call of every process pays for it.
    pub files: bool,
    /// This engine and no other.
    pub engine: Option<StackEngine>,
    /// Kernel memory for counts and rings, about. When it is too small, what does not fit is
    /// counted as lost.
    pub memory_bytes: u64,
}

impl StackOptions {
    /// More makes the sampling itself the load.
    pub const MOST_HZ: u32 = 10_000;
    /// Not a divisor of anything that programs do at regular times.
    pub const HZ: u32 = 99;
    /// Enough for 60,000 different stacks.
    pub const MEMORY_BYTES: u64 = 16 << 20;
    /// The same for calls about files: 100,000 different stacks and files.
    pub const FILES_MEMORY_BYTES: u64 = 32 << 20;
    /// Shorter waits cost a thread less than telling of them costs us.
    pub const SHORTEST_WAIT_NS: u64 = 1000;

    /// The usual ones.
    pub fn new(target: StackTarget) -> Self {
        Self {
            target,
            children: false,
            hz: Self::HZ,
            off_cpu: false,
            files: false,
            shortest_wait_ns: Self::SHORTEST_WAIT_NS,
            engine: None,
            memory_bytes: Self::MEMORY_BYTES,
        }
    }

    /// Time between two samples of a CPU.
    pub(super) fn period_ns(&self) -> u64 {
        1_000_000_000 / u64::from(self.hz)
    }
}
