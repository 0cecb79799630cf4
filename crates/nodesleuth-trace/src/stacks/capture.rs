//! What a capture has taken.

use super::FileStack;
use crate::Cost;
use std::collections::BTreeSet;
use std::sync::Arc;

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct StackCapture {
    /// Each once.
    pub stacks: Vec<StackCount>,
    /// With [`StackOptions::files`](super::StackOptions::files): calls about files, in place of
    /// samples.
    pub files: Vec<FileStack>,
    /// When it began, in CLOCK_MONOTONIC nanoseconds.
    pub started_ns: u64,
    /// When it ended.
    pub ended_ns: u64,
    /// Samples and waits that were taken and could not be handed over.
    pub lost: u64,
    /// Samples and waits with a stack deeper than the kernel walks, usually 127: its root is missing.
    pub truncated: u64,
    /// Samples of processes that have user stacks without one: it could not be read.
    pub no_user_stack: u64,
    /// Samples of CPUs that had nothing to do.
    pub idle: u64,
    /// Samples of processes that nobody asked for.
    pub others: u64,
    /// Processes that there was no room to follow.
    pub unfollowed: u64,
    /// Records for which the rings had no room: some task events may be missing.
    pub records_lost: u64,
    /// Samples that should have been and were not: the timer came late, as on a virtual machine
    /// whose host is busy, or the CPU slept.
    pub missed: u64,
    /// Files whose names there was no room for.
    pub unnamed_files: u64,
    /// What billing calls about files cost the node.
    pub cost: Cost,
}

/// One stack of one thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackCount {
    /// The process.
    pub tgid: u32,
    /// The thread; [`Self::NO_TID`] for one that had almost ended.
    pub tid: u32,
    /// The thread's name when it was first seen with this stack.
    pub comm: String,
    /// How often the process had become another program during the capture, or its id had been
    /// given to another process: addresses are of that image.
    pub exec: u32,
    /// Addresses in the kernel, leaf first; empty when it ran its own code. Where it waited, a few
    /// frames of the tracepoint that saw it come before the scheduler's (`__schedule`).
    pub kernel: Arc<[u64]>,
    /// Addresses in the process, leaf first.
    pub user: Arc<[u64]>,
    /// What would be the return address if the function that ran had no frame: such a function's
    /// caller is missing from `user`. 0 where what is there cannot be one; in the kernel also where
    /// its registers were not found: BPF finds them on x86-64 with BTF, perf rings from Linux 3.7 on.
    pub top: u64,
    /// Times that it was seen on a CPU.
    pub samples: u64,
    /// Time on a CPU: one period for each sample.
    pub on_cpu_ns: u64,
    /// Time waiting here, also for a CPU after it was woken.
    pub off_cpu_ns: u64,
    /// Times that it waited here.
    pub off_cpu_count: u64,
    /// Whether the kernel's or the user's part is deeper than the kernel walks: its root is missing.
    pub truncated: bool,
}

impl StackCapture {
    /// Counts what can only be counted at the end.
    pub(super) fn sum_up(&mut self) {
        let times = |stack: &StackCount| stack.samples + stack.off_cpu_count;
        let truncated = self.stacks.iter().filter(|stack| stack.truncated);
        self.truncated += truncated.map(times).sum::<u64>();
        // Of the kernel's own threads none is expected.
        let has_user = |stack: &&StackCount| !stack.user.is_empty();
        let with_user = self.stacks.iter().filter(has_user);
        let processes: BTreeSet<_> = with_user.map(|stack| (stack.tgid, stack.exec)).collect();
        let without = self
            .stacks
            .iter()
            .filter(|stack| stack.user.is_empty() && processes.contains(&(stack.tgid, stack.exec)));
        self.no_user_stack += without.map(times).sum::<u64>();
    }
}

impl StackCount {
    /// What perf rings call a thread that has lost its id.
    pub const NO_TID: u32 = u32::MAX;

    /// Adds what was counted of the same stack elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        self.on_cpu_ns += other.on_cpu_ns;
        self.off_cpu_ns += other.off_cpu_ns;
        self.off_cpu_count += other.off_cpu_count;
        self.truncated |= other.truncated;
    }
}
