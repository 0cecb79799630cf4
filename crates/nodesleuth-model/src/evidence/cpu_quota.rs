//! CPU quotas (CFS bandwidth) that the target runs under, `cpu.stat` of its cgroup and those above.

use crate::units::Nanos;
use serde::{Deserialize, Serialize};

/// Quotas from the target's own cgroup upwards; empty where none is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CpuQuotas {
    /// Cgroups with a quota, the target's own first.
    pub groups: Vec<CpuQuota>,
}

/// One cgroup's quota. Counters since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CpuQuota {
    /// Path below the mount.
    pub cgroup: String,
    /// CPU time that it may use in a period.
    pub quota: Nanos,
    /// Length of a period.
    pub period: Nanos,
    /// Periods in which something of it was runnable.
    pub periods: u64,
    /// Periods in which it was stopped.
    pub throttled: u64,
    /// For how long it was stopped, all CPUs together.
    pub throttled_time: Nanos,
    /// CPU time that it used.
    pub usage: Nanos,
}
