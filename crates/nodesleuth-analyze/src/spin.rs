//! Calls that find nothing to do: what a runtime that spins makes many of.

use crate::traced::Traced;
use nodesleuth_model::evidence::{ArgumentKind, SyscallUse};

/// Calls that may ask without waiting, by a timeout of zero.
const POLLS: &[&str] = &[
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "poll",
    "ppoll",
    "pselect6",
    "select",
];
const SLEEPS: &[&str] = &["clock_nanosleep", "nanosleep"];
/// Calls that do nothing but wait, wake or give way, whatever their arguments.
const ALWAYS: &[&str] = &["futex", "sched_yield"];

/// Errors that are the ordinary answer of a call that waits or asks.
const ORDINARY: &[&str] = &["EAGAIN", "EINPROGRESS", "EINTR", "ETIMEDOUT"];

/// Whether an error only says that there was nothing to do.
pub(crate) fn is_ordinary(error: &str) -> bool {
    ORDINARY.contains(&error)
}

/// One kind of such calls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpinCall {
    pub(crate) name: String,
    /// For people.
    pub(crate) what: String,
    pub(crate) rate: f64,
    pub(crate) cores: f64,
}

/// All of them, most CPU first. Polls and sleeps count only as far as their arguments were seen.
pub(crate) fn calls(traced: &Traced<'_>) -> Vec<SpinCall> {
    let mut found: Vec<SpinCall> = traced
        .trace
        .calls
        .iter()
        .filter_map(|call| spin_call(traced, call))
        .filter(|call| call.rate > 0.0)
        .collect();
    found.sort_by(|a, b| b.cores.total_cmp(&a.cores));
    found
}

fn spin_call(traced: &Traced<'_>, call: &SyscallUse) -> Option<SpinCall> {
    let name = call.name.as_str();
    let (kind, what) = match name {
        _ if ALWAYS.contains(&name) => (None, name.to_owned()),
        _ if POLLS.contains(&name) => {
            let what = format!("{name} that may not wait");
            (Some(ArgumentKind::ZeroTimeout), what)
        }
        _ if SLEEPS.contains(&name) => {
            let what = format!("{name} shorter than 1 ms");
            (Some(ArgumentKind::ShortSleep), what)
        }
        _ => return None,
    };
    let (of_calls, of_cpu) = match kind {
        None => (1.0, 1.0),
        Some(kind) => shares(traced, name, kind)?,
    };
    Some(SpinCall {
        name: call.name.clone(),
        what,
        rate: traced.rate(call.calls) * of_calls,
        cores: traced.priced(call.on_cpu) * of_cpu,
    })
}

/// Which share of a call's number and of its CPU has arguments of this kind.
fn shares(traced: &Traced<'_>, name: &str, kind: ArgumentKind) -> Option<(f64, f64)> {
    let sample = traced.arguments().ok()?;
    let (mut all, mut of_kind) = ((0.0, 0.0), (0.0, 0.0));
    for one in sample.uses.iter().filter(|one| one.call == name) {
        let (calls, cpu) = (one.calls as f64, one.on_cpu.seconds());
        all = (all.0 + calls, all.1 + cpu);
        if one.kind == kind {
            of_kind = (of_kind.0 + calls, of_kind.1 + cpu);
        }
    }
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    Some((share(of_kind.0, all.0), share(of_kind.1, all.1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::{ArgumentSample, ArgumentUse, SyscallTrace};
    use nodesleuth_model::{Nanos, Observed};

    fn trace(arguments: Observed<ArgumentSample>) -> SyscallTrace {
        let call = |name: &str, calls, on_cpu| SyscallUse {
            name: name.to_owned(),
            calls,
            on_cpu: Nanos(on_cpu),
            ..SyscallUse::default()
        };
        SyscallTrace {
            length: Nanos(2_000_000_000),
            calls: vec![
                call("epoll_pwait", 40_000, 400_000_000),
                call("futex", 2_000, 20_000_000),
                call("read", 9_000, 900_000_000),
            ],
            arguments,
            ..SyscallTrace::default()
        }
    }

    fn sample() -> ArgumentSample {
        let one = |kind, calls, on_cpu| ArgumentUse {
            call: "epoll_pwait".to_owned(),
            kind,
            calls,
            on_cpu: Nanos(on_cpu),
            looked: Nanos(500_000_000),
        };
        ArgumentSample {
            uses: vec![
                one(ArgumentKind::ZeroTimeout, 7_500, 30_000_000),
                one(ArgumentKind::Other, 2_500, 30_000_000),
            ],
            ..ArgumentSample::default()
        }
    }

    fn spin(trace: &SyscallTrace) -> Vec<(String, f64, f64)> {
        let traced = Traced {
            trace,
            seconds: 2.0,
            busier: 1.0,
        };
        let calls = calls(&traced).into_iter();
        calls
            .map(|call| (call.name, call.rate, call.cores))
            .collect()
    }

    #[test]
    fn only_the_share_of_polls_that_may_not_wait_counts() {
        let found = spin(&trace(Observed::Value(sample())));
        assert_eq!(
            found,
            [
                ("epoll_pwait".to_owned(), 15_000.0, 0.1),
                ("futex".to_owned(), 1_000.0, 0.01)
            ]
        );
    }

    #[test]
    fn polls_of_unknown_arguments_are_not_suspected() {
        let found = spin(&trace(Observed::NotRequested));
        assert_eq!(found, [("futex".to_owned(), 1_000.0, 0.01)]);
    }
}
