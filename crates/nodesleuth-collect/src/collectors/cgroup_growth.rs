//! Who makes cgroups during the window, as a collector; listening itself is in [`crate::growth`].

use crate::census::{kernel_hierarchy, mounted};
use crate::growth::{InWindow, forecast};
use crate::{Collector, Ctx, Finish};
use nodesleuth_model::evidence::CgroupGrowth;
use nodesleuth_model::{Evidence, Missing, Observed};

/// Births and deaths of memory cgroups, from the window's begin until the other looks are done.
#[derive(Debug)]
pub(super) struct CgroupGrowthCollector;

impl Collector for CgroupGrowthCollector {
    fn name(&self) -> &'static str {
        "cgroup_growth"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let listening = start(ctx);
        Box::new(move |evidence| {
            let growth = listening.and_then(InWindow::finish);
            evidence.cgroup_growth = growth.map(|growth| foretold(ctx, evidence, growth)).into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.cgroup_growth = Observed::Unavailable(missing);
    }
}

fn start(ctx: &Ctx<'_>) -> Result<InWindow, Missing> {
    let hierarchies = mounted(ctx.node)?;
    let entries = hierarchies.iter().map(crate::census::Mounted::entry);
    let memory = entries.into_iter().find(|entry| entry.has("memory"));
    let number = memory.and_then(|memory| kernel_hierarchy(ctx.node, memory));
    InWindow::start(ctx.node, number, ctx.cancel)
}

/// With when reads will be slow, which the looks before this one tell.
fn foretold(ctx: &Ctx<'_>, evidence: &Evidence, mut growth: CgroupGrowth) -> CgroupGrowth {
    let timed = evidence.timed_reads.value();
    let census = evidence.cgroups.value();
    if let Some(memory) = census.and_then(|census| census.memory()) {
        growth.forecast = forecast(ctx.node, memory, timed, &growth).into();
    }
    growth
}
