//! Which possibly slow files are read, in which order, and which are left alone. Pure: the reading
//! itself comes in as a function.
//!
//! Cheapest first, and from the leaves up: what a cgroup's file costs, its parents' cost at least.

use super::predict::{FileKind, NodeSize, Scope};
use nodesleuth_model::evidence::{ReadOutcome, TimedRead, TimedReads};
use nodesleuth_model::{MissingKind, Nanos, Observed};
use std::time::Duration;

/// Reads that are expected to be fast are repeated; the fastest counts.
const REPEATS: u32 = 3;
/// From this prediction on a file is read once.
const READ_ONCE_FROM: Nanos = Nanos(20_000_000);
/// A read gets at least this long …
const SHORTEST_DEADLINE: Nanos = Nanos(1_000_000_000);
/// … and at most this long …
const LONGEST_DEADLINE: Nanos = Nanos(10_000_000_000);
/// … in between this many times its prediction.
const DEADLINE_FACTOR: u64 = 3;
/// Where a soft lockup ends in a panic, nothing expected to hold a CPU longer is read.
const LOCKUP_LIMIT: Nanos = Nanos(500_000_000);

/// A file that could be timed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Path on the node.
    pub(crate) path: String,
    /// What its cost depends on.
    pub(crate) kind: FileKind,
    /// What is below it.
    pub(crate) scope: Scope,
}

impl Candidate {
    /// Whether `other` is the same file of a cgroup at or above this one's.
    fn is_below(&self, other: &Self) -> bool {
        let folder = |path: &'_ str| path.rfind('/').map_or(0, |end| end + 1);
        let (mine, others) = (
            &self.path[..folder(&self.path)],
            &other.path[..folder(&other.path)],
        );
        self.kind == other.kind && mine.len() > others.len() && mine.starts_with(others)
    }
}

/// What the decisions depend on.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    /// Kernel, cgroups, CPUs.
    pub(crate) size: NodeSize,
    /// `kernel.softlockup_panic`.
    pub(crate) softlockup_panic: Observed<bool>,
    /// Kernel time for all reads.
    pub(crate) budget: Nanos,
}

impl Situation {
    /// A machine without the detector cannot panic from it; where the setting cannot be read the
    /// worse is assumed.
    fn lockup_panics(&self) -> bool {
        match &self.softlockup_panic {
            Observed::Value(panics) => *panics,
            Observed::Unavailable(missing) => missing.kind != MissingKind::Absent,
            Observed::NotRequested => true,
        }
    }
}

/// A read that was decided for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt<'a> {
    /// Path on the node.
    pub(crate) path: &'a str,
    /// How often, if it is fast.
    pub(crate) repeats: u32,
    /// When to give up.
    pub(crate) deadline: Duration,
}

/// Decides about each candidate in turn and has `read` carry the decisions out.
pub(crate) fn plan(
    situation: &Situation,
    mut candidates: Vec<Candidate>,
    mut read: impl FnMut(&Attempt<'_>) -> ReadOutcome,
) -> TimedReads {
    candidates.sort_by_key(|candidate| {
        let depth = candidate.path.matches('/').count();
        (
            situation.size.cost(candidate.kind, candidate.scope),
            std::cmp::Reverse(depth),
        )
    });
    let mut progress = Progress {
        left: situation.budget,
        measured: Vec::new(),
        stuck_on: None,
    };
    let mut reads = Vec::new();
    for candidate in &candidates {
        let predicted = progress.prediction(&situation.size, candidate);
        let outcome = match progress.obstacle(situation, predicted) {
            Some(reason) => ReadOutcome::Skipped { reason },
            None => read(&attempt(candidate, predicted)),
        };
        progress.learn(candidate, &outcome);
        reads.push(TimedRead {
            path: candidate.path.clone(),
            predicted: Some(predicted),
            outcome,
        });
    }
    TimedReads {
        reads,
        budget: situation.budget,
    }
}

fn attempt(candidate: &Candidate, predicted: Nanos) -> Attempt<'_> {
    // Reading slabinfo holds a lock that every allocation of a new cache waits for.
    let once = predicted >= READ_ONCE_FROM || candidate.kind == FileKind::Slabinfo;
    let deadline = Nanos(predicted.0.saturating_mul(DEADLINE_FACTOR))
        .max(SHORTEST_DEADLINE)
        .min(LONGEST_DEADLINE);
    Attempt {
        path: &candidate.path,
        repeats: if once { 1 } else { REPEATS },
        deadline: Duration::from_nanos(deadline.0),
    }
}

/// What the reads so far have taught.
struct Progress<'a> {
    left: Nanos,
    measured: Vec<(&'a Candidate, Nanos)>,
    stuck_on: Option<(String, Nanos)>,
}

impl<'a> Progress<'a> {
    /// The model's prediction, corrected upwards by what the same file cost further down.
    fn prediction(&self, size: &NodeSize, candidate: &Candidate) -> Nanos {
        let below = self
            .measured
            .iter()
            .filter(|(lower, _)| lower.is_below(candidate));
        below.map(|(_, cost)| *cost).fold(
            size.cost(candidate.kind, candidate.scope),
            std::cmp::Ord::max,
        )
    }

    /// Why it must not be read, if so.
    fn obstacle(&self, situation: &Situation, predicted: Nanos) -> Option<String> {
        if let Some((path, after)) = &self.stuck_on {
            return Some(format!(
                "not touched: reading {path} had not ended after {after}, this one could hang too"
            ));
        }
        if predicted > self.left {
            return Some(format!(
                "predicted to take {predicted} of kernel time, over the {} left of the budget of \
                 {}",
                self.left, situation.budget
            ));
        }
        (predicted > LOCKUP_LIMIT && situation.lockup_panics()).then(|| {
            format!(
                "predicted to take {predicted} of kernel time, and kernel.softlockup_panic makes \
                 this node panic when a read holds a CPU for too long"
            )
        })
    }

    fn learn(&mut self, candidate: &'a Candidate, outcome: &ReadOutcome) {
        let spent = match outcome {
            ReadOutcome::Read {
                wall, cpu, repeats, ..
            } => {
                self.measured.push((candidate, *wall));
                Nanos(wall.max(cpu).0.saturating_mul(u64::from(*repeats)))
            }
            ReadOutcome::TimedOut { after, .. } => {
                self.stuck_on = Some((candidate.path.clone(), *after));
                *after
            }
            ReadOutcome::Skipped { .. } | ReadOutcome::Failed { .. } => Nanos(0),
        };
        self.left = Nanos(self.left.0.saturating_sub(spent.0));
    }
}

#[cfg(test)]
mod tests;
