//! The target's threads at both ends of the window, cheap also for thousands of them.
//!
//! Of a thread whose `schedstat` did not move, the reading at the window's start still holds at
//! its end. `status`, the most expensive file, is read of the threads that used most CPU in their
//! lives and of those that began in the window. Of a process with very many threads, those that
//! have hardly ever run are listed only if they run in the window.

mod folder;

use super::target_only;
use super::ticks::ticks_per_second;
use crate::{Collector, Ctx, Finish, ReadError};
use folder::Folder;
use nodesleuth_model::evidence::{ThreadStat, ThreadTable};
use nodesleuth_model::{
    BootNanos, Evidence, Missing, MissingKind, Observed, Pid, Reading, Ticks, Window,
};
use nodesleuth_parse::proc::schedstat::SchedStat;
use std::collections::{BTreeMap, BTreeSet};

/// So many threads have their switches read.
const SWITCHES: usize = 256;
/// So many threads are always listed.
const ALWAYS_LISTED: usize = 1000;

/// Fills `threads`.
pub(super) struct Threads;

impl Collector for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let before = ctx.try_reading(|| First::read(open(ctx)?));
        Box::new(move |evidence| {
            let both = before.and_then(|before| {
                let at = ctx.clock.boot();
                before.value.window(before.at, at, open(ctx)?)
            });
            evidence.threads = both.into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.threads = Observed::Unavailable(missing);
    }
}

fn open(ctx: &Ctx<'_>) -> Result<Folder, Missing> {
    let pid = target_only::pid(ctx)?;
    let path = format!("/proc/{pid}/task");
    Folder::open(ctx.node, &path)
        .map_err(|source| target_only::missing(ctx, pid, ReadError { path, source }))
}

/// The reading at the window's start.
struct First {
    listed: Vec<ThreadStat>,
    /// Those that have hardly ever run: less than a tick, so they have no ticks to compare with.
    unlisted: BTreeMap<u32, SchedStat>,
}

impl First {
    fn read(mut folder: Folder) -> Result<Self, Missing> {
        let mut exact: Vec<(u32, Option<SchedStat>)> = folder
            .tids()
            .into_iter()
            .map(|tid| (tid, folder.schedstat(tid)))
            .collect();
        let mut unlisted = BTreeMap::new();
        if exact.len() > ALWAYS_LISTED {
            let tick = 1_000_000_000 / ticks_per_second();
            exact.retain(|&(tid, exact)| match exact {
                Some(exact) if exact.on_cpu.0 < tick => {
                    unlisted.insert(tid, exact);
                    false
                }
                _ => true,
            });
        }
        let threads = exact
            .into_iter()
            .filter_map(|(tid, exact)| folder.stat(tid, exact));
        let mut listed: Vec<ThreadStat> = threads.collect();
        for tid in hardest_workers(&listed) {
            if let Ok(index) = listed.binary_search_by_key(&Pid(tid), |thread| thread.tid) {
                listed[index].switches = folder.switches(tid);
            }
        }
        if listed.is_empty() && unlisted.is_empty() {
            Err(gone())
        } else {
            Ok(Self { listed, unlisted })
        }
    }

    /// The reading at the window's end, beside this one.
    fn window(
        mut self,
        opened: BootNanos,
        closed: BootNanos,
        mut folder: Folder,
    ) -> Result<Window<ThreadTable>, Missing> {
        let mut left_for_new = SWITCHES;
        let mut after = Vec::with_capacity(self.listed.len());
        let tids = folder.tids();
        for &tid in &tids {
            let exact = folder.schedstat(tid);
            if exact.is_some() && self.unlisted.get(&tid) == exact.as_ref() {
                continue;
            }
            if let Some(rested) = self.listed(tid).filter(|earlier| unmoved(exact, earlier)) {
                after.push(rested.clone());
                continue;
            }
            let Some(mut thread) = folder.stat(tid, exact) else {
                continue;
            };
            self.list(&thread, opened);
            let earlier = self
                .listed(tid)
                .filter(|earlier| earlier.start == thread.start);
            let wanted = match earlier {
                Some(earlier) => earlier.switches.is_some(),
                None => left_for_new > 0,
            };
            if wanted {
                left_for_new = left_for_new.saturating_sub(usize::from(earlier.is_none()));
                thread.switches = folder.switches(tid);
            }
            after.push(thread);
        }
        if tids.is_empty() || (after.is_empty() && !self.listed.is_empty()) {
            return Err(gone());
        }
        let reading = |at, threads| Reading {
            at,
            value: ThreadTable { threads },
        };
        Ok(Window {
            before: reading(opened, self.listed),
            after: reading(closed, after),
        })
    }

    fn listed(&self, tid: u32) -> Option<&ThreadStat> {
        let index = self
            .listed
            .binary_search_by_key(&Pid(tid), |thread| thread.tid);
        index.ok().and_then(|index| self.listed.get(index))
    }

    /// A thread that was not listed and has run in the window is listed at its start too, unless
    /// it only has the id of the one that was there.
    fn list(&mut self, thread: &ThreadStat, opened: BootNanos) {
        let Some(exact) = self.unlisted.remove(&thread.tid.0) else {
            return;
        };
        let began = thread
            .start
            .0
            .saturating_mul(1_000_000_000 / ticks_per_second());
        let index = self
            .listed
            .binary_search_by_key(&thread.tid, |thread| thread.tid);
        if let (true, Err(index)) = (began < opened.0, index) {
            let earlier = ThreadStat {
                utime: Ticks(0),
                stime: Ticks(0),
                on_cpu: Some(exact.on_cpu),
                run_wait: Some(exact.run_wait),
                ..thread.clone()
            };
            self.listed.insert(index, earlier);
        }
    }
}

fn unmoved(exact: Option<SchedStat>, earlier: &ThreadStat) -> bool {
    exact.is_some()
        && exact.map(|exact| exact.on_cpu) == earlier.on_cpu
        && exact.map(|exact| exact.run_wait) == earlier.run_wait
}

/// The threads that used most CPU in their lives.
fn hardest_workers(threads: &[ThreadStat]) -> BTreeSet<u32> {
    let mut by_work: Vec<(u64, u64, u32)> = threads
        .iter()
        .map(|thread| {
            let ticks = thread.utime.0.saturating_add(thread.stime.0);
            (thread.on_cpu.unwrap_or_default().0, ticks, thread.tid.0)
        })
        .collect();
    by_work.sort_unstable_by(|one, other| other.cmp(one));
    by_work
        .into_iter()
        .take(SWITCHES)
        .map(|(_, _, tid)| tid)
        .collect()
}

fn gone() -> Missing {
    let reason = "no thread of the target could be read: it ended or is hidden from us";
    Missing::new(MissingKind::TargetGone, reason)
}

#[cfg(test)]
mod tests;
