//! Facts about the machine as a whole: CPU, pressure, memory reclaim.

use super::{Derived, FactDef, FactType, absent, number};
use crate::input::Input;
use nodesleuth_model::evidence::{Pressure, PressureLine};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "machine.cpu.busy_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of the whole machine that was not idle or waiting for storage.",
        derive: |input| {
            let (busy, _, seconds) = columns(input)?;
            number(busy / seconds, "/proc/stat")
        },
    },
    FactDef {
        name: "machine.cpu.iowait_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "Idle CPU while storage was waited for; not CPU use.",
        derive: |input| {
            let (_, iowait, seconds) = columns(input)?;
            number(iowait / seconds, "/proc/stat")
        },
    },
    FactDef {
        name: "machine.cpu.busy_share",
        kind: FactType::Number,
        unit: "share",
        doc: "The busy part of all CPU time of the machine.",
        derive: |input| {
            let (busy, _, seconds) = columns(input)?;
            number(busy / seconds / online(input)?, "/proc/stat")
        },
    },
    FactDef {
        name: "machine.cpu.iowait_share",
        kind: FactType::Number,
        unit: "share",
        doc: "The part of all CPU time that was idle while storage was waited for.",
        derive: |input| {
            let (_, iowait, seconds) = columns(input)?;
            number(iowait / seconds / online(input)?, "/proc/stat")
        },
    },
    FactDef {
        name: "machine.tasks.blocked",
        kind: FactType::Number,
        unit: "count",
        doc: "Tasks in uninterruptible sleep (state D) at the end of the window.",
        derive: |input| {
            let window = input.evidence.machine_cpu.require("/proc/stat")?;
            number(
                window.after.value.blocked as f64,
                "procs_blocked in /proc/stat",
            )
        },
    },
    FactDef {
        name: "machine.load.one",
        kind: FactType::Number,
        unit: "",
        doc: "Load average over one minute; counts waiting tasks too, so it is not CPU use.",
        derive: |input| {
            let kernel = input.kernel_settings()?;
            number(
                kernel.load_average.require("load average")?[0],
                "/proc/loadavg",
            )
        },
    },
    FactDef {
        name: "machine.forks_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Processes and threads started a second.",
        derive: |input| {
            let window = input.evidence.machine_cpu.require("/proc/stat")?;
            let forks = window
                .after
                .value
                .forks
                .saturating_sub(window.before.value.forks);
            number(forks as f64 / window.seconds(), "processes in /proc/stat")
        },
    },
    FactDef {
        name: "pressure.cpu.some_avg10",
        kind: FactType::Number,
        unit: "percent",
        doc: "Percent of the last 10 s in which a task waited for a CPU.",
        derive: |input| pressure(input, |pressure| pressure.cpu),
    },
    FactDef {
        name: "pressure.memory.some_avg10",
        kind: FactType::Number,
        unit: "percent",
        doc: "Percent of the last 10 s in which a task waited for memory.",
        derive: |input| pressure(input, |pressure| pressure.memory),
    },
    FactDef {
        name: "pressure.io.some_avg10",
        kind: FactType::Number,
        unit: "percent",
        doc: "Percent of the last 10 s in which a task waited for storage.",
        derive: |input| pressure(input, |pressure| pressure.io),
    },
    FactDef {
        name: "vm.direct_reclaim_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Pages scanned a second by tasks that had to reclaim memory themselves.",
        derive: |input| vmstat_rate(input, "pgscan_direct"),
    },
    FactDef {
        name: "vm.kswapd_scan_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Pages scanned a second by kswapd.",
        derive: |input| vmstat_rate(input, "pgscan_kswapd"),
    },
    FactDef {
        name: "vm.compact_stall_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Tasks a second that had to compact memory themselves.",
        derive: |input| vmstat_rate(input, "compact_stall"),
    },
    FactDef {
        name: "vm.compact_fail_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "How many of these got no free block for it.",
        derive: |input| vmstat_rate(input, "compact_fail"),
    },
    FactDef {
        name: "vm.alloc_stall_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Tasks a second that had to reclaim memory themselves before they got a page.",
        derive: |input| vmstat_rate(input, "allocstall"),
    },
    FactDef {
        name: "vm.thp_fallback_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Page faults a second that wanted a huge page and got a small one.",
        derive: |input| vmstat_rate(input, "thp_fault_fallback"),
    },
];

/// Busy and iowait CPU seconds over the window, and its length.
fn columns(input: &Input<'_>) -> Result<(f64, f64, f64), nodesleuth_model::Missing> {
    let window = input.evidence.machine_cpu.require("/proc/stat")?;
    let host = input.host()?;
    let delta = |column: usize| {
        let after = window
            .after
            .value
            .total
            .get(column)
            .copied()
            .unwrap_or_default();
        let before = window
            .before
            .value
            .total
            .get(column)
            .copied()
            .unwrap_or_default();
        crate::cpu::rate(host, before, after, 1.0)
    };
    let busy = delta(0) + delta(1) + delta(2) + delta(5) + delta(6);
    Ok((busy, delta(4), window.seconds()))
}

fn online(input: &Input<'_>) -> Result<f64, nodesleuth_model::Missing> {
    let window = input.evidence.machine_cpu.require("/proc/stat")?;
    match window.after.value.cpus {
        0 => Err(absent("/proc/stat lists no CPU")),
        cpus => Ok(f64::from(cpus)),
    }
}

fn pressure(input: &Input<'_>, which: fn(&Pressure) -> Option<PressureLine>) -> Derived {
    let pressure = input.evidence.pressure.require("/proc/pressure")?;
    let line = which(pressure).ok_or_else(|| absent("this kernel does not account it"))?;
    number(line.avg10_percent, "/proc/pressure")
}

/// A counter's rate; old kernels split it by zone (`pgscan_direct_normal`), so all that begin
/// with the name are added.
fn vmstat_rate(input: &Input<'_>, name: &str) -> Derived {
    let window = input.evidence.vmstat.require("/proc/vmstat")?;
    let sum = |counters: &std::collections::BTreeMap<String, u64>| -> Option<u64> {
        if let Some(value) = counters.get(name) {
            return Some(*value);
        }
        let zones = counters.iter().filter(|(key, _)| key.starts_with(name));
        zones.map(|(_, value)| *value).reduce(u64::saturating_add)
    };
    let before = sum(&window.before.value.counters);
    let after = sum(&window.after.value.counters);
    let (Some(before), Some(after)) = (before, after) else {
        return Err(absent(format!("/proc/vmstat has no {name}")));
    };
    number(
        after.saturating_sub(before) as f64 / window.seconds(),
        "/proc/vmstat",
    )
}
