//! The machine, its kernel and its CPU time.

use super::statistics_lag;
use crate::observed::Observed;
use crate::units::{BootNanos, Bytes, Pid, Ticks};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The machine and its kernel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// `uname -r`.
    pub kernel_release: String,
    /// `uname -v`; Debian names its package version there.
    pub kernel_version: String,
    /// `uname -m`.
    pub machine: String,
    /// Ubuntu's `/proc/version_signature`, where there is one.
    pub version_signature: Option<String>,
    /// `/etc/os-release` of the root that was read.
    pub os: Observed<OsRelease>,
    /// Clock ticks per second in `/proc/PID/stat`.
    pub ticks_per_second: u64,
    /// Bytes per page.
    pub page_size: u64,
    /// CPUs that may ever come online: the factor of per-CPU walks.
    pub possible_cpus: Observed<u32>,
    /// CPUs online now.
    pub online_cpus: Observed<u32>,
    /// Time since boot at collection.
    pub uptime: BootNanos,
    /// Which cgroup interface is mounted.
    pub cgroup_mode: Observed<CgroupMode>,
    /// The collector's own process, which is not part of the problem.
    pub collector_pid: Option<Pid>,
    /// Effective user id of the collector.
    pub euid: u32,
    /// The collector's effective capabilities, `CapEff` of `/proc/self/status`.
    pub effective_capabilities: Observed<u64>,
    /// True when the collector's PID namespace is not the initial one.
    pub in_pid_namespace: Observed<bool>,
    /// True when the collector sees only a part of the cgroup tree (cgroup namespace).
    pub in_cgroup_namespace: Observed<bool>,
}

impl Host {
    /// Changes of a cgroup's statistics that may be shown up to two seconds late, where the number
    /// of CPUs is known.
    #[must_use]
    pub fn statistics_lag(&self) -> Option<Bytes> {
        let cpus = self.online_cpus.value()?;
        Some(statistics_lag(*cpus, self.page_size))
    }
}

/// What `/etc/os-release` says; a hint only, since containers carry their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OsRelease {
    /// `ID`.
    pub id: String,
    /// `VERSION_ID`.
    pub version_id: String,
    /// `PRETTY_NAME`.
    pub pretty_name: String,
}

/// Which cgroup interface is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CgroupMode {
    /// Only v1 hierarchies.
    V1,
    /// Only the unified hierarchy.
    V2,
    /// Both; controllers are on v1 unless the unified hierarchy lists them.
    Hybrid,
}

/// `/proc/stat`: the machine's CPU time since boot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineCpu {
    /// Columns of the `cpu` line in kernel order: user, nice, system, idle, iowait, irq, softirq,
    /// steal, guest, guest_nice. Old kernels have fewer.
    pub total: Vec<Ticks>,
    /// CPUs listed.
    pub cpus: u32,
    /// Number of a CPU → its idle time since boot, waiting for storage included.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub idle: BTreeMap<u32, Ticks>,
    /// Context switches since boot.
    pub context_switches: u64,
    /// Processes forked since boot.
    pub forks: u64,
    /// Tasks runnable at this moment.
    pub running: u64,
    /// Tasks in uninterruptible sleep at this moment.
    pub blocked: u64,
}
