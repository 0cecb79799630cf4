//! Facts about timers, rescheduling and context switches.

use super::{Derived, FactDef, FactType, absent, number};
use crate::input::Input;
use nodesleuth_model::Missing;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "kernel.hz",
        kind: FactType::Number,
        unit: "per second",
        doc: "Timer ticks a second of a CPU that works (CONFIG_HZ).",
        derive: |input| number(hz(input)?, "the kernel's configuration"),
    },
    FactDef {
        name: "interrupts.timer.idle_cpu_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Timer interrupts a second of the CPU that had most of them among those that were idle \
              for four fifths of the window.",
        derive: |input| number(of_idle(input)?, SOURCE),
    },
    FactDef {
        name: "interrupts.timer.idle_cpu_of_hz",
        kind: FactType::Number,
        unit: "",
        doc: "The same per timer tick: an idle CPU has far less than 1, one that works about 1.",
        derive: |input| number(of_idle(input)? / hz(input)?, SOURCE),
    },
    FactDef {
        name: "interrupts.rescheduling_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Interrupts a second by which CPUs tell each other to run something else.",
        derive: rescheduling,
    },
    FactDef {
        name: "machine.switches_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Context switches a second, all CPUs.",
        derive: |input| {
            let window = input.evidence.machine_cpu.require("/proc/stat")?;
            let of = |cpu: &nodesleuth_model::evidence::MachineCpu| cpu.context_switches;
            let more = of(&window.after.value).saturating_sub(of(&window.before.value));
            number(more as f64 / window.seconds(), "ctxt in /proc/stat")
        },
    },
];

const SOURCE: &str = "/proc/interrupts and /proc/stat";
/// A CPU that was idle for this share of the window counts as idle.
const IDLE_SHARE: f64 = 0.8;

fn hz(input: &Input<'_>) -> Result<f64, Missing> {
    let kernel = input.kernel_settings()?;
    Ok((*kernel.hz.require("CONFIG_HZ")?).max(1) as f64)
}

fn of_idle(input: &Input<'_>) -> Result<f64, Missing> {
    let window = input.evidence.interrupts.require("/proc/interrupts")?;
    let (before, after) = (&window.before.value, &window.after.value);
    if before.cpus != after.cpus {
        return Err(absent("CPUs went off line or came on line in the window"));
    }
    let idle = idle_shares(input)?;
    let rates = after.cpus.iter().enumerate().filter_map(|(at, cpu)| {
        let is_idle = idle
            .iter()
            .any(|(other, share)| other == cpu && *share >= IDLE_SHARE);
        let more = after.timer.get(at)?.checked_sub(*before.timer.get(at)?)?;
        is_idle.then(|| more as f64 / window.seconds())
    });
    let most = rates.reduce(f64::max);
    most.ok_or_else(|| absent("no CPU was idle for four fifths of the window"))
}

/// Number of each CPU and the share of the window in which it was idle.
fn idle_shares(input: &Input<'_>) -> Result<Vec<(u32, f64)>, Missing> {
    let window = input.evidence.machine_cpu.require("/proc/stat")?;
    let host = input.host()?;
    let (before, after) = (&window.before.value.idle, &window.after.value.idle);
    if after.is_empty() {
        return Err(absent("the idle time of single CPUs was not recorded"));
    }
    let shares = after.iter().filter_map(|(cpu, later)| {
        let earlier = before.get(cpu)?;
        Some((
            *cpu,
            crate::cpu::rate(host, *earlier, *later, window.seconds()),
        ))
    });
    Ok(shares.collect())
}

fn rescheduling(input: &Input<'_>) -> Derived {
    let window = input.evidence.interrupts.require("/proc/interrupts")?;
    let (before, after) = (&window.before.value, &window.after.value);
    if after.rescheduling.is_empty() {
        return Err(absent(
            "/proc/interrupts has no row of rescheduling interrupts",
        ));
    }
    let sum = |counts: &[u64]| {
        counts
            .iter()
            .fold(0, |sum: u64, count| sum.saturating_add(*count))
    };
    let more = sum(&after.rescheduling).saturating_sub(sum(&before.rescheduling));
    number(more as f64 / window.seconds(), "/proc/interrupts")
}
