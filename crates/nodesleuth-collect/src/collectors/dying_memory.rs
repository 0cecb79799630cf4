//! What dying cgroups hold, as a collector; the search itself is in [`crate::dying_memory`].

use crate::dying_memory::{DyingMemorySearch, dying_memory};
use crate::{Collector, Ctx, Finish};
use nodesleuth_model::evidence::{DyingMemory, ReadOutcome, TimedReads};
use nodesleuth_model::{Evidence, Missing, MissingKind, Nanos, Observed};

/// Memory that dying cgroups hold, by the lowest visible cgroup above them.
#[derive(Debug)]
pub(super) struct DyingMemoryCollector;

impl Collector for DyingMemoryCollector {
    fn name(&self) -> &'static str {
        "dying_memory"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        Box::new(move |evidence| evidence.dying_memory = search(ctx, evidence).into())
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.dying_memory = Observed::Unavailable(missing);
    }
}

fn search(ctx: &Ctx<'_>, evidence: &Evidence) -> Result<DyingMemory, Missing> {
    if ctx.cancel.requested() {
        return Err(Missing::new(
            MissingKind::Interrupted,
            "interrupted before it was looked for what dying cgroups hold",
        ));
    }
    let census = evidence.cgroups.require("cgroup census")?;
    let timed = evidence.timed_reads.value();
    let budget = Nanos(u64::try_from(ctx.slow_read_budget.as_nanos()).unwrap_or(u64::MAX));
    let search = DyingMemorySearch {
        census,
        timed_reads: timed,
        budget: Nanos(budget.0.saturating_sub(timed.map_or(0, spent))),
        below: "",
    };
    dying_memory(ctx.node, search, ctx.cancel)
}

/// What the timed reads have taken of the same budget.
fn spent(timed: &TimedReads) -> u64 {
    let outcomes = timed.reads.iter().map(|read| &read.outcome);
    let each = outcomes.map(|outcome| match outcome {
        ReadOutcome::Read {
            wall, cpu, repeats, ..
        } => wall.max(cpu).0.saturating_mul(u64::from(*repeats)),
        ReadOutcome::TimedOut { after, .. } => after.0,
        ReadOutcome::Skipped { .. } | ReadOutcome::Failed { .. } => 0,
    });
    each.fold(0, u64::saturating_add)
}
