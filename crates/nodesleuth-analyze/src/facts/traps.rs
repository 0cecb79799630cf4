//! Facts that tell traps apart in files from outside: how much CPU there is at all, whether a
//! profile holds it, and who else suffers.

use super::{Derived, FactDef, FactType, absent, number};
use crate::input::Input;
use nodesleuth_model::evidence::pasted::{MachineUsage, Weighed};
use std::collections::BTreeSet;

/// A CPU profile takes so many samples of each second of CPU.
const SAMPLES_PER_SECOND: f64 = 100.0;
/// From here on a process counts as hot among others.
const VICTIM_CORES: f64 = 0.2;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "pasted.profile.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU that the pasted profile holds, over its length",
        derive: profile_cores,
    },
    FactDef {
        name: "pasted.profile.samples",
        kind: FactType::Number,
        unit: "count",
        doc: "samples of the pasted CPU profile, by its CPU time at 100 a second",
        derive: |input| {
            number(
                cpu_seconds(input)?.0 * SAMPLES_PER_SECOND,
                "profile that was given",
            )
        },
    },
    FactDef {
        name: "pasted.profile.missing_share",
        kind: FactType::Number,
        unit: "share",
        doc: "share of the busiest process's CPU that the pasted profile does not hold",
        derive: missing_share,
    },
    FactDef {
        name: "pasted.hottest.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of the busiest process of the pasted tables",
        derive: |input| number(hottest(input)?, "process tables that were given"),
    },
    FactDef {
        name: "pasted.victims",
        kind: FactType::Number,
        unit: "count",
        doc: "programs of different names that burn 0.2 cores or more in the pasted tables",
        derive: victims,
    },
    FactDef {
        name: "pasted.load.per_busy_cpu",
        kind: FactType::Number,
        unit: "",
        doc: "pasted load average by CPUs that were not idle",
        derive: load_per_busy_cpu,
    },
    FactDef {
        name: "pasted.machine.kernel_share",
        kind: FactType::Number,
        unit: "share",
        doc: "largest pasted share of all CPUs in the kernel, interrupts left out",
        derive: |input| of_machine(input, |usage| usage.system),
    },
    FactDef {
        name: "pasted.machine.softirq_share",
        kind: FactType::Number,
        unit: "share",
        doc: "largest pasted share of all CPUs in software interrupts",
        derive: |input| of_machine(input, |usage| usage.softirq),
    },
    FactDef {
        name: "pasted.machine.iowait_share",
        kind: FactType::Number,
        unit: "share",
        doc: "largest pasted share of all CPUs that waited for a disk",
        derive: |input| of_machine(input, |usage| usage.iowait),
    },
    FactDef {
        name: "pasted.machine.steal_share",
        kind: FactType::Number,
        unit: "share",
        doc: "largest pasted share of all CPUs that the hypervisor took",
        derive: |input| of_machine(input, |usage| usage.steal),
    },
    FactDef {
        name: "pasted.blocked.lock_minutes",
        kind: FactType::Number,
        unit: "minutes",
        doc: "longest time for which a pasted goroutine had waited for a lock",
        derive: lock_minutes,
    },
];

/// CPU seconds and length of the profile or table that tells both.
fn cpu_seconds(input: &Input<'_>) -> Result<(f64, f64), nodesleuth_model::Missing> {
    let tables = input.evidence.pasted.stack_tables.iter();
    let mut of_cpu = tables.filter(|table| table.weighed == Weighed::Cpu);
    let told = of_cpu.find_map(|table| table.total_seconds.zip(table.length_seconds));
    let is_given = !input.evidence.pasted.is_empty();
    let profile = input
        .profiles
        .own_first()
        .filter(|view| is_given && view.is_time);
    let told = told.or(profile.map(|view| (view.total_seconds, view.seconds)));
    told.filter(|(_, length)| *length > 0.0)
        .ok_or_else(|| absent("no profile that was given tells its CPU time and its length"))
}

fn profile_cores(input: &Input<'_>) -> Derived {
    let (total, length) = cpu_seconds(input)?;
    number(total / length, "profile that was given")
}

fn hottest(input: &Input<'_>) -> Result<f64, nodesleuth_model::Missing> {
    let usages = input.evidence.pasted.processes.iter();
    let cores = usages.filter_map(|usage| usage.cores).reduce(f64::max);
    cores.ok_or_else(|| absent("no file that was given tells the CPU of a process"))
}

fn missing_share(input: &Input<'_>) -> Derived {
    let (total, length) = cpu_seconds(input)?;
    let burnt = hottest(input)?.max(f64::EPSILON);
    let missing = 1.0 - total / length / burnt;
    number(
        missing.clamp(0.0, 1.0),
        "profile and process table that were given",
    )
}

fn victims(input: &Input<'_>) -> Derived {
    let usages = input.evidence.pasted.processes.iter();
    let known: Vec<_> = usages.filter(|usage| usage.cores.is_some()).collect();
    if known.is_empty() {
        return Err(absent("no file that was given tells the CPU of a process"));
    }
    let hot = known
        .iter()
        .filter(|usage| usage.cores >= Some(VICTIM_CORES));
    let names: BTreeSet<&str> = hot.map(|usage| usage.comm.as_str()).collect();
    number(names.len() as f64, "process tables that were given")
}

fn load_per_busy_cpu(input: &Input<'_>) -> Derived {
    let machines = input.evidence.pasted.machine.iter();
    let known = machines.filter_map(|usage| {
        let load = usage.load.iter().copied().reduce(f64::max)?;
        let busy = (1.0 - usage.idle? - usage.iowait.unwrap_or(0.0)) * f64::from(usage.cpus?);
        Some(load / busy.max(0.05))
    });
    match known.reduce(f64::max) {
        Some(ratio) => number(ratio, "load, idle share and CPUs that were given"),
        None => Err(absent(
            "load, idle share and number of CPUs were not given together",
        )),
    }
}

fn of_machine(input: &Input<'_>, field: fn(&MachineUsage) -> Option<f64>) -> Derived {
    let shares = input.evidence.pasted.machine.iter().filter_map(field);
    match shares.reduce(f64::max) {
        Some(share) => number(share, "CPU of the machine that was given"),
        None => Err(absent("no file that was given tells it")),
    }
}

fn lock_minutes(input: &Input<'_>) -> Derived {
    let locks = input.evidence.pasted.stacks.iter().filter(|stack| {
        let state = stack.state.as_deref().unwrap_or_default();
        state.starts_with("sema") || state.starts_with("sync.")
    });
    match locks
        .filter_map(|stack| stack.wait_minutes)
        .reduce(f64::max)
    {
        Some(minutes) => number(minutes, "goroutines that were given"),
        None => Err(absent("no goroutine that was given waits for a lock")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use nodesleuth_model::evidence::pasted::{ProcessUsage, StackTable};
    use nodesleuth_model::{Evidence, FactValue};

    fn fact(evidence: &Evidence, name: &str) -> Option<FactValue> {
        let catalog = Catalog::default();
        crate::facts::derive_one(&Input::new(evidence, &[], &catalog), name)
    }

    #[test]
    fn what_a_profile_does_not_hold_is_told_by_the_process() {
        let mut evidence = Evidence::default();
        assert_eq!(fact(&evidence, "pasted.profile.missing_share"), None);
        evidence.pasted.stack_tables.push(StackTable {
            total_seconds: Some(3.0),
            length_seconds: Some(30.0),
            ..StackTable::default()
        });
        evidence.pasted.processes.push(ProcessUsage {
            cores: Some(0.4),
            ..ProcessUsage::default()
        });
        let missing = fact(&evidence, "pasted.profile.missing_share");
        assert!(matches!(missing, Some(FactValue::Number(share)) if (share - 0.75).abs() < 1e-9));
        assert_eq!(
            fact(&evidence, "pasted.victims"),
            Some(FactValue::Number(1.0))
        );
        assert_eq!(fact(&evidence, "pasted.machine.steal_share"), None);
    }
}
