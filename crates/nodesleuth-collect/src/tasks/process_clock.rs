//! The CPU clock of another process: the exact sum over its threads, living and ended, for one
//! cheap call. While it stands still, no thread of the process has run.

use nix::time::ClockId;
use nix::unistd;
use nodesleuth_model::{Nanos, Pid};

/// CPU clock of one process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessClock(Option<ClockId>);

impl ProcessClock {
    /// The clock of a process of the machine we run on.
    #[must_use]
    pub fn of(pid: Pid) -> Self {
        let id = i32::try_from(pid.0).ok().map(unistd::Pid::from_raw);
        Self(id.and_then(|id| ClockId::pid_cpu_clock_id(id).ok()))
    }

    /// No clock: the process lives in a recorded `/proc`.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// CPU time so far; none when the process is gone or this kernel refuses.
    #[must_use]
    pub fn read(self) -> Option<Nanos> {
        let time = self.0?.now().ok()?;
        let seconds = u64::try_from(time.tv_sec()).ok()?;
        Some(Nanos(
            seconds * 1_000_000_000 + u64::try_from(time.tv_nsec()).ok()?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_clock_runs_while_we_do() {
        let clock = ProcessClock::of(Pid(std::process::id()));
        let before = clock.read().unwrap();
        let sum: u64 = (0..100_000_u64).map(std::hint::black_box).sum();
        assert!(clock.read().unwrap() > before, "{sum}");
    }

    #[test]
    fn nobody_has_no_clock() {
        assert_eq!(ProcessClock::of(Pid(u32::MAX)).read(), None);
        assert_eq!(ProcessClock::none().read(), None);
    }
}
