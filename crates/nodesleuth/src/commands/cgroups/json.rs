//! The census for programs: plain counts, each with how it was counted or why there is none.

use super::Found;
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::{
    CgroupGrowth, CgroupOccupancy, CgroupReaders, CgroupScan, CgroupVersion, DyingMemory,
    Hierarchy, PatternCount, TimedReads, kernel_memory_of_dying,
};
use serde::Serialize;

/// What the command prints. The counts at the top are of the hierarchy with the memory controller.
#[derive(Serialize)]
pub(super) struct Census<'a> {
    #[serde(flatten)]
    memory: Counts,
    hierarchies: Vec<Row<'a>>,
    /// CPU time that the census took.
    cost_nanos: u64,
    /// Kernel memory that the dying ones occupy themselves, an estimate.
    dying_kernel_bytes: Option<u64>,
    dying_memory: &'a Observed<DyingMemory>,
    /// Bytes held may lag: changes below this are shown up to two seconds late.
    late_below_bytes: Option<u64>,
    timed_reads: &'a Observed<TimedReads>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occupancy: Option<&'a Observed<CgroupOccupancy>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    readers: Option<&'a Observed<CgroupReaders>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<&'a Observed<CgroupGrowth>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scan: Option<&'a Observed<CgroupScan>>,
}

/// Counts; `null` where there is none, with the reason beside it.
#[derive(Default, Serialize)]
struct Counts {
    live: Option<u64>,
    live_how: String,
    dying: Option<u64>,
    dying_how: String,
}

#[derive(Serialize)]
struct Row<'a> {
    controllers: &'a [String],
    version: CgroupVersion,
    mount: &'a str,
    #[serde(flatten)]
    counts: Counts,
    kernel_count: Option<u64>,
    /// How far two readings of the kernel's number were apart.
    dying_spread: Option<u64>,
    /// By the kernel's own objects, an upper bound.
    dying_by_objects: Option<u64>,
    max_depth: u32,
    patterns: &'a [PatternCount],
}

pub(super) fn of(found: &Found) -> Census<'_> {
    let seen = &found.seen;
    let census = seen.census.require("cgroups");
    let memory = match &census {
        Ok(census) => census.memory().map(counts).unwrap_or_else(|| {
            let why = "no hierarchy carries the memory controller".to_owned();
            Counts {
                live_how: why.clone(),
                dying_how: why,
                ..Counts::default()
            }
        }),
        Err(missing) => {
            let why = missing.to_string();
            Counts {
                live_how: why.clone(),
                dying_how: why,
                ..Counts::default()
            }
        }
    };
    let hierarchies = census
        .as_ref()
        .map(|census| census.hierarchies.iter().map(row).collect());
    let cpus = seen
        .host
        .value()
        .and_then(|host| host.possible_cpus.value());
    Census {
        dying_kernel_bytes: memory
            .dying
            .zip(cpus)
            .map(|(dying, cpus)| kernel_memory_of_dying(dying, *cpus).0),
        memory,
        hierarchies: hierarchies.unwrap_or_default(),
        cost_nanos: census.map_or(0, |census| census.cost.0),
        dying_memory: &seen.dying_memory,
        late_below_bytes: seen
            .host
            .value()
            .and_then(|host| host.statistics_lag())
            .map(|lag| lag.0),
        timed_reads: &seen.timed_reads,
        occupancy: asked_for(&found.occupancy),
        readers: asked_for(&found.readers),
        growth: asked_for(&found.growth),
        scan: asked_for(&seen.scan),
    }
}

fn asked_for<T>(observed: &Observed<T>) -> Option<&Observed<T>> {
    (!matches!(observed, Observed::NotRequested)).then_some(observed)
}

fn row(hierarchy: &Hierarchy) -> Row<'_> {
    Row {
        controllers: &hierarchy.controllers,
        version: hierarchy.version,
        mount: &hierarchy.mount,
        counts: counts(hierarchy),
        kernel_count: hierarchy.kernel_count.value().copied(),
        dying_spread: hierarchy.dying.value().and_then(|dying| dying.spread),
        dying_by_objects: hierarchy.dying_by_objects.value().map(|dying| dying.count),
        max_depth: hierarchy.max_depth,
        patterns: &hierarchy.patterns,
    }
}

fn counts(hierarchy: &Hierarchy) -> Counts {
    let live = hierarchy.live.require("live");
    let dying = hierarchy.dying.require("dying");
    let at_least = if hierarchy.partial {
        ", cut by the budget: a lower bound"
    } else {
        ""
    };
    Counts {
        live: live.as_ref().ok().map(|live| **live),
        live_how: match &live {
            Ok(_) => format!("directories under {}{at_least}", hierarchy.mount),
            Err(missing) => missing.to_string(),
        },
        dying: dying.as_ref().ok().map(|dying| dying.count),
        dying_how: match dying {
            Ok(dying) => dying.how.clone(),
            Err(missing) => missing.to_string(),
        },
    }
}
