//! `/proc/net/softnet_stat`: what network soft interrupts did on each CPU.

use serde::{Deserialize, Serialize};

/// One row for each online CPU, in the file's order. Counters since boot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SoftNet {
    /// The rows.
    pub cpus: Vec<SoftNetCpu>,
}

/// One CPU's counters since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SoftNetCpu {
    /// Packets taken.
    pub processed: u64,
    /// Packets dropped because the CPU's backlog was full.
    pub dropped: u64,
    /// Times that the work had to stop with packets left (`time_squeeze`).
    pub squeezed: u64,
}
