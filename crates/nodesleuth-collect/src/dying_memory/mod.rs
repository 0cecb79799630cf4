//! Finds what dying cgroups hold and below which visible cgroups they are, top down: where most
//! bytes are unexplained is looked at first, so that a budget that ends early costs the least.

mod choice;
mod meter;
mod search;

use crate::census::walk::{Budget, walk};
use crate::{Cancel, Node, cpu_time};
use choice::{Situation, choose};
use meter::Meter;
use nodesleuth_model::evidence::{CgroupCensus, DyingMemory, Hierarchy, TimedReads};
use nodesleuth_model::{Missing, MissingKind, Nanos};
use search::{Limits, Search};

/// What the search depends on.
#[derive(Clone, Copy, Debug)]
pub struct DyingMemorySearch<'a> {
    /// The census: where the memory controller is, and how many cgroups there are.
    pub census: &'a CgroupCensus,
    /// How long its files take; without them the kernel's release decides what is risked.
    pub timed_reads: Option<&'a TimedReads>,
    /// CPU time that it may cost.
    pub budget: Nanos,
    /// Only at and below this cgroup, as its path below the mount; "" for all.
    pub below: &'a str,
}

/// Directories below one cgroup are counted for no more than this.
const COUNT: (u64, Nanos) = (200_000, Nanos(300_000_000));
/// Assumed where the directories could not be counted.
const MANY: u64 = 20_000;

/// Finds what dying memory cgroups hold. Reads one small file for each cgroup below which
/// something is unexplained, never one that was seen or is expected to be slow.
///
/// # Errors
/// When there is no memory hierarchy, its files do not tell, or none of them can be read within
/// the budget; the reason says which.
pub fn dying_memory(
    node: &Node,
    search: DyingMemorySearch<'_>,
    cancel: &Cancel,
) -> Result<DyingMemory, Missing> {
    let began = cpu_time::of_this_thread();
    let spent = || Nanos(cpu_time::of_this_thread().0.saturating_sub(began.0));
    let memory = search.census.memory().ok_or_else(|| {
        let reason = "no hierarchy carries the memory controller";
        Missing::new(MissingKind::Absent, reason)
    })?;
    if is_none_dying(memory) {
        return Ok(DyingMemory::default());
    }
    let situation = Situation {
        directories: directories(node, memory, search.below),
        timed: search.timed_reads,
        budget: search.budget,
    };
    let method = choose(node, memory, situation)?;
    let meter = Meter {
        node,
        mount: &memory.mount,
        method,
    };
    let limits = Limits {
        cpu_until: Nanos(began.0.saturating_add(search.budget.0)),
        cancel,
    };
    let found = Search::new(&meter, &limits).run(search.below)?;
    Ok(DyingMemory {
        method,
        cost: spent(),
        ..found
    })
}

/// How many cgroups may have to be read.
fn directories(node: &Node, memory: &Hierarchy, below: &str) -> u64 {
    if below.is_empty() {
        return memory.live.value().copied().unwrap_or(MANY);
    }
    let (directories, cpu) = COUNT;
    let budget = Budget::from_now(directories, cpu);
    let folder = node.path(format!("{}{below}", memory.mount));
    match walk(&folder, &budget, (), |_| ()) {
        Ok(walked) if !walked.partial => walked.directories,
        _ => MANY,
    }
}

/// Where nothing is dying, small differences between readings would look as if something were.
fn is_none_dying(memory: &Hierarchy) -> bool {
    memory.dying.value().is_some_and(|dying| dying.count == 0)
}

#[cfg(test)]
mod tests;
