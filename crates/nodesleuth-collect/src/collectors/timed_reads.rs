//! Times the files that are known to get slow, each in a child under a deadline.
//!
//! Which files there are is decided here; in which order, and which are too dangerous, in
//! [`crate::slow_read`].

use super::kernel_settings::softlockup_panic;
use crate::census::{deepest_leaves, walk::Budget};
use crate::slow_read::{
    Attempt, Candidate, FileKind, NodeSize, Scope, Situation, SlowReader, plan,
};
use crate::{Collector, Ctx, Finish, Node};
use nodesleuth_model::evidence::{CgroupVersion, Hierarchy, ReadOutcome, TimedReads};
use nodesleuth_model::{Evidence, Missing, MissingKind, Nanos, Observed};
use std::path::Path;

/// Not more files than this are timed.
const MAX_READS: usize = 14;
/// Cgroups with many others below them, where they exist, in the order of what they tell; "" is
/// the root. Every one of them pays for the dying ones below it.
const HOLDERS: [&str; 10] = [
    "",
    "/kubepods",
    "/kubepods.slice",
    "/kubepods/besteffort",
    "/kubepods.slice/kubepods-besteffort.slice",
    "/kubepods/burstable",
    "/kubepods.slice/kubepods-burstable.slice",
    "/system.slice",
    "/docker",
    "/user.slice",
];
/// Of so many of them also the other files are timed.
const ALL_FILES_OF: usize = 2;
/// A parent with this many children of one pattern is timed too.
const MANY: u64 = 50;
/// Looking for a leaf costs no more than this.
const LEAF_SEARCH: (u64, Nanos) = (20_000, Nanos(50_000_000));

/// How long slow files take.
#[derive(Debug)]
pub(super) struct TimedReadsCollector;

impl Collector for TimedReadsCollector {
    fn name(&self) -> &'static str {
        "timed_reads"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        Box::new(move |evidence| evidence.timed_reads = time(ctx, evidence).into())
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.timed_reads = Observed::Unavailable(missing);
    }
}

fn time(ctx: &Ctx<'_>, evidence: &Evidence) -> Result<TimedReads, Missing> {
    if ctx.cancel.requested() {
        return Err(Missing::new(
            MissingKind::Interrupted,
            "interrupted before files were timed",
        ));
    }
    let reader = ctx
        .read_child
        .as_ref()
        .map(|program| SlowReader::new(program, ctx.cancel));
    let situation = Situation {
        size: NodeSize::of(ctx.node),
        softlockup_panic: softlockup_panic(ctx.node).into(),
        budget: Nanos(u64::try_from(ctx.slow_read_budget.as_nanos()).unwrap_or(u64::MAX)),
    };
    let read = |attempt: &Attempt<'_>| match &reader {
        _ if ctx.cancel.requested() => ReadOutcome::Skipped {
            reason: "interrupted before it was read".to_owned(),
        },
        Some(reader) => {
            let path = ctx.node.path(Path::new(attempt.path));
            reader.read(&path, attempt.repeats, attempt.deadline)
        }
        None => ReadOutcome::Skipped {
            reason: "there is no program to read it in a process of its own".to_owned(),
        },
    };
    Ok(plan(&situation, candidates(ctx.node, evidence), read))
}

/// The files worth timing on this node, most telling first and no more than [`MAX_READS`].
fn candidates(node: &Node, evidence: &Evidence) -> Vec<Candidate> {
    let mut chosen = Vec::new();
    if evidence.host.value().is_some_and(|host| host.euid == 0) {
        let path = TimedReads::SLABINFO.to_owned();
        chosen.push(Candidate {
            path,
            kind: FileKind::Slabinfo,
            scope: Scope::Subtree,
        });
    }
    let memory = evidence.cgroups.value().and_then(|census| census.memory());
    if let Some(memory) = memory {
        chosen.extend(of_leaf(node, memory));
        let holders = holders(node, memory);
        chosen.extend(holders.iter().map(|cgroup| stat_of(memory, cgroup)));
        for cgroup in holders.iter().take(ALL_FILES_OF) {
            chosen.extend(other_files_of(memory, cgroup));
        }
    }
    chosen.truncate(MAX_READS);
    chosen
}

fn of_leaf(node: &Node, memory: &Hierarchy) -> Option<Candidate> {
    let (directories, cpu) = LEAF_SEARCH;
    let budget = Budget::from_now(directories, cpu);
    let leaf = deepest_leaves(node, &memory.mount, 1, &budget).pop()?;
    Some(Candidate {
        scope: Scope::Leaf,
        ..stat_of(memory, &leaf)
    })
}

/// Those of [`HOLDERS`] that exist, and the parent of the most frequent kind of cgroup.
fn holders(node: &Node, memory: &Hierarchy) -> Vec<String> {
    let mut found: Vec<String> = HOLDERS
        .iter()
        .filter(|cgroup| node.path(format!("{}{cgroup}", memory.mount)).is_dir())
        .map(|cgroup| (*cgroup).to_owned())
        .collect();
    let crowded = memory
        .patterns
        .first()
        .filter(|pattern| pattern.count >= MANY);
    let parent = crowded.and_then(|pattern| pattern.example.rsplit_once('/'));
    if let Some((parent, _)) = parent
        && !found.iter().any(|known| known == parent)
    {
        found.insert(found.len().min(1), parent.to_owned());
    }
    found
}

fn file_of(memory: &Hierarchy, cgroup: &str, file: &str, kind: FileKind) -> Candidate {
    let path = format!("{}{cgroup}/{file}", memory.mount);
    Candidate {
        path,
        kind,
        scope: Scope::Subtree,
    }
}

fn stat_of(memory: &Hierarchy, cgroup: &str) -> Candidate {
    file_of(memory, cgroup, "memory.stat", FileKind::Stat)
}

fn other_files_of(memory: &Hierarchy, cgroup: &str) -> Vec<Candidate> {
    match memory.version {
        CgroupVersion::V1 => vec![
            file_of(memory, cgroup, "memory.numa_stat", FileKind::NumaStat),
            file_of(memory, cgroup, "memory.usage_in_bytes", FileKind::Usage),
        ],
        // The root of v2 has no memory.current; both other files are made up the same way.
        CgroupVersion::V2 => vec![file_of(memory, cgroup, "memory.numa_stat", FileKind::Stat)],
    }
}

#[cfg(test)]
mod tests;
