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
        derive: |input| number(cgroup_share_of_passing(input)?, source(&counts(input)?)),
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
            number(
                share_of_passing(&counts, |counts| counts.dir)?,
                source(&counts),
            )
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
        name: "target.files.cgroup_distinct",
        kind: FactType::Number,
        unit: "share",
        doc: "Distinct cgroup files among those seen, per sighting: near 1 when many files are \
              read, near 0 when a few are read again and again.",
        derive: |input| {
            let counts = counts(input)?;
            let open = input.evidence.open_files.require("open files")?;
            let cgroups = open.passing.iter().filter(|path| path.kind == "cgroup");
            let distinct: u32 = cgroups.map(|path| path.distinct).sum();
            number(ratio(distinct, counts.cgroup)?, source(&counts))
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
        name: "target.files.dir_kernel_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "Kernel CPU that goes with listing directories: kernel cores × their share of \
              short-lived descriptors. An estimate for targets without a profile.",
        derive: |input| {
            let share = share_of_passing(&counts(input)?, |counts| counts.dir)?;
            number(input.cpu()?.kernel * share, source(&counts(input)?))
        },
    },
    FactDef {
        name: "target.files.dir_user_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "User CPU that goes with it, but no more than half of the kernel part.",
        derive: |input| {
            let cpu = input.cpu()?;
            let share = share_of_passing(&counts(input)?, |counts| counts.dir)?;
            let most = cpu.kernel * share * WALK_USER_PER_KERNEL;
            number((cpu.user * share).min(most), source(&counts(input)?))
        },
    },
];

/// Shares of fewer sightings than this are unknown.
const MIN_SIGHTINGS: u32 = 5;
/// A walker's own code per kernel CPU: 0.16 measured on ours, more in Go.
const WALK_USER_PER_KERNEL: f64 = 0.5;

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

/// Of all short-lived descriptors seen, the share that were cgroup files.
pub(super) fn cgroup_share_of_passing(input: &Input<'_>) -> Result<f64, Missing> {
    share_of_passing(&counts(input)?, |counts| counts.cgroup)
}

/// A share of a handful of sightings says nothing.
fn share_of_passing(counts: &Counts, part: fn(&Counts) -> u32) -> Result<f64, Missing> {
    if counts.all < MIN_SIGHTINGS {
        return Err(absent(format!(
            "only {} short-lived descriptors were seen in {} samples: use a longer --window",
            counts.all, counts.samples
        )));
    }
    ratio(part(counts), counts.all)
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
