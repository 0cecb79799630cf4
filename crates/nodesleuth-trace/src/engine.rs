//! The ways to see system calls, best first, and what came of trying them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A way to see system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// BPF on raw tracepoints, records through a ring buffer. Linux 5.8.
    BpfRing,
    /// BPF on raw tracepoints, records through perf buffers. Linux 4.17.
    BpfPerf,
    /// BPF on classic tracepoints, records through perf buffers. Linux 4.7; needs tracefs.
    BpfClassic,
    /// Perf rings for every thread, no BPF; needs tracefs.
    PerfRings,
    /// Looking at `/proc/PID/task/*/syscall` many times a second: no counts, only shares of time.
    Sampling,
}

impl Engine {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 5] = [
        Self::BpfRing,
        Self::BpfPerf,
        Self::BpfClassic,
        Self::PerfRings,
        Self::Sampling,
    ];

    /// The name that is typed and printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BpfRing => "bpf-ring",
            Self::BpfPerf => "bpf-perf",
            Self::BpfClassic => "bpf-classic",
            Self::PerfRings => "perf-rings",
            Self::Sampling => "sampling",
        }
    }

    /// Whether it tells calls by x86-64's 32-bit interface, whose numbers mean others, from the rest.
    pub const fn tells_32_bit(self) -> bool {
        matches!(self, Self::BpfRing | Self::BpfPerf)
    }

    /// Whether calls are counted, not estimated.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Sampling)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find_named(&Self::ALL, Self::name, text)
    }
}

/// The engine of that name, or the names that there are.
pub(crate) fn find_named<E: Copy>(
    all: &[E],
    name: fn(E) -> &'static str,
    text: &str,
) -> Result<E, String> {
    let found = all.iter().find(|engine| name(**engine) == text);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|engine| name(*engine)).collect();
        format!("there is no engine {text}; there are {}", names.join(", "))
    })
}

/// An engine that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Which.
    pub engine: Engine,
    /// Why it could not run; `None`: it ran.
    pub refused: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_is_found_by_its_name_and_a_wrong_one_lists_them() {
        for engine in Engine::ALL {
            assert_eq!(engine.name().parse(), Ok(engine));
            let json = format!("\"{engine}\"");
            assert_eq!(serde_json::to_string(&engine).unwrap(), json);
        }
        let refused = "ebpf".parse::<Engine>().unwrap_err();
        assert!(refused.contains("bpf-ring, bpf-perf"), "{refused}");
    }
}
