//! The ways to take stacks, best first.

use crate::engine::find_named;
use std::fmt;
use std::str::FromStr;

/// A way to take stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StackEngine {
    /// A BPF program counts them in the kernel. Linux 4.18.
    Bpf,
    /// Perf rings with call chains, no BPF. Linux 3.10.
    PerfRings,
}

impl StackEngine {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 2] = [Self::Bpf, Self::PerfRings];

    /// The name that is typed and printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bpf => "bpf",
            Self::PerfRings => "perf-rings",
        }
    }
}

impl fmt::Display for StackEngine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for StackEngine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find_named(&Self::ALL, Self::name, text)
    }
}

/// What made the samples. The CPU's own cycle counter is not used: its interrupt comes even while
/// the kernel holds the locks of BPF maps, which kernels before 5.11 do not survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleEvent {
    /// A timer of each CPU. A stretch in which the kernel takes no interrupts is seen at its end.
    CpuClock,
    /// A timer that runs while a thread does, where whole CPUs are not allowed to be watched.
    TaskClock,
}

impl SampleEvent {
    /// The name that is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CpuClock => "cpu-clock",
            Self::TaskClock => "task-clock",
        }
    }
}

impl fmt::Display for SampleEvent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_is_found_by_its_name_and_a_wrong_one_lists_them() {
        for engine in StackEngine::ALL {
            assert_eq!(engine.name().parse(), Ok(engine));
        }
        let refused = "ebpf".parse::<StackEngine>().unwrap_err();
        assert!(refused.contains("bpf, perf-rings"), "{refused}");
    }
}
