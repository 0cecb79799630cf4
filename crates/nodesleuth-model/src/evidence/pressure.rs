//! Pressure stall information, `/proc/pressure/*` (since 4.20).

use serde::{Deserialize, Serialize};

/// The three resources' pressure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pressure {
    /// Tasks waiting for a CPU.
    pub cpu: Option<PressureLine>,
    /// Tasks waiting for memory.
    pub memory: Option<PressureLine>,
    /// Tasks waiting for storage.
    pub io: Option<PressureLine>,
}

/// The `some` line: percent of time in which at least one task waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PressureLine {
    /// Over 10 s.
    pub avg10_percent: f64,
    /// Over 60 s.
    pub avg60_percent: f64,
    /// Over 300 s.
    pub avg300_percent: f64,
    /// Microseconds since boot.
    pub total_usec: u64,
}
