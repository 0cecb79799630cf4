//! Everything collected in one run; the only thing analysis may look at.
//!
//! Fields are only added, each with a default; a field whose meaning changes gets a new name.

mod audit;
mod cgroup_growth;
mod cgroup_occupancy;
mod cgroup_readers;
mod cgroups;
mod container_stats;
mod cpu_quota;
mod dying_memory;
mod goroutines;
mod heap_use;
mod host;
mod interrupts;
mod kernel;
mod kernel_handles;
mod kubelet_config;
mod kubelet_metrics;
mod kubelet_pages;
mod memory;
mod mounts;
mod node_object;
mod node_pods;
mod open_files;
mod own_cost;
mod packet_rules;
pub mod pasted;
mod pressure;
mod processes;
mod profiles;
mod softnet;
mod stacks;
mod stats_summary;
mod syscalls;
mod target;
mod timed_reads;
mod vantage;

pub use audit::AuditRules;
pub use cgroup_growth::{CgroupGrowth, GrowthGroup, GrowthMethod, ReadForecast, ReleaseLag};
pub use cgroup_occupancy::{CgroupOccupancy, EmptyKind, PatternOccupancy};
pub use cgroup_readers::{CgroupReader, CgroupReaders, WatchedReader};
pub use cgroups::{
    CgroupCensus, CgroupScan, CgroupVersion, DyingCount, Hierarchy, PatternCount, ScannedFile,
};
pub use container_stats::{AgentCgroup, ContainerStats, Stamp};
pub use cpu_quota::{CpuQuota, CpuQuotas};
pub use dying_memory::{
    DyingHolder, DyingMemory, DyingMemoryMethod, kernel_memory_of_dying, statistics_lag,
};
pub use goroutines::{GoroutineGroup, GoroutineState, Goroutines};
pub use heap_use::{HeapFunction, HeapUse};
pub use host::{CgroupMode, Host, MachineCpu, OsRelease};
pub use interrupts::Interrupts;
pub use kernel::{KernelSettings, SoftIrqs, VmStat};
pub use kernel_handles::{HandleHolder, KernelHandles};
pub use kubelet_config::KubeletConfig;
pub use kubelet_metrics::{CallTotals, KubeletMetrics};
pub use kubelet_pages::KubeletPage;
pub use memory::{DentryState, MemInfo, SlabCache, SlabInfo};
pub use mounts::{DuplicateMount, MountTable};
pub use node_object::{NodeCondition, NodeObject};
pub use node_pods::NodePods;
pub use open_files::{OpenFileSamples, OpenPath};
pub use own_cost::OwnCost;
pub use packet_rules::PacketRules;
pub use pasted::Pasted;
pub use pressure::{Pressure, PressureLine};
pub use processes::{ProcessStat, ProcessTable, Switches, ThreadStat, ThreadTable};
pub use profiles::{ProfileFailure, ProfileRecord};
pub use softnet::{SoftNet, SoftNetCpu};
pub use stacks::{StackRecording, UnresolvedCode};
pub use stats_summary::{CpuUsage, StatsSummary};
pub use syscalls::{
    ArgumentKind, ArgumentSample, ArgumentUse, FailingCall, FileUse, RefusedEngine, SyscallTrace,
    SyscallUse, TraceTax, TracedCpu,
};
pub use target::{ChosenBy, GoBuild, GoModule, Limit, Target, TaskIo};
pub use timed_reads::{ReadOutcome, TimedRead, TimedReads};
pub use vantage::{Vantage, Via};

use crate::bundle::SchemaVersion;
use crate::observed::{Observed, Window};
use crate::units::{BootNanos, Pid};
use serde::{Deserialize, Serialize};

/// Everything collected in one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Evidence {
    /// Schema of this record.
    pub schema: SchemaVersion,
    /// What collected it, such as "nodesleuth 0.1.0".
    pub tool: String,
    /// Where it comes from, when it was not collected by the tool itself.
    pub imported_from: Option<String>,
    /// From where it was collected.
    pub vantage: Vantage,
    /// Ties boot time to UTC.
    pub clock: ClockAnchor,
    /// The time over which the target was watched.
    pub window: WindowSpan,
    /// The machine and its kernel.
    pub host: Observed<Host>,
    /// `/proc/stat` at both ends.
    pub machine_cpu: Observed<Window<MachineCpu>>,
    /// All processes that ran, at both ends.
    pub processes: Observed<Window<ProcessTable>>,
    /// The target's threads at both ends.
    pub threads: Observed<Window<ThreadTable>>,
    /// The process under suspicion.
    pub target: Observed<Target>,
    /// `/proc/PID/io` of the target at both ends.
    pub target_io: Observed<Window<TaskIo>>,
    /// Which files the target had open, sampled over the window.
    pub open_files: Observed<OpenFileSamples>,
    /// How its stacks were sampled over the window.
    pub stacks: Observed<StackRecording>,
    /// System calls of the target, counted right after the window.
    pub syscalls: Observed<SyscallTrace>,
    /// Live and dying cgroups of every hierarchy.
    pub cgroups: Observed<CgroupCensus>,
    /// Memory that dying cgroups hold.
    pub dying_memory: Observed<DyingMemory>,
    /// Who makes and removes memory cgroups, from the window's begin on.
    pub cgroup_growth: Observed<CgroupGrowth>,
    /// What one reading of a cgroup's files costs, sampled.
    pub cgroup_scan: Observed<CgroupScan>,
    /// How long possibly slow files take to read.
    pub timed_reads: Observed<TimedReads>,
    /// `/proc/meminfo`.
    pub meminfo: Observed<MemInfo>,
    /// `/proc/slabinfo`, largest caches.
    pub slab: Observed<SlabInfo>,
    /// `/proc/sys/fs/dentry-state`.
    pub dentries: Observed<DentryState>,
    /// `/proc/1/mountinfo` (or our own), summarised.
    pub mounts: Observed<MountTable>,
    /// `/proc/pressure/*` (since 4.20).
    pub pressure: Observed<Pressure>,
    /// `/proc/vmstat` at both ends, chosen counters.
    pub vmstat: Observed<Window<VmStat>>,
    /// `/proc/softirqs` at both ends.
    pub softirqs: Observed<Window<SoftIrqs>>,
    /// `/proc/net/softnet_stat` at both ends.
    pub softnet: Observed<Window<SoftNet>>,
    /// `/proc/interrupts` at both ends, timers and rescheduling.
    pub interrupts: Observed<Window<Interrupts>>,
    /// CPU quotas of the target at both ends.
    pub cpu_quotas: Observed<Window<CpuQuotas>>,
    /// Cheap kernel settings and counters.
    pub kernel: Observed<KernelSettings>,
    /// Who holds inotify instances, performance events and fanotify marks.
    pub kernel_handles: Observed<KernelHandles>,
    /// Audit rules that are loaded.
    pub audit: Observed<AuditRules>,
    /// Packet filter rules.
    pub packet_rules: Observed<PacketRules>,
    /// The Node object, where a cluster was asked.
    pub node_object: Observed<NodeObject>,
    /// The kubelet's `/metrics` at both ends.
    pub kubelet_metrics: Observed<Window<KubeletMetrics>>,
    /// The kubelet's `/metrics/cadvisor` at both ends.
    pub container_stats: Observed<Window<ContainerStats>>,
    /// The kubelet's `/stats/summary`.
    pub stats_summary: Observed<StatsSummary>,
    /// The kubelet's `/configz`.
    pub kubelet_config: Observed<KubeletConfig>,
    /// The node's pods at both ends.
    pub node_pods: Observed<Window<NodePods>>,
    /// Pages of the kubelet that were asked for, in order, and how long each took.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kubelet_pages: Vec<KubeletPage>,
    /// The target's goroutines after the window.
    pub goroutines: Observed<Goroutines>,
    /// What its heap holds after the window.
    pub heap: Observed<HeapUse>,
    /// Profiles in the bundle.
    pub profiles: Vec<ProfileRecord>,
    /// Profiles that were asked for and could not be had.
    pub profile_failures: Vec<ProfileFailure>,
    /// What collecting cost.
    pub own_cost: Observed<OwnCost>,
    /// What files from outside said.
    #[serde(skip_serializing_if = "Pasted::is_empty")]
    pub pasted: Pasted,
}

impl Evidence {
    /// The target as people call it: `kubelet (pid 812)`, of a cluster's node `kubelet (pid 812) on
    /// node-a`, and `kubelet on node-a` where nobody knows its id.
    #[must_use]
    pub fn target_name(&self) -> Option<String> {
        let target = self.target.value()?;
        let node = self.vantage.node.as_deref();
        Some(target_name(&target.comm, target.pid, node))
    }
}

/// See [`Evidence::target_name`].
pub(crate) fn target_name(comm: &str, pid: Pid, node: Option<&str>) -> String {
    match node {
        Some(node) if pid == Pid(0) => format!("{comm} on {node}"),
        Some(node) => format!("{comm} (pid {pid}) on {node}"),
        None => format!("{comm} (pid {pid})"),
    }
}

/// One moment in both clocks, so that boot times can be told as UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockAnchor {
    /// CLOCK_BOOTTIME.
    pub boot: BootNanos,
    /// Nanoseconds since the Unix epoch, UTC, at the same moment.
    pub utc_unix_nanos: u64,
}

/// The time over which the target was watched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSpan {
    /// First reading.
    pub opened: BootNanos,
    /// Last reading.
    pub closed: BootNanos,
    /// Seconds that were asked for.
    pub requested_seconds: f64,
    /// Why it closed.
    pub ended: WindowEnd,
}

/// Why the window closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowEnd {
    /// Its time was over.
    #[default]
    Completed,
    /// The user closed it early.
    Interrupted,
    /// The target ended.
    TargetExited,
}

impl WindowSpan {
    /// Its real length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.closed.since(self.opened).seconds()
    }
}
