//! The cgroup census: live directories of every hierarchy by name pattern, and dying cgroups.

mod dying;
mod hierarchy;
mod leaves;
mod occupancy;
mod patterns;
mod population;
pub(crate) mod walk;

pub(crate) use hierarchy::{Mounted, kernel_hierarchy, mounted};
pub(crate) use leaves::{deepest_leaves, holds_others};

pub use occupancy::occupancy;
pub use population::{PopulatedCgroup, Population, PopulationLimits, population};

use crate::collectors::in_cgroup_namespace;
use crate::{Cancel, Clock, Node, cpu_time};
use hierarchy::kernel_counts;
use nodesleuth_model::evidence::CgroupCensus;
use nodesleuth_model::{Missing, Nanos};
use std::time::Duration;
use walk::Budget;

/// Directories of one hierarchy that are walked at most.
const MAX_DIRECTORIES: u64 = 200_000;
/// CPU time for all walks.
const MAX_CPU: Nanos = Nanos(3_000_000_000);
/// CPU time when the user has asked to stop: enough for tens of thousands of cgroups.
const MAX_CPU_INTERRUPTED: Nanos = Nanos(200_000_000);
/// A removal shows in the kernel's count only after an RCU grace period.
const SECOND_COUNT_AFTER: Duration = Duration::from_millis(100);
/// A walk dearer than this is not done twice to even that out.
const CHEAP_WALK: Nanos = Nanos(100_000_000);

/// Counts the cgroups of every mounted hierarchy.
///
/// # Errors
/// When the mounts cannot be read or there is no hierarchy; what is wrong with a single hierarchy
/// stands in its entry.
pub fn census(node: &Node, clock: &dyn Clock, cancel: &Cancel) -> Result<CgroupCensus, Missing> {
    let began = cpu_time::of_this_thread();
    let spent = || Nanos(cpu_time::of_this_thread().0.saturating_sub(began.0));
    let namespaced = in_cgroup_namespace(node).unwrap_or(false);
    let cpu = if cancel.requested() {
        MAX_CPU_INTERRUPTED
    } else {
        MAX_CPU
    };
    let budget = Budget::from_now(MAX_DIRECTORIES, cpu);
    let mut hierarchies = mounted(node)?;
    let before = kernel_counts(node);
    // The memory hierarchy first, so that it is the one that gets the budget.
    let mut order: Vec<usize> = (0..hierarchies.len()).collect();
    order.sort_by_key(|&index| !hierarchies[index].has("memory"));
    for &index in &order {
        hierarchies[index].count(node, &budget, &before, namespaced);
    }
    let lagging = hierarchies.iter().any(Mounted::may_lag);
    if lagging && spent() < CHEAP_WALK && !cancel.requested() {
        clock.wait(SECOND_COUNT_AFTER);
        let before = kernel_counts(node);
        for hierarchy in hierarchies
            .iter_mut()
            .filter(|hierarchy| hierarchy.may_lag())
        {
            hierarchy.count_again(node, &budget, &before);
        }
    }
    Ok(CgroupCensus {
        hierarchies: hierarchies.into_iter().map(Mounted::into_entry).collect(),
        cost: spent(),
    })
}

#[cfg(test)]
mod tests;
