//! What one task used between two readings of its counters.

use nodesleuth_model::evidence::Switches;
use nodesleuth_model::{Nanos, Pid, Ticks};

/// Counters since a task started. `None`: this kernel does not keep it, or it was not readable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// User time.
    pub utime: Option<Ticks>,
    /// Kernel time.
    pub stime: Option<Ticks>,
    /// Time on a CPU, exact (`schedstat`).
    pub on_cpu: Option<Nanos>,
    /// Time waiting for a CPU while runnable (`schedstat`).
    pub run_wait: Option<Nanos>,
    /// Context switches (`status`).
    pub switches: Option<Switches>,
}

impl Counters {
    /// A task that has just begun.
    pub(super) const ZERO: Self = Self {
        utime: Some(Ticks(0)),
        stime: Some(Ticks(0)),
        on_cpu: Some(Nanos(0)),
        run_wait: Some(Nanos(0)),
        switches: Some(Switches {
            voluntary: 0,
            involuntary: 0,
        }),
    };

    /// What was used since `earlier`; `None` where either reading lacks it.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Used {
        let switches = |count: fn(Switches) -> u64| {
            difference(self.switches.map(count), earlier.switches.map(count))
        };
        Used {
            utime: difference(self.utime.map(|it| it.0), earlier.utime.map(|it| it.0)).map(Ticks),
            stime: difference(self.stime.map(|it| it.0), earlier.stime.map(|it| it.0)).map(Ticks),
            on_cpu: difference(self.on_cpu.map(|it| it.0), earlier.on_cpu.map(|it| it.0))
                .map(Nanos),
            run_wait: difference(
                self.run_wait.map(|it| it.0),
                earlier.run_wait.map(|it| it.0),
            )
            .map(Nanos),
            voluntary: switches(|it| it.voluntary),
            involuntary: switches(|it| it.involuntary),
        }
    }
}

/// Counters never go back; one that seems to is scaled differently by the kernel and counts as
/// standing still.
fn difference(later: Option<u64>, earlier: Option<u64>) -> Option<u64> {
    Some(later?.saturating_sub(earlier?))
}

/// What a task used between two readings. `None` is unknown, not nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// User time, in ticks: a task that ran for less than one may show none.
    pub utime: Option<Ticks>,
    /// Kernel time, in ticks.
    pub stime: Option<Ticks>,
    /// Time on a CPU, exact.
    pub on_cpu: Option<Nanos>,
    /// Time waiting for a CPU while runnable.
    pub run_wait: Option<Nanos>,
    /// Times that it gave the CPU up.
    pub voluntary: Option<u64>,
    /// Times that it was made to.
    pub involuntary: Option<u64>,
}

impl Used {
    /// Nothing at all.
    pub const NOTHING: Self = Self {
        utime: Some(Ticks(0)),
        stime: Some(Ticks(0)),
        on_cpu: Some(Nanos(0)),
        run_wait: Some(Nanos(0)),
        voluntary: Some(0),
        involuntary: Some(0),
    };

    /// Whether anything was used for all that is known.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let none = |count: Option<u64>| count.unwrap_or(0) == 0;
        none(self.utime.map(|it| it.0))
            && none(self.stime.map(|it| it.0))
            && none(self.on_cpu.map(|it| it.0))
            && none(self.run_wait.map(|it| it.0))
            && none(self.voluntary)
            && none(self.involuntary)
    }
}

/// One thread or process that ran between two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskUse<'a> {
    /// Process id.
    pub pid: Pid,
    /// Thread id; none when this is a whole process.
    pub tid: Option<Pid>,
    /// Its name.
    pub comm: &'a str,
    /// Start, ticks after boot: tells it from an earlier task with the same id.
    pub start: Ticks,
    /// What it used since the sample before.
    pub used: Used,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_either_reading_lacks_is_unknown_not_zero() {
        let before = Counters {
            utime: Some(Ticks(3)),
            ..Counters::default()
        };
        let after = Counters {
            utime: Some(Ticks(5)),
            stime: Some(Ticks(1)),
            ..Counters::default()
        };
        let used = after.since(&before);
        assert_eq!(
            (used.utime, used.stime, used.on_cpu),
            (Some(Ticks(2)), None, None)
        );
    }

    #[test]
    fn a_counter_that_went_back_stood_still() {
        let at = |ticks| Counters {
            utime: Some(Ticks(ticks)),
            ..Counters::default()
        };
        assert_eq!(at(4).since(&at(9)).utime, Some(Ticks(0)));
    }
}
