//! Facts about stacks that were sampled from the machine, kernel frames included.

use super::{FactDef, FactType, absent, flag, number};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "stacks.taken",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether stacks of the machine, kernel functions included, were sampled.",
        derive: |input| match input.stacks() {
            Ok(stacks) => flag(true, &stacks.source),
            Err(missing) => {
                input.target()?;
                flag(false, missing.to_string())
            }
        },
    },
    FactDef {
        name: "stacks.samples",
        kind: FactType::Number,
        unit: "count",
        doc: "Stacks of the target that were sampled; few make rough shares.",
        derive: |input| {
            let stacks = input.stacks()?;
            number(stacks.samples as f64, &stacks.source)
        },
    },
    FactDef {
        name: "stacks.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU that the sampled stacks show, per second of their recording.",
        derive: |input| {
            let stacks = input.stacks()?.in_time()?;
            number(stacks.total_cores(), &stacks.source)
        },
    },
    FactDef {
        name: "stacks.kernel_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of the sampled CPU time that was in the kernel.",
        derive: |input| {
            let stacks = input.stacks()?;
            match stacks.total_cores() > 0.0 {
                true => number(stacks.kernel_cores() / stacks.total_cores(), &stacks.source),
                false => Err(absent("it holds no sample of the target")),
            }
        },
    },
    FactDef {
        name: "stacks.unnamed_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of the sampled CPU time whose user functions have no name.",
        derive: |input| {
            let stacks = input.stacks()?;
            let machine = stacks.machine.as_ref();
            let machine = machine.ok_or_else(|| absent("it holds no kernel functions"))?;
            number(machine.unnamed_share, &stacks.source)
        },
    },
];
