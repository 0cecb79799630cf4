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

    /// The same shares of a total that was measured exactly, for work that is all system calls:
    /// what was too short to be told apart counts as kernel time.
    pub(crate) fn scaled_to(self, total: Nanos) -> Self {
        let coarse = self.total();
        let user = match coarse >= TOLD_APART {
            true => u128::from(total.0) * u128::from(self.user.0) / u128::from(coarse.0),
            false => 0,
        };
        let user = Nanos(u64::try_from(user).unwrap_or(total.0));
        Self {
            user,
            kernel: Nanos(total.0 - user.0),
        }
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
    fn an_exact_total_is_shared_as_the_coarse_times_say() {
        let shared = |user, kernel, total| {
            let coarse = UserAndKernel {
                user: Nanos(user),
                kernel: Nanos(kernel),
            };
            let exact = coarse.scaled_to(Nanos(total));
            (exact.user.0, exact.kernel.0)
        };
        assert_eq!(
            shared(40_000_000, 120_000_000, 159_000_001),
            (39_750_000, 119_250_001)
        );
        assert_eq!(shared(4_000_000, 0, 700_000), (0, 700_000));
        assert_eq!(shared(0, 0, 7), (0, 7));
        assert_eq!(shared(u64::MAX, 0, u64::MAX), (u64::MAX, 0));
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
