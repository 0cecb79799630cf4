//! The target's threads at both ends of the window, cheap also for thousands of them.
//!
//! Of a thread whose `schedstat` did not move, the reading at the window's start still holds at
//! its end. `status`, the most expensive file, is read of the threads that used most CPU in their
//! lives and of those that began in the window.

use super::descriptors::open_at;
use super::{ids, target_only};
use crate::{Collector, Ctx, Finish, Node, ReadError};
use nodesleuth_model::evidence::{Switches, ThreadStat, ThreadTable};
use nodesleuth_model::{Evidence, Missing, MissingKind, Observed, Pid, Window};
use nodesleuth_parse::proc::schedstat::SchedStat;
use nodesleuth_parse::proc::{pid_stat, schedstat, status};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

/// So many threads have their switches read.
const SWITCHES: usize = 256;
/// The largest file read here is `status`, longer than 2 KiB only with masks of many CPUs.
const BUFFER_BYTES: usize = 16 << 10;

/// Fills `threads`.
pub(super) struct Threads;

impl Collector for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let before = ctx.try_reading(|| open(ctx)?.first());
        Box::new(move |evidence| {
            let both = before.and_then(|before| {
                let after = ctx.try_reading(|| open(ctx)?.second(&before.value))?;
                Ok(Window { before, after })
            });
            evidence.threads = both.into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.threads = Observed::Unavailable(missing);
    }
}

/// The folder `task` of a process.
struct Folder {
    folder: File,
    tids: Vec<u32>,
    buffer: Vec<u8>,
}

fn open(ctx: &Ctx<'_>) -> Result<Folder, Missing> {
    let pid = target_only::pid(ctx)?;
    let path = format!("/proc/{pid}/task");
    Folder::open(ctx.node, &path)
        .map_err(|source| target_only::missing(ctx, pid, ReadError { path, source }))
}

impl Folder {
    fn open(node: &Node, path: &str) -> io::Result<Self> {
        let folder = File::open(node.path(path))?;
        let mut tids = Vec::new();
        ids::list(&node.path(path), &mut tids)?;
        Ok(Self {
            folder,
            tids,
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    fn first(mut self) -> Result<ThreadTable, Missing> {
        let mut threads: Vec<ThreadStat> = self
            .tids()
            .into_iter()
            .filter_map(|tid| self.thread(tid, None))
            .collect();
        for tid in hardest_workers(&threads) {
            let switches = self.switches(tid);
            if let Ok(index) = threads.binary_search_by_key(&Pid(tid), |thread| thread.tid) {
                threads[index].switches = switches;
            }
        }
        table(threads)
    }

    fn second(mut self, before: &ThreadTable) -> Result<ThreadTable, Missing> {
        let mut left_for_new = SWITCHES;
        let mut threads = Vec::with_capacity(self.tids.len());
        for tid in self.tids() {
            let index = before
                .threads
                .binary_search_by_key(&Pid(tid), |thread| thread.tid);
            let earlier = index.ok().and_then(|index| before.threads.get(index));
            let Some(mut thread) = self.thread(tid, earlier) else {
                continue;
            };
            let known = earlier.filter(|earlier| earlier.start == thread.start);
            let wanted = match known {
                Some(known) => thread.switches.is_none() && known.switches.is_some(),
                None => left_for_new > 0,
            };
            if wanted {
                left_for_new -= usize::from(known.is_none());
                thread.switches = self.switches(tid);
            }
            threads.push(thread);
        }
        table(threads)
    }

    fn tids(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.tids)
    }

    /// One thread, without its switches unless it has not run since `earlier`.
    fn thread(&mut self, tid: u32, earlier: Option<&ThreadStat>) -> Option<ThreadStat> {
        let exact = self.schedstat(tid);
        let rested = earlier.filter(|earlier| exact.is_some() && unmoved(exact, earlier));
        if let Some(earlier) = rested {
            return Some(earlier.clone());
        }
        let bytes = self.read(tid, "stat")?;
        let mut thread = pid_stat::parse_thread(bytes).ok()?;
        thread.on_cpu = exact.map(|exact| exact.on_cpu);
        thread.run_wait = exact.map(|exact| exact.run_wait);
        Some(thread)
    }

    /// Kernels that do not keep it print zeros for all, others have no such file.
    fn schedstat(&mut self, tid: u32) -> Option<SchedStat> {
        let exact = schedstat::parse(self.read(tid, "schedstat")?).ok()?;
        (exact.timeslices > 0).then_some(exact)
    }

    fn switches(&mut self, tid: u32) -> Option<Switches> {
        status::switches(self.read(tid, "status")?)
    }

    fn read(&mut self, tid: u32, name: &str) -> Option<&[u8]> {
        let file = open_at(self.folder.as_fd(), &format!("{tid}/{name}")).ok()?;
        let got = file.read_at(&mut self.buffer, 0).ok()?;
        Some(&self.buffer[..got])
    }
}

fn unmoved(exact: Option<SchedStat>, earlier: &ThreadStat) -> bool {
    exact.map(|exact| exact.on_cpu) == earlier.on_cpu
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

fn table(threads: Vec<ThreadStat>) -> Result<ThreadTable, Missing> {
    if threads.is_empty() {
        let reason = "no thread of the target could be read: it ended or is hidden from us";
        return Err(Missing::new(MissingKind::TargetGone, reason));
    }
    Ok(ThreadTable { threads })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use crate::tasks::fake_tasks::Thread;
    use nodesleuth_model::{Nanos, Ticks};

    fn collect(fake: &FakeNode, happens: impl FnOnce()) -> Observed<Window<ThreadTable>> {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = Ctx {
            target: Some(Pid(7)),
            ..fake.ctx(&clock, &cancel)
        };
        let finish = Threads.start(&ctx);
        happens();
        let mut evidence = Evidence::default();
        finish(&mut evidence);
        evidence.threads
    }

    #[test]
    fn a_thread_that_ran_is_read_again_and_one_that_did_not_is_not() {
        let fake = FakeNode::new();
        Thread::default().write(&fake);
        Thread {
            tid: 8,
            ..Thread::default()
        }
        .write(&fake);
        let threads = collect(&fake, || {
            let more = Thread {
                utime: 200,
                switches: (99, 9),
                ..Thread::default()
            };
            Thread {
                schedstat: Some((2500, 100, 30)),
                ..more
            }
            .write(&fake);
            Thread { tid: 8, ..more }.write(&fake);
        });
        let window = threads.value().unwrap();
        let [first, second] = &window.after.value.threads[..] else {
            panic!()
        };
        assert_eq!(
            (first.utime, first.on_cpu),
            (Ticks(200), Some(Nanos(2_500_000_000)))
        );
        assert_eq!(first.switches.unwrap().voluntary, 99);
        assert_eq!(second, &window.before.value.threads[1]);
    }

    #[test]
    fn without_schedstat_every_thread_is_read_and_its_exact_time_unknown() {
        let fake = FakeNode::new();
        Thread {
            schedstat: None,
            ..Thread::default()
        }
        .write(&fake);
        let threads = collect(&fake, || {
            Thread {
                schedstat: Some((0, 0, 0)),
                utime: 101,
                ..Thread::default()
            }
            .write(&fake);
        });
        let after = &threads.value().unwrap().after.value.threads[0];
        assert_eq!((after.utime, after.on_cpu), (Ticks(101), None));
        assert!(after.switches.is_some());
    }

    #[test]
    fn a_thread_that_ends_and_one_with_a_broken_line_are_left_out() {
        let fake = FakeNode::new();
        Thread::default().write(&fake);
        Thread {
            tid: 8,
            comm: "a) b",
            ..Thread::default()
        }
        .write(&fake);
        let threads = collect(&fake, || {
            fake.remove("/proc/7/task/8");
            fake.write("/proc/7/task/9/stat", "9 (cut");
        });
        let window = threads.value().unwrap();
        assert_eq!(window.before.value.threads[1].comm, "a) b");
        assert_eq!(window.after.value.threads.len(), 1);
    }

    #[test]
    fn a_target_that_ends_is_said_to_have_ended() {
        let fake = FakeNode::new();
        Thread::default().write(&fake);
        let threads = collect(&fake, || fake.remove("/proc/7"));
        assert_eq!(threads.missing().unwrap().kind, MissingKind::TargetGone);
    }
}
