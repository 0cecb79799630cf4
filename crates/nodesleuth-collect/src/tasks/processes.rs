//! All processes at both ends of the window; those that did nothing in it are left out.

use super::process_table;
use crate::{Collector, Ctx, Finish};
use nodesleuth_model::evidence::{ProcessStat, ProcessTable};
use nodesleuth_model::{Evidence, Missing, Observed, Pid, Window, agents};
use std::collections::BTreeSet;

/// Fills `processes`.
pub(super) struct Processes;

impl Collector for Processes {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let before = ctx.try_reading(|| process_table::read(ctx.node));
        Box::new(move |evidence| {
            let both = before.and_then(|before| {
                let after = ctx.try_reading(|| process_table::read(ctx.node))?;
                let mut window = Window { before, after };
                keep_what_matters(&mut window, ctx.target);
                Ok(window)
            });
            evidence.processes = both.into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.processes = Observed::Unavailable(missing);
    }
}

/// Leaves out what is known to have used no CPU, itself or through children, unless it is a known
/// agent or the target. Of a process that ended, what it used is not known: it stays.
fn keep_what_matters(window: &mut Window<ProcessTable>, target: Option<Pid>) {
    let (before, after) = (&window.before.value, &window.after.value);
    let idle: BTreeSet<Pid> = after
        .processes
        .iter()
        .filter(|later| {
            let index = before
                .processes
                .binary_search_by_key(&later.pid, |process| process.pid);
            let earlier = index.ok().and_then(|index| before.processes.get(index));
            Some(later.pid) != target
                && agents::by_comm(&later.comm).is_none()
                && used_nothing(earlier, later)
        })
        .map(|process| process.pid)
        .collect();
    for table in [&mut window.before.value, &mut window.after.value] {
        table
            .processes
            .retain(|process| !idle.contains(&process.pid));
    }
}

fn used_nothing(earlier: Option<&ProcessStat>, later: &ProcessStat) -> bool {
    let times = |process: &ProcessStat| {
        [process.utime, process.stime, process.cutime, process.cstime].map(|time| time.0)
    };
    match earlier {
        Some(earlier) => earlier.start == later.start && times(earlier) == times(later),
        None => times(later) == [0; 4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use crate::tasks::fake_tasks::{started, stat};

    fn pids(table: &ProcessTable) -> Vec<u32> {
        table
            .processes
            .iter()
            .map(|process| process.pid.0)
            .collect()
    }

    fn window(fake: &FakeNode, target: u32, happens: impl FnOnce()) -> Window<ProcessTable> {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = Ctx {
            target: Some(Pid(target)),
            ..fake.ctx(&clock, &cancel)
        };
        let finish = Processes.start(&ctx);
        happens();
        let mut evidence = Evidence::default();
        finish(&mut evidence);
        evidence.processes.value().unwrap().clone()
    }

    #[test]
    fn idle_processes_are_left_out_but_counted() {
        let fake = FakeNode::new()
            .file("/proc/1/stat", &stat(1, "init", 9, 9))
            .file("/proc/2/stat", &stat(2, "kubelet", 9, 9))
            .file("/proc/3/stat", &stat(3, "idle", 9, 9))
            .file("/proc/4/stat", &stat(4, "busy", 9, 9))
            .file("/proc/5/stat", &stat(5, "target", 9, 9));
        let window = window(&fake, 5, || {
            fake.write("/proc/4/stat", &stat(4, "busy", 9, 19))
        });
        assert_eq!(pids(&window.before.value), [2, 4, 5]);
        assert_eq!(pids(&window.after.value), [2, 4, 5]);
        assert_eq!(window.after.value.total, 5);
    }

    #[test]
    fn what_came_went_or_changed_hands_stays() {
        let fake = FakeNode::new()
            .file("/proc/1/stat", &stat(1, "init", 9, 9))
            .file("/proc/2/stat", &stat(2, "ends", 9, 9))
            .file("/proc/3/stat", &stat(3, "before", 9, 9));
        let window = window(&fake, 99, || {
            fake.remove("/proc/2");
            fake.write("/proc/3/stat", &started(3, "after", 9, 9, 2000));
            fake.write("/proc/4/stat", &stat(4, "comes", 1, 0));
            fake.write("/proc/5/stat", &stat(5, "comes-idle", 0, 0));
        });
        assert_eq!(pids(&window.before.value), [2, 3]);
        assert_eq!(pids(&window.after.value), [3, 4]);
    }
}
