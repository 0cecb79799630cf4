//! What a fix says to programs.

use super::{Judged, Told};
use nodesleuth_act::fix::{Done, Ended, Look, Obstacle, Step, StepResult, Subtree, Verdict};
use nodesleuth_analyze::remedy::Expectation;
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::CgroupVersion;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Report<'a> {
    plan: &'static str,
    kernel: Option<&'a str>,
    cgroup: Option<CgroupVersion>,
    expected: &'a [Expectation],
    subtree: Option<&'a Subtree>,
    held_on_tmpfs: Option<Bytes>,
    held_dirty: Option<Bytes>,
    empty_cgroups: Option<&'a [String]>,
    steps: &'a [Step],
    notes: &'a [String],
    risk: &'a str,
    obstacle: Option<&'a Obstacle>,
    before: &'a Look,
    /// Absent when nothing was done.
    #[serde(flatten)]
    done: Option<DoneJson<'a>>,
}

#[derive(Serialize)]
struct DoneJson<'a> {
    done: &'a [StepResult],
    ended: &'a Ended,
    after: &'a Look,
    verdict: Verdict,
    why: &'a str,
}

pub(super) fn not_done<'a>(told: &'a Told<'a>) -> Report<'a> {
    of(told, &told.prepared.before, None)
}

pub(super) fn done<'a>(
    told: &'a Told<'a>,
    before: &'a Look,
    done: &'a Done,
    judged: &'a Judged,
) -> Report<'a> {
    let done = DoneJson {
        done: &done.steps,
        ended: &done.ended,
        after: &done.after,
        verdict: judged.0,
        why: &judged.1,
    };
    of(told, before, Some(done))
}

fn of<'a>(told: &'a Told<'a>, before: &'a Look, done: Option<DoneJson<'a>>) -> Report<'a> {
    let prepared = told.prepared;
    Report {
        plan: told.plan.id(),
        kernel: prepared.release.as_deref(),
        cgroup: prepared.version,
        expected: &told.expected,
        subtree: prepared.subtree.as_ref(),
        held_on_tmpfs: prepared.shmem,
        held_dirty: prepared.dirty,
        empty_cgroups: prepared
            .empty
            .as_ref()
            .map(|empty| empty.folders.as_slice()),
        steps: &prepared.steps,
        notes: &prepared.notes,
        risk: &told.entry.risk,
        obstacle: told.obstacle.as_ref(),
        before,
        done,
    }
}
