//! User and kernel time as `/proc` shows them: the kernel counts both in ticks, knows the sum of
//! both exactly, and scales them to fit; neither ever goes back.

use super::super::used::Counters;
use nodesleuth_model::{Nanos, Ticks};

/// Nanoseconds in user mode and in the kernel, as shown last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    user: u64,
    system: u64,
}

impl Split {
    /// The next one: `user` and `system` as counted in ticks, `exact` their true sum.
    pub(super) fn next(self, user: u64, system: u64, exact: u64) -> Self {
        let shown = self.user + self.system;
        if exact <= shown {
            return self;
        }
        let scaled = match (user, system) {
            (_, 0) => 0,
            (0, _) => exact,
            (user, system) => part(exact, system, user.saturating_add(system)),
        };
        let system = scaled.clamp(self.system, exact - self.user);
        Self {
            user: exact - system,
            system,
        }
    }

    /// As counters of `/proc`, which are in whole ticks.
    pub(super) fn counters(self, tick: Nanos) -> Counters {
        let ticks = |ns: u64| Some(Ticks(ns / tick.0.max(1)));
        Counters {
            utime: ticks(self.user),
            stime: ticks(self.system),
            ..Counters::default()
        }
    }
}

/// `whole * part / of`, which is no more than `whole`.
fn part(whole: u64, part: u64, of: u64) -> u64 {
    let scaled = u128::from(whole) * u128::from(part) / u128::from(of.max(1));
    u64::try_from(scaled).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Split = Split { user: 0, system: 0 };

    #[test]
    fn ticks_are_scaled_to_the_exact_sum() {
        assert_eq!(
            NONE.next(30, 10, 80),
            Split {
                user: 60,
                system: 20
            }
        );
        assert_eq!(NONE.next(0, 10, 7), Split { user: 0, system: 7 });
        assert_eq!(NONE.next(0, 0, 7), Split { user: 7, system: 0 });
    }

    #[test]
    fn neither_goes_back() {
        let before = NONE.next(10, 10, 40);
        let after = before.next(40, 10, 50);
        assert_eq!(
            (before, after),
            (
                Split {
                    user: 20,
                    system: 20
                },
                Split {
                    user: 30,
                    system: 20
                }
            )
        );
        assert_eq!(after.next(1, 1, 3), after);
    }

    #[test]
    fn what_is_shown_is_whole_ticks() {
        let counters = NONE.next(29, 11, 40).counters(Nanos(10));
        assert_eq!(
            (counters.utime, counters.stime),
            (Some(Ticks(2)), Some(Ticks(1)))
        );
    }
}
