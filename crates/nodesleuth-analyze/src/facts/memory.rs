//! Facts about the machine's memory, slab, dentries and mounts.

use super::{Derived, FactDef, FactType, absent, number};
use crate::input::Input;
use nodesleuth_model::{Kib, Missing};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "memory.slab.bytes",
        kind: FactType::Number,
        unit: "bytes",
        doc: "Slab memory.",
        derive: |input| number(field(input, "Slab")?.bytes().0 as f64, "/proc/meminfo"),
    },
    FactDef {
        name: "memory.slab.share",
        kind: FactType::Number,
        unit: "share",
        doc: "Slab memory per all memory.",
        derive: |input| share(input, "Slab"),
    },
    FactDef {
        name: "memory.slab_unreclaimable.share",
        kind: FactType::Number,
        unit: "share",
        doc: "Slab memory that cannot be reclaimed, per all memory.",
        derive: |input| share(input, "SUnreclaim"),
    },
    FactDef {
        name: "memory.available.share",
        kind: FactType::Number,
        unit: "share",
        doc: "Available memory per all memory.",
        derive: |input| share(input, "MemAvailable"),
    },
    FactDef {
        name: "dentry.total",
        kind: FactType::Number,
        unit: "count",
        doc: "Dentries allocated.",
        derive: |input| {
            let state = input.evidence.dentries.require("dentry-state")?;
            number(state.total as f64, "/proc/sys/fs/dentry-state")
        },
    },
    FactDef {
        name: "dentry.negative",
        kind: FactType::Number,
        unit: "count",
        doc: "Negative dentries (kernels from 5.0 on).",
        derive: |input| {
            let state = input.evidence.dentries.require("dentry-state")?;
            number(state.negative as f64, "/proc/sys/fs/dentry-state")
        },
    },
    FactDef {
        name: "mounts.count",
        kind: FactType::Number,
        unit: "count",
        doc: "Mounts of process 1.",
        derive: |input| {
            let mounts = input.evidence.mounts.require("mount table")?;
            number(mounts.mounts as f64, &mounts.source)
        },
    },
    FactDef {
        name: "mounts.most_duplicates",
        kind: FactType::Number,
        unit: "count",
        doc: "Mounts on the mount point that is mounted over most often.",
        derive: |input| {
            let mounts = input.evidence.mounts.require("mount table")?;
            let most = mounts
                .duplicates
                .first()
                .map_or(1, |duplicate| duplicate.count);
            number(most as f64, &mounts.source)
        },
    },
];

fn field(input: &Input<'_>, name: &str) -> Result<Kib, Missing> {
    let meminfo = input.evidence.meminfo.require("/proc/meminfo")?;
    meminfo
        .field(name)
        .ok_or_else(|| absent(format!("/proc/meminfo has no {name}")))
}

fn share(input: &Input<'_>, name: &str) -> Derived {
    let all = field(input, "MemTotal")?;
    number(
        field(input, name)?.0 as f64 / all.0.max(1) as f64,
        "/proc/meminfo",
    )
}
