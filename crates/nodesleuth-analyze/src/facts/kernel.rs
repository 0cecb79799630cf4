//! Facts about the kernel: its release and what the kernel catalogue says of it.

use super::{Derived, FactDef, FactType, absent, flag, number, text};
use crate::input::Input;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "kernel.release",
        kind: FactType::Text,
        unit: "",
        doc: "Kernel release, as uname -r prints it.",
        derive: |input| text(&input.host()?.kernel_release, "uname -r"),
    },
    FactDef {
        name: "kernel.memory_stat_walk",
        kind: FactType::Text,
        unit: "",
        doc: "affected, fixed or unknown: whether reading memory.stat visits every cgroup.",
        derive: |input| status(input, "memory-stat-walk"),
    },
    FactDef {
        name: "kernel.numa_stat_walk",
        kind: FactType::Text,
        unit: "",
        doc: "affected, fixed or unknown: whether reading memory.numa_stat visits every cgroup.",
        derive: |input| status(input, "numa-stat-walk"),
    },
    FactDef {
        name: "kernel.rstat_flush",
        kind: FactType::Text,
        unit: "",
        doc: "affected, fixed or unknown: whether reading statistics flushes the whole cgroup tree.",
        derive: |input| status(input, "rstat-whole-tree-flush"),
    },
    FactDef {
        name: "kernel.slab_pins_cgroups",
        kind: FactType::Text,
        unit: "",
        doc: "affected, fixed or unknown: whether slab objects keep removed cgroups alive.",
        derive: |input| status(input, "slab-pins-cgroups"),
    },
    FactDef {
        name: "kernel.page_cache_pins_cgroups",
        kind: FactType::Text,
        unit: "",
        doc: "affected, fixed or unknown: whether page cache keeps removed cgroups alive.",
        derive: |input| status(input, "page-cache-pins-cgroups"),
    },
    FactDef {
        name: "kernel.cpus.possible",
        kind: FactType::Number,
        unit: "count",
        doc: "Possible CPUs, the factor of per-CPU walks on kernels before 4.16.",
        derive: |input| {
            let cpus = input.host()?.possible_cpus.require("possible CPUs")?;
            number(f64::from(*cpus), "/sys/devices/system/cpu/possible")
        },
    },
    FactDef {
        name: "kernel.cpus.online",
        kind: FactType::Number,
        unit: "count",
        doc: "CPUs online.",
        derive: |input| {
            let cpus = input.host()?.online_cpus.require("online CPUs")?;
            number(f64::from(*cpus), "/sys/devices/system/cpu/online")
        },
    },
    FactDef {
        name: "kernel.tracing_on",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether a kernel tracer or trace events were left on.",
        derive: |input| {
            let kernel = input.evidence.kernel.require("kernel settings")?;
            let tracer = kernel.current_tracer.require("current tracer")?;
            let events = kernel.trace_events_on.require("trace events")?;
            flag(tracer != "nop" || *events > 0, "/sys/kernel/tracing")
        },
    },
    FactDef {
        name: "kernel.clocksource",
        kind: FactType::Text,
        unit: "",
        doc: "Clock source; anything that the vDSO cannot read makes each clock call a system call.",
        derive: |input| {
            let kernel = input.evidence.kernel.require("kernel settings")?;
            text(
                kernel.clocksource.require("clock source")?,
                "clocksource0/current_clocksource",
            )
        },
    },
    FactDef {
        name: "kernel.conntrack.fill",
        kind: FactType::Number,
        unit: "share",
        doc: "Entries of the connection tracking table, per its maximum.",
        derive: |input| {
            let kernel = input.evidence.kernel.require("kernel settings")?;
            let count = kernel.conntrack_count.require("nf_conntrack_count")?;
            let max = kernel.conntrack_max.require("nf_conntrack_max")?;
            number(
                *count as f64 / (*max).max(1) as f64,
                "/proc/sys/net/netfilter",
            )
        },
    },
];

fn status(input: &Input<'_>, id: &str) -> Derived {
    let advisories = crate::advisories(input);
    let found = advisories.into_iter().find(|advisory| advisory.id == id);
    let advisory = found.ok_or_else(|| absent("not in the kernel catalogue"))?;
    if input.host().is_err() {
        return Err(absent("the kernel release is not known"));
    }
    text(advisory.status.as_str(), advisory.reason)
}
