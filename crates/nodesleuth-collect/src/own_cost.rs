//! What collecting cost: our own CPU, memory and time, and children that are stuck.

use crate::Clock;
use crate::cpu_time::UserAndKernel;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nodesleuth_model::evidence::{OwnCost, ReadOutcome, TimedReads};
use nodesleuth_model::{BootNanos, Bytes, Cores, Evidence, Nanos, Pid};
use nodesleuth_parse::proc::status;

/// Started with the collection.
pub(crate) struct Meter {
    began: BootNanos,
    used: UserAndKernel,
}

/// What the window took of us.
#[derive(Clone, Copy)]
pub(crate) struct WindowUse {
    pub(crate) cpu: Nanos,
    pub(crate) wall: Nanos,
}

impl Meter {
    pub(crate) fn start(clock: &dyn Clock) -> Self {
        Self {
            began: clock.boot(),
            used: UserAndKernel::of_us_and_children(),
        }
    }

    /// CPU time and wall time since the start.
    pub(crate) fn so_far(&self, clock: &dyn Clock) -> WindowUse {
        let cpu = UserAndKernel::of_us_and_children().since(self.used).total();
        WindowUse {
            cpu,
            wall: clock.boot().since(self.began),
        }
    }

    /// The whole bill.
    pub(crate) fn finish(
        &self,
        clock: &dyn Clock,
        window: WindowUse,
        evidence: &mut Evidence,
    ) -> OwnCost {
        let stuck_children = match &mut evidence.timed_reads {
            nodesleuth_model::Observed::Value(timed) => still_stuck(timed),
            _ => Vec::new(),
        };
        let total = self.so_far(clock);
        OwnCost {
            cpu_cores: Cores(window.cpu.seconds() / window.wall.seconds().max(1e-9)),
            cpu_total: total.cpu,
            wall: total.wall,
            peak_rss_bytes: peak_memory(),
            stuck_children,
        }
    }
}

/// The most memory that this process has held so far; 0 if it cannot be read.
///
/// From our own status, wherever the node's root is: `getrusage` would count the memory of the
/// program that started us.
pub fn peak_memory() -> Bytes {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let status = status::parse(&text).ok();
    status
        .and_then(|status| status.vm_hwm)
        .map_or(Bytes(0), |peak| peak.bytes())
}

/// Children that did not end at their deadline and have not ended since.
fn still_stuck(timed: &mut TimedReads) -> Vec<Pid> {
    let mut stuck_children = Vec::new();
    for read in &mut timed.reads {
        if let ReadOutcome::TimedOut { stuck, .. } = &mut read.outcome
            && let Some(pid) = *stuck
        {
            if runs(pid) {
                stuck_children.push(pid);
            } else {
                *stuck = None;
            }
        }
    }
    stuck_children
}

fn runs(child: Pid) -> bool {
    let Ok(id) = i32::try_from(child.0) else {
        return false;
    };
    let state = waitpid(nix::unistd::Pid::from_raw(id), Some(WaitPidFlag::WNOHANG));
    matches!(state, Ok(WaitStatus::StillAlive))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeClock;
    use nodesleuth_model::Observed;
    use nodesleuth_model::evidence::TimedRead;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    fn timed_out(pid: u32) -> TimedRead {
        let outcome = ReadOutcome::TimedOut {
            after: Nanos(1),
            stuck: Some(Pid(pid)),
        };
        TimedRead {
            outcome,
            ..TimedRead::default()
        }
    }

    #[test]
    fn a_child_that_has_ended_meanwhile_is_no_longer_stuck() {
        // `cat` waits for its input, which we hold.
        let running = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let mut ended = Command::new("true").spawn().unwrap();
        let ended_id = ended.id();
        ended.wait().unwrap();
        let mut evidence = Evidence::default();
        let reads = vec![timed_out(running.id()), timed_out(ended_id)];
        evidence.timed_reads = Observed::Value(TimedReads {
            reads,
            ..TimedReads::default()
        });
        let clock = FakeClock::new();
        let meter = Meter::start(&clock);
        clock.wait(Duration::from_secs(2));
        let window = WindowUse {
            cpu: Nanos(1_000_000_000),
            wall: Nanos(2_000_000_000),
        };
        let cost = meter.finish(&clock, window, &mut evidence);
        assert_eq!(cost.stuck_children, [Pid(running.id())]);
        assert_eq!(
            (cost.cpu_cores, cost.wall),
            (Cores(0.5), Nanos(2_000_000_000))
        );
        assert!(cost.peak_rss_bytes.0 > 1 << 20);
        let reads = &evidence.timed_reads.value().unwrap().reads;
        assert!(matches!(
            reads[1].outcome,
            ReadOutcome::TimedOut { stuck: None, .. }
        ));
        let mut running = running;
        drop(running.stdin.take());
        running.wait().unwrap();
    }
}
