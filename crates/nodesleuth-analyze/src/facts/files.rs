//! Facts about which files the target has open, from samples over the window.

use super::{Derived, FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::Missing;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "target.files.passing_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of samples in which a short-lived descriptor of any kind was open.",
        derive: |input| {
            let counts = counts(input)?;
            number(ratio(counts.passing, counts.samples)?, source(&counts))
        },
    },
    FactDef {
        name: "target.files.sightings",
        kind: FactType::Number,
        unit: "count",
        doc: "How often short-lived descriptors were seen: what the shares below stand on.",
        derive: |input| {
            let counts = counts(input)?;
            number(f64::from(counts.all), source(&counts))
        },
    },
    FactDef {
        name: "target.files.cgroup_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of samples in which a short-lived descriptor of a cgroup file was open.",
        derive: |input| {
            let counts = counts(input)?;
            number(
                ratio(counts.cgroup.min(counts.samples), counts.samples)?,
                source(&counts),
            )
        },
    },
    FactDef {
        name: "target.files.cgroup_of_passing",
        kind: FactType::Number,
        unit: "share",
        doc: "Of all short-lived descriptors seen, the share that were cgroup files.",
        derive: |input| {
            let counts = counts(input)?;
            number(ratio(counts.cgroup, counts.all)?, source(&counts))
        },
    },
    FactDef {
        name: "target.files.dir_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of samples in which a directory outside cgroups and /proc was being listed.",
        derive: |input| {
            let counts = counts(input)?;
            number(
                ratio(counts.dir.min(counts.samples), counts.samples)?,
                source(&counts),
            )
        },
    },
    FactDef {
        name: "target.files.dir_of_passing",
        kind: FactType::Number,
        unit: "share",
        doc: "Of all short-lived descriptors seen, the share that were such directories.",
        derive: |input| {
            let counts = counts(input)?;
            number(ratio(counts.dir, counts.all)?, source(&counts))
        },
    },
    FactDef {
        name: "target.files.distinct",
        kind: FactType::Number,
        unit: "count",
        doc: "Distinct short-lived paths seen.",
        derive: |input| {
            let samples = input.evidence.open_files.require("open files")?;
            number(f64::from(samples.distinct_paths), source(&counts(input)?))
        },
    },
    FactDef {
        name: "target.files.top_cgroup_pattern",
        kind: FactType::Text,
        unit: "",
        doc: "Kind of cgroup file that was open most often.",
        derive: |input| top(input, "cgroup"),
    },
    FactDef {
        name: "target.files.top_dir_pattern",
        kind: FactType::Text,
        unit: "",
        doc: "Where directories were listed most often.",
        derive: |input| top(input, "dir"),
    },
    FactDef {
        name: "target.files.cgroup_kernel_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "Kernel CPU that goes with cgroup files: kernel cores × their share of short-lived \
              descriptors. An estimate for targets without a profile.",
        derive: |input| split(input, |cpu| cpu.kernel, |counts| counts.cgroup),
    },
    FactDef {
        name: "target.files.cgroup_user_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "User CPU that goes with cgroup files, estimated in the same way.",
        derive: |input| split(input, |cpu| cpu.user, |counts| counts.cgroup),
    },
    FactDef {
        name: "target.files.dir_kernel_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "Kernel CPU that goes with listing directories, estimated in the same way.",
        derive: |input| split(input, |cpu| cpu.kernel, |counts| counts.dir),
    },
    FactDef {
        name: "target.files.dir_user_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "User CPU that goes with listing directories, estimated in the same way.",
        derive: |input| split(input, |cpu| cpu.user, |counts| counts.dir),
    },
];

/// How often what was open. `cgroup`, `dir` and `all` are sums over patterns: a sample with two
/// kinds of cgroup file counts twice.
pub(super) struct Counts {
    pub(super) samples: u32,
    passing: u32,
    pub(super) cgroup: u32,
    dir: u32,
    pub(super) all: u32,
}

pub(super) fn counts(input: &Input<'_>) -> Result<Counts, Missing> {
    let open = input.evidence.open_files.require("open files")?;
    let of = |kind: &str| -> u32 {
        open.passing
            .iter()
            .filter(|path| path.kind == kind)
            .map(|path| path.samples)
            .sum()
    };
    Ok(Counts {
        samples: open.samples,
        passing: open.samples_with_passing,
        cgroup: of("cgroup"),
        dir: of("dir"),
        all: open.passing.iter().map(|path| path.samples).sum(),
    })
}

fn ratio(part: u32, whole: u32) -> Result<f64, Missing> {
    if whole == 0 {
        return Err(absent("no short-lived descriptor was seen"));
    }
    Ok((f64::from(part) / f64::from(whole)).min(1.0))
}

fn source(counts: &Counts) -> String {
    format!("{} samples of /proc/PID/fd", counts.samples)
}

fn top(input: &Input<'_>, kind: &str) -> Derived {
    let open = input.evidence.open_files.require("open files")?;
    let path = open.passing.iter().find(|path| path.kind == kind);
    let path = path.ok_or_else(|| absent(format!("no {kind} was seen open")))?;
    text(
        &path.pattern,
        format!("{} of {} samples", path.samples, open.samples),
    )
}

fn split(
    input: &Input<'_>,
    cpu: fn(&crate::cpu::TargetCpu) -> f64,
    part: fn(&Counts) -> u32,
) -> Derived {
    let counts = counts(input)?;
    let share = ratio(part(&counts), counts.all)?;
    number(cpu(&input.cpu()?) * share, source(&counts))
}
