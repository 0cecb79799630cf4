//! Waits for the window to pass, or for a reason to close it early.

use crate::Ctx;
use crate::context::Progress;
use nodesleuth_model::evidence::WindowEnd;
use nodesleuth_model::{Nanos, Ticks};
use nodesleuth_parse::proc::pid_stat;
use std::time::Duration;

/// One step of the wait: how late an interrupt or the target's end may be seen.
const STEP: Duration = Duration::from_millis(200);

/// Waits until the window is over, the user stops it, or the target with this start time ends.
pub(crate) fn wait(ctx: &Ctx<'_>, target_start: Ticks, progress: &dyn Progress) -> WindowEnd {
    let opened = ctx.clock.boot();
    loop {
        let elapsed = as_duration(ctx.clock.boot().since(opened));
        progress.window(elapsed.min(ctx.window), ctx.window);
        if ctx.cancel.requested() {
            return WindowEnd::Interrupted;
        }
        if target_is_gone(ctx, target_start) {
            return WindowEnd::TargetExited;
        }
        if elapsed >= ctx.window {
            return WindowEnd::Completed;
        }
        ctx.clock.wait(STEP.min(ctx.window - elapsed));
    }
}

fn as_duration(nanos: Nanos) -> Duration {
    Duration::from_nanos(nanos.0)
}

/// Whether no process has the target's id, or another one has it by now.
fn target_is_gone(ctx: &Ctx<'_>, start: Ticks) -> bool {
    let Some(pid) = ctx.target else {
        return false;
    };
    // The first thread's own line: the process's adds up all threads, 430 µs for 5,000 of them.
    let of_first_thread = ctx.node.bytes(&format!("/proc/{pid}/task/{pid}/stat"));
    let line = of_first_thread.or_else(|_| ctx.node.bytes(&format!("/proc/{pid}/stat")));
    match line {
        // A line that cannot be understood says nothing about the process having ended.
        Ok(line) => pid_stat::times(&line)
            .is_ok_and(|task| Ticks(task.start) != start || is_dead(task.state, task.threads)),
        Err(_) => true,
    }
}

/// A zombie that nobody has waited for yet. The first thread alone may be one while others run.
fn is_dead(state: u8, threads: u32) -> bool {
    matches!(state, b'Z' | b'X') && threads <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{FakeClock, FakeNode};
    use crate::{Cancel, Clock, Quiet};
    use nodesleuth_model::Pid;
    use std::sync::atomic::Ordering;

    const STAT: &str =
        "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 5 6 0 0 20 0 9 0 4711 1000 10 18446744073709551615\n";

    fn wait_on(fake: &FakeNode, clock: &FakeClock<'_>, cancel: &Cancel) -> (WindowEnd, f64) {
        let ctx = Ctx {
            target: Some(Pid(7)),
            ..fake.ctx(clock, cancel)
        };
        let end = wait(&ctx, Ticks(4711), &Quiet);
        (end, clock.boot().0 as f64 / 1e9)
    }

    #[test]
    fn an_undisturbed_window_has_the_length_that_was_asked_for() {
        let fake = FakeNode::new().file("/proc/7/stat", STAT);
        let end = wait_on(&fake, &FakeClock::new(), &Cancel::default());
        assert_eq!(end, (WindowEnd::Completed, 15.0));
    }

    #[test]
    fn it_closes_when_the_target_exits() {
        let fake = FakeNode::new().file("/proc/7/stat", STAT);
        let clock = FakeClock::new().at(Duration::from_secs(4), || fake.remove("/proc/7"));
        assert_eq!(
            wait_on(&fake, &clock, &Cancel::default()),
            (WindowEnd::TargetExited, 4.0)
        );
    }

    #[test]
    fn a_zombie_has_exited_unless_only_its_first_thread_has() {
        let fake = FakeNode::new().file("/proc/7/stat", &STAT.replace(" S ", " Z "));
        let end = wait_on(&fake, &FakeClock::new(), &Cancel::default());
        assert_eq!(end.0, WindowEnd::Completed);
        fake.write(
            "/proc/7/stat",
            &STAT.replace(" S ", " Z ").replace(" 9 0 4711", " 1 0 4711"),
        );
        let end = wait_on(&fake, &FakeClock::new(), &Cancel::default());
        assert_eq!(end.0, WindowEnd::TargetExited);
    }

    #[test]
    fn it_closes_when_another_process_takes_the_targets_id() {
        let fake = FakeNode::new().file("/proc/7/stat", STAT);
        let other = STAT.replace("4711", "9000");
        let clock = FakeClock::new().at(Duration::from_secs(2), || {
            fake.write("/proc/7/stat", &other)
        });
        assert_eq!(
            wait_on(&fake, &clock, &Cancel::default()),
            (WindowEnd::TargetExited, 2.0)
        );
    }

    #[test]
    fn it_closes_when_the_user_asks() {
        let fake = FakeNode::new().file("/proc/7/stat", STAT);
        let cancel = Cancel::default();
        let flag = cancel.flag();
        let clock = FakeClock::new().at(Duration::from_secs(3), || {
            flag.store(true, Ordering::Relaxed)
        });
        assert_eq!(
            wait_on(&fake, &clock, &cancel),
            (WindowEnd::Interrupted, 3.0)
        );
    }

    #[test]
    fn without_a_target_only_time_counts() {
        let fake = FakeNode::new();
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        assert_eq!(wait(&ctx, Ticks(0), &Quiet), WindowEnd::Completed);
    }
}
