//! Which files are read to find what dying cgroups hold.
//!
//! On a kernel that walks, one `memory.stat` of each directory costs seconds each: then only
//! counters that are kept on every charge are read, which are flat on every kernel (except the
//! root's, which v1 adds up).

use crate::Node;
use crate::slow_read::{FileKind, NodeSize, Scope};
use nodesleuth_model::evidence::{
    CgroupVersion, DyingMemoryMethod, Hierarchy, ReadOutcome, TimedRead, TimedReads,
};
use nodesleuth_model::{Missing, MissingKind, Nanos};

/// One read of a counter, opened and closed: 9–20 µs measured.
const COUNTER: Nanos = Nanos(20_000);
/// A slower file is not read in our own process, where nothing could end it.
const SLOW: Nanos = Nanos(20_000_000);
/// A file that was not timed in a child is read only if it is expected to be flat.
const UNTIMED: Nanos = Nanos(1_000_000);

/// What the choice depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    /// Cgroups that may have to be read.
    pub(super) directories: u64,
    /// How long files take.
    pub(super) timed: Option<&'a TimedReads>,
    /// CPU time for all of them.
    pub(super) budget: Nanos,
}

/// The method that the budget allows.
pub(super) fn choose(
    node: &Node,
    memory: &Hierarchy,
    Situation {
        directories,
        timed,
        budget,
    }: Situation<'_>,
) -> Result<DyingMemoryMethod, Missing> {
    if budget.0 == 0 {
        let reason = "the budget for reads is used up";
        return Err(Missing::new(MissingKind::OverBudget, reason));
    }
    let v1 = memory.version == CgroupVersion::V1;
    if v1 && !counts_what_is_below(node, memory)? {
        return Err(Missing::new(
            MissingKind::Unsupported,
            format!(
                "{}/memory.use_hierarchy is 0: a cgroup's totals do not hold what is below it",
                memory.mount
            ),
        ));
    }
    let for_all = |each: Nanos| Nanos(each.0.saturating_mul(directories));
    // No cgroup's file costs more than the root's.
    let each = stat_cost(node, memory, timed);
    if each.is_some_and(|each| each <= SLOW && for_all(each) <= budget) {
        return Ok(if v1 {
            DyingMemoryMethod::MemoryStat
        } else {
            DyingMemoryMethod::MemoryStatV2
        });
    }
    if COUNTER > budget {
        let reason = format!("a budget of {budget} allows no read");
        return Err(Missing::new(MissingKind::OverBudget, reason));
    }
    Ok(if v1 {
        DyingMemoryMethod::UsageInBytes
    } else {
        DyingMemoryMethod::MemoryCurrent
    })
}

/// v1 until 5.10 could be told not to add up; a kernel without the file always does.
fn counts_what_is_below(node: &Node, memory: &Hierarchy) -> Result<bool, Missing> {
    let path = format!("{}/memory.use_hierarchy", memory.mount);
    match node.text(&path).map_err(Missing::from) {
        Ok(text) => Ok(text.trim() != "0"),
        Err(missing) if missing.kind == MissingKind::Absent => Ok(true),
        Err(missing) => Err(missing),
    }
}

/// What one `memory.stat` costs at most: the root's as it was timed, or what is predicted and was
/// seen further down; `None` when a file hung, the root's could not be read, or it was not timed and
/// may be slow.
fn stat_cost(node: &Node, memory: &Hierarchy, timed: Option<&TimedReads>) -> Option<Nanos> {
    let reads = timed.map_or(&[][..], |timed| timed.reads.as_slice());
    // What hung once is not risked again, whatever the kernel's release says.
    let hung = |read: &TimedRead| matches!(read.outcome, ReadOutcome::TimedOut { .. });
    if reads.iter().any(hung) {
        return None;
    }
    let path = format!("{}/memory.stat", memory.mount);
    let root = reads.iter().find(|read| read.path == path);
    match root.map(|read| &read.outcome) {
        Some(ReadOutcome::Read { wall, cpu, .. }) => Some(*cpu.max(wall)),
        Some(ReadOutcome::TimedOut { .. } | ReadOutcome::Failed { .. }) => None,
        Some(ReadOutcome::Skipped { .. }) | None => {
            let predicted = NodeSize::of(node).cost(FileKind::Stat, Scope::Subtree);
            let cost = reads
                .iter()
                .filter_map(stat_time)
                .fold(predicted, Nanos::max);
            (cost <= UNTIMED).then_some(cost)
        }
    }
}

fn stat_time(read: &TimedRead) -> Option<Nanos> {
    match read.outcome {
        ReadOutcome::Read { wall, cpu, .. } if read.file_name() == "memory.stat" => {
            Some(wall.max(cpu))
        }
        _ => None,
    }
}
