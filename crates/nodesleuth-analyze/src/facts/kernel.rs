//! Facts about the kernel: its release and what the kernel catalogue says of it.

use super::{Derived, FactDef, FactType, absent, flag, number, text};
use crate::input::Input;
use nodesleuth_model::Observed;
use std::collections::{BTreeMap, BTreeSet};

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
            let kernel = input.kernel_settings()?;
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
            let kernel = input.kernel_settings()?;
            text(
                kernel.clocksource.require("clock source")?,
                "clocksource0/current_clocksource",
            )
        },
    },
    FactDef {
        name: "kernel.tracing.left_on",
        kind: FactType::Text,
        unit: "",
        doc: "Which tracing of the kernel was left on: a tracer, trace events, the stack tracer, \
              statistics of BPF programs; none when all are off.",
        derive: left_on,
    },
    FactDef {
        name: "kernel.tracing.probes_defined",
        kind: FactType::Number,
        unit: "count",
        doc: "Probes that were defined in kprobe_events and uprobe_events; they cost when their \
              events are on.",
        derive: |input| {
            let probes = input
                .kernel_settings()?
                .probes_defined
                .require("defined probes")?;
            number(*probes as f64, "/sys/kernel/tracing")
        },
    },
    FactDef {
        name: "kernel.loop_devices",
        kind: FactType::Number,
        unit: "count",
        doc: "Loop devices with a file behind them.",
        derive: |input| {
            let devices = input
                .kernel_settings()?
                .loop_devices
                .require("loop devices")?;
            number(*devices as f64, "/sys/block/loop*/loop/backing_file")
        },
    },
    FactDef {
        name: "kernel.mitigations.per_call",
        kind: FactType::Text,
        unit: "",
        doc: "Mitigations that cost at each system call (PTI, IBRS of the kernel, clearing of CPU \
              buffers); none when there are none.",
        derive: |input| {
            let vulnerabilities = input
                .kernel_settings()?
                .vulnerabilities
                .require("mitigations")?;
            text(
                per_call(vulnerabilities),
                "/sys/devices/system/cpu/vulnerabilities",
            )
        },
    },
    FactDef {
        name: "kernel.transparent_hugepage",
        kind: FactType::Text,
        unit: "",
        doc: "Setting of transparent huge pages.",
        derive: |input| {
            let chosen = input
                .kernel_settings()?
                .transparent_hugepage
                .require("huge pages")?;
            text(chosen, "/sys/kernel/mm/transparent_hugepage/enabled")
        },
    },
    FactDef {
        name: "kernel.transparent_hugepage_defrag",
        kind: FactType::Text,
        unit: "",
        doc: "When memory is compacted for a huge page.",
        derive: |input| {
            let chosen = input
                .kernel_settings()?
                .transparent_hugepage_defrag
                .require("huge pages")?;
            text(chosen, "/sys/kernel/mm/transparent_hugepage/defrag")
        },
    },
    FactDef {
        name: "audit.rules",
        kind: FactType::Number,
        unit: "count",
        doc: "Audit rules that are loaded.",
        derive: |input| {
            let rules = input.evidence.audit.require("audit rules")?;
            number(rules.rules as f64, "AUDIT_LIST_RULES")
        },
    },
    FactDef {
        name: "audit.every_call_rules",
        kind: FactType::Number,
        unit: "count",
        doc: "Audit rules that look at every system call (-S all); watches of files are none.",
        derive: |input| {
            let rules = input.evidence.audit.require("audit rules")?;
            number(rules.every_call as f64, "AUDIT_LIST_RULES")
        },
    },
];

/// What is known to be on is told even where something else is not known.
fn left_on(input: &Input<'_>) -> Derived {
    const FROM: &str = "/sys/kernel/tracing and /proc/sys/kernel";
    let kernel = input.kernel_settings()?;
    let (tracer, events) = (&kernel.current_tracer, &kernel.trace_events_on);
    let mut on = Vec::new();
    on.extend(
        tracer
            .value()
            .filter(|name| *name != "nop")
            .map(|name| format!("tracer {name}")),
    );
    on.extend(
        events
            .value()
            .filter(|events| **events > 0)
            .map(|n| format!("{n} trace events")),
    );
    let switches = [
        (&kernel.stack_tracer_enabled, "the stack tracer"),
        (&kernel.bpf_stats_enabled, "statistics of BPF programs"),
    ];
    let is_on = |switch: &(&Observed<bool>, &str)| switch.0.value() == Some(&true);
    on.extend(
        switches
            .into_iter()
            .filter(is_on)
            .map(|(_, name)| name.to_owned()),
    );
    if !on.is_empty() {
        return text(on.join(", "), FROM);
    }
    tracer.require("current tracer")?;
    events.require("trace events")?;
    text("none", FROM)
}

/// Told apart by whole words: "Enhanced / Automatic IBRS" and "IBRS_FW" cost nothing at a call.
fn per_call(vulnerabilities: &BTreeMap<String, String>) -> String {
    let words = vulnerabilities
        .values()
        .flat_map(|text| text.split([';', ',', ':']));
    let costly = words
        .map(str::trim)
        .filter(|word| matches!(*word, "PTI" | "IBRS") || word.starts_with("Clear CPU buffers"));
    let costly: BTreeSet<&str> = costly.collect();
    match costly.is_empty() {
        true => "none".to_owned(),
        false => costly.into_iter().collect::<Vec<_>>().join(", "),
    }
}

fn status(input: &Input<'_>, id: &str) -> Derived {
    let advisories = crate::advisories(input);
    let found = advisories.into_iter().find(|advisory| advisory.id == id);
    let advisory = found.ok_or_else(|| absent("not in the kernel catalogue"))?;
    if input.host().is_err() {
        return Err(absent("the kernel release is not known"));
    }
    text(advisory.status.as_str(), advisory.reason)
}

#[cfg(test)]
mod tests {
    use super::per_call;

    #[test]
    fn only_what_costs_at_each_call_is_named() {
        let of = |texts: &[&str]| {
            let named = texts.iter().enumerate();
            per_call(
                &named
                    .map(|(at, text)| (at.to_string(), (*text).to_owned()))
                    .collect(),
            )
        };
        // Skylake, and Zen or Ice Lake, as their kernels print it.
        let old = of(&[
            "Mitigation: PTI",
            "Mitigation: IBRS; IBPB: conditional; STIBP: conditional; RSB filling",
            "Mitigation: Clear CPU buffers; SMT vulnerable",
        ]);
        assert_eq!(old, "Clear CPU buffers, IBRS, PTI");
        let new = of(&[
            "Not affected",
            "Mitigation: Enhanced / Automatic IBRS; IBPB: conditional; PBRSB-eIBRS: SW sequence",
            "Mitigation: Retpolines, IBPB: conditional, IBRS_FW, RSB filling",
            "Vulnerable: Clear CPU buffers attempted, no microcode",
        ]);
        assert_eq!(new, "Clear CPU buffers attempted");
        assert_eq!(of(&["Not affected"]), "none");
    }
}
