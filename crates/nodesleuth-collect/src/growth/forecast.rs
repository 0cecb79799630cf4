//! When a read of the root's `memory.stat` will be slow at the rate that was seen.

use crate::Node;
use crate::slow_read::{FileKind, NodeSize, Scope};
use nodesleuth_model::evidence::{CgroupGrowth, Hierarchy, ReadForecast, ReadOutcome, TimedReads};
use nodesleuth_model::{Missing, MissingKind, Nanos};

/// From here on a read's time is the cgroups' and can be divided among them.
const WALK: Nanos = Nanos(1_000_000);
const MANY: u64 = 200;

pub(crate) fn forecast(
    node: &Node,
    memory: &Hierarchy,
    timed: Option<&TimedReads>,
    growth: &CgroupGrowth,
) -> Result<ReadForecast, Missing> {
    let size = NodeSize::of(node);
    let predicted = |cgroups| {
        let size = NodeSize {
            memory_cgroups: cgroups,
            ..size.clone()
        };
        size.cost(FileKind::Stat, Scope::Subtree)
    };
    let path = format!("{}/memory.stat", memory.mount);
    let read = timed.and_then(|timed| timed.reads.iter().find(|read| read.path == path));
    let now = match read.map(|read| &read.outcome) {
        Some(ReadOutcome::Read { wall, .. }) => Some(*wall),
        _ => None,
    };
    let cgroups = size.memory_cgroups;
    // What is measured wins: over what the release says about walking, and about its price.
    let measured = now.filter(|_| cgroups > MANY);
    let (nanos_each, measured) = match measured {
        Some(now) if now < WALK => (0.0, true),
        Some(now) => (now.0 as f64 / cgroups as f64, true),
        None => {
            let each = predicted(2_000).0.saturating_sub(predicted(1_000).0) as f64 / 1_000.0;
            (each, false)
        }
    };
    if nanos_each <= 0.0 {
        let reason = "on this kernel a read of memory.stat costs the same however many are dying";
        return Err(Missing::new(MissingKind::Unsupported, reason));
    }
    let now = now.unwrap_or_else(|| predicted(cgroups));
    Ok(ReadForecast::of(
        now,
        nanos_each,
        measured,
        growth.dying_a_day()?,
    ))
}
