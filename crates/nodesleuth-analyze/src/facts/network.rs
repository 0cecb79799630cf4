//! Facts about packets: soft interrupts, connection tracking, packet filter rules.

use super::{Derived, FactDef, FactType, absent, flag, number};
use crate::input::Input;
use nodesleuth_model::Missing;
use nodesleuth_model::evidence::SoftNetCpu;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "softirq.net_rx.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Soft interrupts of received packets a second, all CPUs.",
        derive: |input| {
            let (counts, seconds) = net_rx(input)?;
            number(counts.iter().sum::<u64>() as f64 / seconds, SOFTIRQS)
        },
    },
    FactDef {
        name: "softirq.net_rx.top_cpu_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of them that the busiest CPU took.",
        derive: |input| {
            let (counts, _) = net_rx(input)?;
            let (most, all) = (counts.iter().max(), counts.iter().sum::<u64>());
            match most.filter(|_| all > 0) {
                Some(most) => number(*most as f64 / all as f64, SOFTIRQS),
                None => Err(absent("no packet was received in the window")),
            }
        },
    },
    FactDef {
        name: "softnet.squeezed_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Times a second that a CPU had to stop taking packets with packets left (time_squeeze).",
        derive: |input| softnet_rate(input, |cpu| cpu.squeezed),
    },
    FactDef {
        name: "softnet.dropped_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Packets a second that were dropped because a CPU's backlog was full.",
        derive: |input| softnet_rate(input, |cpu| cpu.dropped),
    },
    FactDef {
        name: "kernel.conntrack.count",
        kind: FactType::Number,
        unit: "count",
        doc: "Entries of the connection tracking table.",
        derive: |input| {
            let count = input
                .kernel_settings()?
                .conntrack_count
                .require("nf_conntrack_count")?;
            number(*count as f64, CONNTRACK)
        },
    },
    FactDef {
        name: "kernel.conntrack.fill",
        kind: FactType::Number,
        unit: "share",
        doc: "Entries of the connection tracking table, per its maximum.",
        derive: |input| {
            let kernel = input.kernel_settings()?;
            let count = kernel.conntrack_count.require("nf_conntrack_count")?;
            let max = kernel.conntrack_max.require("nf_conntrack_max")?;
            number(*count as f64 / (*max).max(1) as f64, CONNTRACK)
        },
    },
    FactDef {
        name: "kernel.conntrack.per_bucket",
        kind: FactType::Number,
        unit: "",
        doc: "Entries of the connection tracking table, per bucket of its hash: each lookup walks \
              about half as many.",
        derive: |input| {
            let kernel = input.kernel_settings()?;
            let count = kernel.conntrack_count.require("nf_conntrack_count")?;
            let buckets = kernel.conntrack_buckets.require("nf_conntrack_buckets")?;
            number(*count as f64 / (*buckets).max(1) as f64, CONNTRACK)
        },
    },
    FactDef {
        name: "iptables.legacy.rules",
        kind: FactType::Number,
        unit: "count",
        doc: "Rules of ip_tables and ip6_tables in our network namespace, ends of chains included; \
              rules of nf_tables are not counted.",
        derive: |input| {
            let rules = input.evidence.packet_rules.require("packet rules")?;
            let entries = rules.legacy_entries.require("rules of ip_tables")?;
            number(entries.values().sum::<u64>() as f64, "IPT_SO_GET_INFO")
        },
    },
    FactDef {
        name: "iptables.both_backends",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether tables of ip_tables exist while the module nf_tables is loaded.",
        derive: both_backends,
    },
];

const SOFTIRQS: &str = "/proc/softirqs";
const CONNTRACK: &str = "/proc/sys/net/netfilter";

/// NET_RX soft interrupts of each CPU in the window, and its length.
fn net_rx(input: &Input<'_>) -> Result<(Vec<u64>, f64), Missing> {
    let window = input.evidence.softirqs.require(SOFTIRQS)?;
    let row = |irqs: &nodesleuth_model::evidence::SoftIrqs| irqs.by_kind.get("NET_RX").cloned();
    let rows = row(&window.before.value).zip(row(&window.after.value));
    let (before, after) = rows.ok_or_else(|| absent("/proc/softirqs has no row NET_RX"))?;
    let more = before.iter().zip(&after);
    let more = more.map(|(before, after)| after.saturating_sub(*before));
    Ok((more.collect(), window.seconds()))
}

fn softnet_rate(input: &Input<'_>, counter: fn(&SoftNetCpu) -> u64) -> Derived {
    let window = input.evidence.softnet.require("/proc/net/softnet_stat")?;
    let sum = |cpus: &[SoftNetCpu]| cpus.iter().map(counter).fold(0, u64::saturating_add);
    let (before, after) = (&window.before.value.cpus, &window.after.value.cpus);
    // Rows are of CPUs that are on line, and nobody says which.
    if before.len() != after.len() {
        return Err(absent("CPUs went off line or came on line in the window"));
    }
    let more = sum(after).saturating_sub(sum(before));
    number(more as f64 / window.seconds(), "/proc/net/softnet_stat")
}

fn both_backends(input: &Input<'_>) -> Derived {
    let rules = input.evidence.packet_rules.require("packet rules")?;
    let tables = rules.legacy_tables.require("tables of ip_tables")?;
    if tables.is_empty() {
        return flag(false, "/proc/net/ip_tables_names");
    }
    let loaded = rules.nf_tables_loaded.require("module nf_tables")?;
    flag(*loaded, "/proc/net/ip_tables_names and /proc/modules")
}
