//! The census for programs: plain counts, each with how it was counted or why there is none.

use nodesleuth_collect::CgroupsSeen;
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::{CgroupScan, CgroupVersion, Hierarchy, PatternCount, TimedReads};
use serde::Serialize;

/// What the command prints. The counts at the top are of the hierarchy with the memory controller.
#[derive(Serialize)]
pub(super) struct Census<'a> {
    #[serde(flatten)]
    memory: Counts,
    hierarchies: Vec<Row<'a>>,
    /// CPU time that the census took.
    cost_nanos: u64,
    timed_reads: &'a Observed<TimedReads>,
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
    max_depth: u32,
    patterns: &'a [PatternCount],
}

pub(super) fn of(seen: &CgroupsSeen) -> Census<'_> {
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
    Census {
        memory,
        hierarchies: hierarchies.unwrap_or_default(),
        cost_nanos: census.map_or(0, |census| census.cost.0),
        timed_reads: &seen.timed_reads,
        scan: (seen.scan != Observed::NotRequested).then_some(&seen.scan),
    }
}

fn row(hierarchy: &Hierarchy) -> Row<'_> {
    Row {
        controllers: &hierarchy.controllers,
        version: hierarchy.version,
        mount: &hierarchy.mount,
        counts: counts(hierarchy),
        kernel_count: hierarchy.kernel_count.value().copied(),
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
