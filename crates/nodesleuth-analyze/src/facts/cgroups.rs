//! Facts about live and dying cgroups.

use super::goroutines::housekeepers;
use super::kubelet_stats::counted_in;
use super::{Derived, FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::evidence::{
    CgroupMode, CgroupVersion, Hierarchy, PatternCount, kernel_memory_of_dying,
};
use nodesleuth_model::{Missing, Observed};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "cgroup.mode",
        kind: FactType::Text,
        unit: "",
        doc: "v1, v2 or hybrid.",
        derive: |input| {
            let mode = input.host()?.cgroup_mode.require("cgroup mode")?;
            let word = match mode {
                CgroupMode::V1 => "v1",
                CgroupMode::V2 => "v2",
                CgroupMode::Hybrid => "hybrid",
            };
            text(word, "mount table")
        },
    },
    FactDef {
        name: "cgroup.memory.live",
        kind: FactType::Number,
        unit: "count",
        doc: "Directories of the hierarchy that carries the memory controller, root included.",
        derive: |input| {
            let memory = memory(input)?;
            number(
                *memory.live.require("live memory cgroups")? as f64,
                &memory.mount,
            )
        },
    },
    FactDef {
        name: "cgroup.memory.dying",
        kind: FactType::Number,
        unit: "count",
        doc: "Memory cgroups that were removed and still live in the kernel.",
        derive: |input| {
            let dying = memory(input)?.dying.require("dying memory cgroups")?;
            number(dying.count as f64, &dying.how)
        },
    },
    FactDef {
        name: "cgroup.memory.dying_kernel_bytes",
        kind: FactType::Number,
        unit: "bytes",
        doc: "Kernel memory that dying memory cgroups occupy themselves, estimated from their \
              number and the possible CPUs.",
        derive: |input| {
            let dying = memory(input)?.dying.require("dying memory cgroups")?;
            let cpus = input.host()?.possible_cpus.require("possible CPUs")?;
            let bytes = kernel_memory_of_dying(dying.count, *cpus);
            number(
                bytes.0 as f64,
                format!("{} dying and {cpus} possible CPUs", dying.count),
            )
        },
    },
    FactDef {
        name: "cgroup.memory.dying_bytes",
        kind: FactType::Number,
        unit: "bytes",
        doc: "Memory that dying cgroups hold: what their parents count and nobody else explains. \
              Changes of less than 64 pages a CPU are counted up to two seconds late.",
        derive: |input| {
            let held = input
                .evidence
                .dying_memory
                .require("what dying cgroups hold")?;
            number(held.total.0 as f64, held.method.as_str())
        },
    },
    FactDef {
        name: "cgroup.memory.dying_bytes_late",
        kind: FactType::Number,
        unit: "bytes",
        doc: "Changes below this are counted up to two seconds late (64 pages a CPU). Known only \
              where dying cgroups hold less than that, so that it matters.",
        derive: late,
    },
    FactDef {
        name: "cgroup.memory.dying_holder",
        kind: FactType::Text,
        unit: "",
        doc: "The lowest visible cgroup below which dying ones hold nine tenths of that memory.",
        derive: |input| {
            let held = input
                .evidence
                .dying_memory
                .require("what dying cgroups hold")?;
            let (path, bytes) = held
                .lowest_holding(0.9)
                .ok_or_else(|| absent("dying cgroups hold no memory"))?;
            let mount = &memory(input)?.mount;
            text(
                format!("{mount}{path}"),
                format!("{bytes} of {}", held.total),
            )
        },
    },
    FactDef {
        name: "cgroup.memory.total",
        kind: FactType::Number,
        unit: "count",
        doc: "Live and dying memory cgroups: what a walk visits.",
        derive: total,
    },
    FactDef {
        name: "cgroup.memory.beyond_cpu",
        kind: FactType::Number,
        unit: "count",
        doc: "By how many the kernel counts more memory cgroups than cgroups of the cpu controller, \
              which live in the same directories on v1: a sign of dying ones where nobody counted \
              directories.",
        derive: |input| {
            let census = input.evidence.cgroups.require("cgroup census")?;
            let count_of = |controller: &str| {
                let mut all = census.hierarchies.iter();
                let one = all.find(|one| one.has(controller) && one.version == CgroupVersion::V1);
                let one = one.ok_or_else(|| absent(format!("no v1 hierarchy of {controller}")))?;
                one.kernel_count.require("the kernel's count of cgroups")
            };
            let (memory, cpu) = (*count_of("memory")?, *count_of("cpu")?);
            number(memory.saturating_sub(cpu) as f64, "/proc/cgroups")
        },
    },
    FactDef {
        name: "cgroup.live.max",
        kind: FactType::Number,
        unit: "count",
        doc: "Directories of the hierarchy that has most; from outside those that the kubelet's \
              cAdvisor follows.",
        derive: |input| {
            let largest = largest(input)?;
            number(largest.live as f64, largest.source)
        },
    },
    FactDef {
        name: "cgroup.live.all",
        kind: FactType::Number,
        unit: "count",
        doc: "Directories of all hierarchies together.",
        derive: |input| {
            let census = input.evidence.cgroups.require("cgroup census")?;
            let counted = census.hierarchies.iter().filter_map(|h| h.live.value());
            number(
                counted.sum::<u64>() as f64,
                "directories of all hierarchies",
            )
        },
    },
    FactDef {
        name: "cgroup.pattern.top",
        kind: FactType::Text,
        unit: "",
        doc: "Name pattern that most directories of the largest hierarchy follow.",
        derive: |input| {
            let pattern = top_pattern(input)?;
            text(&pattern.pattern, format!("such as {}", pattern.example))
        },
    },
    FactDef {
        name: "cgroup.pattern.top_path",
        kind: FactType::Text,
        unit: "",
        doc: "The same with the mount before it, for `find -path`; unknown when its last component \
              would match nearly anything.",
        derive: |input| {
            let mount = largest(input)?.mount;
            let mount = mount.ok_or_else(|| absent("where it is mounted is not known"))?;
            let pattern = &top_pattern(input)?.pattern;
            let last = pattern.rsplit('/').next().unwrap_or(pattern);
            if last.chars().filter(|c| c.is_alphanumeric()).count() < MIN_LITERAL {
                return Err(absent(format!("{pattern} would match nearly anything")));
            }
            text(format!("{}{pattern}", mount.trim_end_matches('/')), pattern)
        },
    },
    FactDef {
        name: "cgroup.pattern.top_count",
        kind: FactType::Number,
        unit: "count",
        doc: "Directories that follow that pattern.",
        derive: |input| {
            let pattern = top_pattern(input)?;
            number(pattern.count as f64, &pattern.pattern)
        },
    },
    FactDef {
        name: "cgroup.pattern.top_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of the largest hierarchy's directories that follow that pattern.",
        derive: |input| {
            let live = largest(input)?.live;
            let pattern = top_pattern(input)?;
            number(
                pattern.count as f64 / (live.max(1)) as f64,
                &pattern.pattern,
            )
        },
    },
];

/// Letters and digits that a name pattern must hold to be searched for.
const MIN_LITERAL: usize = 4;

fn memory<'a>(input: &Input<'a>) -> Result<&'a Hierarchy, Missing> {
    let census = input.evidence.cgroups.require("cgroup census")?;
    census
        .memory()
        .ok_or_else(|| absent("no hierarchy carries the memory controller"))
}

fn late(input: &Input<'_>) -> Derived {
    let held = input
        .evidence
        .dying_memory
        .require("what dying cgroups hold")?;
    let lag = input.host()?.statistics_lag();
    let lag = lag.ok_or_else(|| absent("the number of CPUs is not known"))?;
    match held.total < lag {
        true => number(lag.0 as f64, "64 pages for each CPU"),
        false => Err(absent("dying cgroups hold more than may be counted late")),
    }
}

pub(super) fn total(input: &Input<'_>) -> Derived {
    let memory = memory(input)?;
    if let Some(count) = memory.kernel_count.value() {
        return number(*count as f64, "num_cgroups in /proc/cgroups");
    }
    let live = memory.live.require("live memory cgroups")?;
    let dying = memory.dying.require("dying memory cgroups")?;
    number((live + dying.count) as f64, "live + dying")
}

const HOUSEKEEPERS: &str = "goroutines in cAdvisor's housekeeping, one for each cgroup";

/// The cgroups that are told apart by name.
struct Largest<'a> {
    live: u64,
    patterns: &'a [PatternCount],
    mount: Option<&'a str>,
    source: String,
}

/// Of the hierarchy that has most, or those that the kubelet's cAdvisor reports, or those for which it
/// has a goroutine.
fn largest<'a>(input: &Input<'a>) -> Result<Largest<'a>, Missing> {
    let evidence = input.evidence;
    if let (Observed::NotRequested, Some(window)) =
        (&evidence.cgroups, evidence.container_stats.value())
    {
        let stats = &window.after.value;
        let whole = match stats.incomplete {
            None => None,
            Some(_) => housekeepers(input).filter(|live| *live > stats.cgroups),
        };
        return Ok(Largest {
            live: whole.unwrap_or(stats.cgroups),
            patterns: &stats.patterns,
            mount: None,
            source: match whole {
                Some(_) => HOUSEKEEPERS.to_owned(),
                None => counted_in("cgroups in the kubelet's /metrics/cadvisor", stats),
            },
        });
    }
    if let (Observed::NotRequested, Some(live)) = (&evidence.cgroups, housekeepers(input)) {
        return Ok(Largest {
            live,
            patterns: &[],
            mount: None,
            source: HOUSEKEEPERS.to_owned(),
        });
    }
    let census = evidence.cgroups.require("cgroup census")?;
    let counted = census
        .hierarchies
        .iter()
        .filter_map(|h| h.live.value().map(|live| (h, *live)));
    // The first of equals: mount order is stable.
    let mut best: Option<(&Hierarchy, u64)> = None;
    for (hierarchy, live) in counted {
        if best.is_none_or(|(_, most)| live > most) {
            best = Some((hierarchy, live));
        }
    }
    let (hierarchy, live) = best.ok_or_else(|| absent("no hierarchy could be counted"))?;
    Ok(Largest {
        live,
        patterns: &hierarchy.patterns,
        mount: Some(&hierarchy.mount),
        source: format!("directories under {}", hierarchy.mount),
    })
}

fn top_pattern<'a>(input: &Input<'a>) -> Result<&'a PatternCount, Missing> {
    let patterns = largest(input)?.patterns;
    patterns
        .first()
        .ok_or_else(|| absent("no name patterns were counted"))
}
