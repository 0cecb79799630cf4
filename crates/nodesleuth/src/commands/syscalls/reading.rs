//! How to read a row: whether a system call is work, waiting, a parked thread, or a spin.

use nodesleuth_model::Nanos;
use nodesleuth_trace::Total;

/// System calls with which threads wait for something to do.
const PARKING: &[&str] = &[
    "futex",
    "futex_wait",
    "futex_waitv",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "nanosleep",
    "clock_nanosleep",
    "sched_yield",
    "pause",
    "rt_sigtimedwait",
    "rt_sigsuspend",
    "wait4",
    "waitid",
    "accept",
    "accept4",
];

/// From this part of the target's CPU on, waiting has become work: a spin.
const SPIN_PART: f64 = 0.1;
/// From this part of a call's time on the CPU on, it is work.
const WORK_PART: f64 = 0.5;

/// The rule in words.
pub(super) const RULE: &str = "\
reading: spinning = a call for waiting (futex, epoll, sleep, yield, …) that takes 10 % or more of \
the target's CPU; idle parking = such a call that takes less: a waiting thread costs nothing; \
working = another call, on a CPU for half of its time or more; waiting = another call, mostly off \
the CPU.";

/// How to read a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reading {
    /// On a CPU.
    Working,
    /// Mostly off the CPU.
    Waiting,
    /// Threads that wait for something to do.
    IdleParking,
    /// Waiting that costs a lot of CPU.
    Spinning,
    /// The engine does not tell work from waiting, or no call has returned.
    Unknown,
}

impl Reading {
    pub(super) fn of(name: &str, total: &Total, target_cpu: Option<Nanos>) -> Self {
        let Some(on_cpu) = total.on_cpu_ns else {
            return Self::Unknown;
        };
        let of_wall = part(on_cpu, total.wall_ns);
        if PARKING.contains(&name) {
            match target_cpu.and_then(|cpu| part(on_cpu, cpu.0)) {
                Some(part) if part >= SPIN_PART => Self::Spinning,
                _ => Self::IdleParking,
            }
        } else {
            match of_wall {
                None => Self::Unknown,
                Some(part) if part >= WORK_PART => Self::Working,
                Some(_) => Self::Waiting,
            }
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::IdleParking => "idle parking",
            Self::Spinning => "spinning",
            Self::Unknown => "-",
        }
    }
}

fn part(some: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| some as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(name: &str, on_cpu_ns: Option<u64>, wall_ns: u64, target_cpu: u64) -> Reading {
        let total = Total {
            calls: 1,
            wall_ns,
            on_cpu_ns,
            ..Total::default()
        };
        Reading::of(name, &total, Some(Nanos(target_cpu)))
    }

    #[test]
    fn a_parked_futex_is_idle_until_it_takes_a_tenth_of_the_cpu() {
        assert_eq!(reading("futex", Some(9), 1000, 100), Reading::IdleParking);
        assert_eq!(reading("futex", Some(10), 1000, 100), Reading::Spinning);
    }

    #[test]
    fn other_calls_work_when_they_are_on_the_cpu_for_half_of_their_time() {
        assert_eq!(reading("read", Some(500), 1000, 1), Reading::Working);
        assert_eq!(reading("read", Some(499), 1000, 1), Reading::Waiting);
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(reading("futex", None, 1000, 100), Reading::Unknown);
        assert_eq!(reading("read", Some(0), 0, 100), Reading::Unknown);
    }
}
