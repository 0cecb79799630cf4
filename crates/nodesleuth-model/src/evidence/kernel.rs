//! Cheap kernel counters and settings that decide or rule out known causes.

use crate::observed::Observed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `/proc/vmstat`: the counters that causes ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VmStat {
    /// Counter → value since boot. Names differ by kernel and are kept as the kernel spells them.
    pub counters: BTreeMap<String, u64>,
}

/// `/proc/softirqs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SoftIrqs {
    /// Kind (`NET_RX` …) → count on each CPU since boot.
    pub by_kind: BTreeMap<String, Vec<u64>>,
}

/// Settings and single counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KernelSettings {
    /// Allow-listed words of `/proc/cmdline` (mitigations, audit, cgroup …), as they stand there.
    pub cmdline: Observed<Vec<String>>,
    /// `kernel.softlockup_panic`.
    pub softlockup_panic: Observed<bool>,
    /// `kernel.watchdog_thresh`, seconds.
    pub watchdog_thresh: Observed<u64>,
    /// Current clock source.
    pub clocksource: Observed<String>,
    /// `vulnerabilities/*`: name → text.
    pub vulnerabilities: Observed<BTreeMap<String, String>>,
    /// `nf_conntrack_count`.
    pub conntrack_count: Observed<u64>,
    /// `nf_conntrack_max`.
    pub conntrack_max: Observed<u64>,
    /// `nf_conntrack_buckets`.
    pub conntrack_buckets: Observed<u64>,
    /// `fs.inotify.max_user_watches`.
    pub inotify_max_user_watches: Observed<u64>,
    /// `fs.inotify.max_user_instances`.
    pub inotify_max_user_instances: Observed<u64>,
    /// Loop devices with a file behind them.
    pub loop_devices: Observed<u64>,
    /// `current_tracer` of tracefs ("nop" when nothing traces).
    pub current_tracer: Observed<String>,
    /// Lines of tracefs `set_event`: trace events left on.
    pub trace_events_on: Observed<u64>,
    /// Lines of tracefs `kprobe_events` and `uprobe_events`: probes that were defined.
    pub probes_defined: Observed<u64>,
    /// `kernel.stack_tracer_enabled`.
    pub stack_tracer_enabled: Observed<bool>,
    /// `kernel.bpf_stats_enabled`.
    pub bpf_stats_enabled: Observed<bool>,
    /// `CONFIG_HZ`: timer ticks a second of a CPU that works.
    pub hz: Observed<u64>,
    /// `transparent_hugepage/enabled`, the chosen word.
    pub transparent_hugepage: Observed<String>,
    /// `transparent_hugepage/defrag`, the chosen word.
    pub transparent_hugepage_defrag: Observed<String>,
    /// Load averages over 1, 5 and 15 minutes. Not CPU use.
    pub load_average: Observed<[f64; 3]>,
}
