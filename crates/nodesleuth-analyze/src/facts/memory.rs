//! Facts about the machine's memory, slab, dentries and mounts.

use super::{Derived, FactDef, FactType, absent, number, text};
use crate::input::Input;
use crate::kernel::Release;
use nodesleuth_model::evidence::VmStat;
use nodesleuth_model::{Kib, Missing, MissingKind};

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
        name: "memory.slab_unreclaimable.growth",
        kind: FactType::Number,
        unit: "bytes",
        doc: "Bytes a second by which slab memory that cannot be reclaimed grew; negative when it \
              shrank.",
        derive: slab_growth,
    },
    FactDef {
        name: "memory.slab.largest",
        kind: FactType::Text,
        unit: "",
        doc: "The slab cache that takes most memory.",
        derive: |input| {
            let slab = input.evidence.slab.require("slab caches")?;
            let largest = slab.caches.first();
            let largest = largest.ok_or_else(|| absent("/proc/slabinfo lists no cache"))?;
            text(&largest.name, "/proc/slabinfo")
        },
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
        doc: "Negative dentries (kernels from 5.0 on, RHEL 8 from 4.18.0-108 on).",
        derive: |input| number(negative(input)?, "/proc/sys/fs/dentry-state"),
    },
    FactDef {
        name: "dentry.negative_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Negative dentries per all dentries.",
        derive: |input| {
            let all = input.evidence.dentries.require("dentry-state")?.total;
            number(
                negative(input)? / all.max(1) as f64,
                "/proc/sys/fs/dentry-state",
            )
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

/// Kernels that do not count them print 0 there.
fn negative(input: &Input<'_>) -> Result<f64, Missing> {
    let state = input.evidence.dentries.require("dentry-state")?;
    if state.negative == 0 {
        let host = input.host()?;
        let release = Release::of(host, &input.catalog.families);
        let counts = release.is_some_and(|release| match release.family.as_str() {
            "rhel" if release.base == (4, 18, 0) => release.build >= Some(108),
            _ => release.base >= (5, 0, 0),
        });
        if !counts {
            let reason = format!(
                "kernel {} is not known to count negative dentries (5.0, RHEL 4.18.0-108)",
                host.kernel_release
            );
            return Err(Missing::new(MissingKind::Unsupported, reason));
        }
    }
    Ok(state.negative as f64)
}

/// From the counter in pages: /proc/meminfo is read once only.
fn slab_growth(input: &Input<'_>) -> Derived {
    let window = input.evidence.vmstat.require("/proc/vmstat")?;
    let page = input.host()?.page_size as f64;
    let pages = |stat: &VmStat| stat.counters.get("nr_slab_unreclaimable").copied();
    let ends = pages(&window.before.value).zip(pages(&window.after.value));
    let (before, after) =
        ends.ok_or_else(|| absent("/proc/vmstat has no nr_slab_unreclaimable"))?;
    number(
        (after as f64 - before as f64) * page / window.seconds(),
        "/proc/vmstat",
    )
}

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
