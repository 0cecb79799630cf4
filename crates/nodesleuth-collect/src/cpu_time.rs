//! CPU time of ourselves: what a measurement costs is measured with it.

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};
use nodesleuth_model::Nanos;

/// Below ten ticks of the slowest usual clock, how the kernel tells the modes apart is chance.
const TOLD_APART: Nanos = Nanos(100_000_000);

/// CPU time of the calling thread so far; exact, unlike the tick-based times of `/proc`.
pub(crate) fn of_this_thread() -> Nanos {
    read_clock(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// CLOCK_MONOTONIC, for lengths of wall time.
pub(crate) fn monotonic() -> Nanos {
    read_clock(ClockId::CLOCK_MONOTONIC)
}

fn read_clock(clock: ClockId) -> Nanos {
    clock_gettime(clock).map_or(Nanos(0), |time| {
        Nanos(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
    })
}

/// CPU time apart by mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UserAndKernel {
    /// In user mode.
    pub(crate) user: Nanos,
    /// In the kernel.
    pub(crate) kernel: Nanos,
}

impl UserAndKernel {
    /// The calling thread so far.
    pub(crate) fn of_this_thread() -> Self {
        Self::of(UsageWho::RUSAGE_THREAD)
    }

    /// This process and its children that were waited for.
    pub(crate) fn of_us_and_children() -> Self {
        let (own, children) = (
            Self::of(UsageWho::RUSAGE_SELF),
            Self::of(UsageWho::RUSAGE_CHILDREN),
        );
        Self {
            user: Nanos(own.user.0 + children.user.0),
            kernel: Nanos(own.kernel.0 + children.kernel.0),
        }
    }

    fn of(who: UsageWho) -> Self {
        getrusage(who).map_or_else(|_| Self::default(), |usage| Self::from_usage(&usage))
    }

    fn from_usage(usage: &Usage) -> Self {
        let nanos = |micros: i64| Nanos(u64::try_from(micros).unwrap_or(0) * 1_000);
        Self {
            user: nanos(usage.user_time().num_microseconds()),
            kernel: nanos(usage.system_time().num_microseconds()),
        }
    }

    /// What was used since an earlier look.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            user: Nanos(self.user.0.saturating_sub(earlier.user.0)),
            kernel: Nanos(self.kernel.0.saturating_sub(earlier.kernel.0)),
        }
    }

    /// The kernel's share, 0 to 1; none when there was too little to be told apart.
    pub(crate) fn kernel_share(self) -> Option<f64> {
        let total = self.total();
        (total >= TOLD_APART).then(|| self.kernel.0 as f64 / total.0 as f64)
    }

    /// Both modes together.
    pub(crate) fn total(self) -> Nanos {
        Nanos(self.user.0 + self.kernel.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_of_very_little_time_is_not_told() {
        let share = |user, kernel| {
            let (user, kernel) = (Nanos(user), Nanos(kernel));
            UserAndKernel { user, kernel }.kernel_share()
        };
        assert_eq!(share(40_000_000, 120_000_000), Some(0.75));
        assert_eq!(share(4_000_000, 0), None);
        assert_eq!(share(0, 0), None);
    }

    #[test]
    fn work_is_seen_by_the_thread_clock() {
        let before = of_this_thread();
        let mut sum = 0_u64;
        for number in 0..200_000_u64 {
            sum = std::hint::black_box(sum.wrapping_add(number * number));
        }
        assert!(of_this_thread() > before, "{sum}");
    }
}
