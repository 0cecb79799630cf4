//! `/proc/interrupts`: timer and rescheduling interrupts of each CPU.

use serde::{Deserialize, Serialize};

/// Counters since boot, one for each online CPU, in the file's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interrupts {
    /// Numbers of the CPUs that the columns are of.
    pub cpus: Vec<u32>,
    /// Local timer interrupts: `LOC` on x86, `arch_timer` on ARM.
    pub timer: Vec<u64>,
    /// Rescheduling interrupts: `RES` on x86, `IPI0` on ARM; empty where there is no such row.
    pub rescheduling: Vec<u64>,
}
