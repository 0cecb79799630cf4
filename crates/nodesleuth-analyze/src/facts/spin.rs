//! Facts about calls that find nothing to do, and about calls that fail again and again.

use super::{Derived, FactDef, FactType, absent, number, text};
use crate::input::Input;
use crate::period;
use crate::spin::{self, SpinCall};
use crate::traced::Traced;
use nodesleuth_model::evidence::FailingCall;
use nodesleuth_model::{Missing, Nanos};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "syscalls.spin.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Calls a second that wait, wake or give way and nothing else: futex, sched_yield, \
              polls with a timeout of zero, sleeps shorter than 1 ms.",
        derive: |input| number(sum(input, |call| call.rate)?, source(input)?),
    },
    FactDef {
        name: "syscalls.spin.kernel_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU measured inside them.",
        derive: |input| number(sum(input, |call| call.cores)?, source(input)?),
    },
    FactDef {
        name: "syscalls.spin.share",
        kind: FactType::Number,
        unit: "share",
        doc: "The same as a share of the target's CPU in the window.",
        derive: |input| {
            let total = input.cpu()?.total();
            if total <= 0.0 {
                return Err(absent("the target used no CPU"));
            }
            number(sum(input, |call| call.cores)? / total, source(input)?)
        },
    },
    FactDef {
        name: "syscalls.spin.of_calls",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of them in all system calls of the target.",
        derive: |input| number(of_calls(input)?, source(input)?),
    },
    FactDef {
        name: "syscalls.spin.user_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "User CPU that goes with them: the loop around them. An estimate: user CPU × their \
              share of all calls, but no more than twice the kernel part.",
        derive: |input| {
            let most = SPIN_USER_PER_KERNEL * sum(input, |call| call.cores)?;
            let user = input.cpu()?.user * of_calls(input)?;
            number(user.min(most), source(input)?)
        },
    },
    FactDef {
        name: "syscalls.spin.top",
        kind: FactType::Text,
        unit: "",
        doc: "Which of them takes most CPU.",
        derive: |input| {
            let calls = spin::calls(&Traced::of(input.evidence)?);
            let top = calls.first();
            let top = top.ok_or_else(|| absent("the target made no such call"))?;
            text(&top.what, source(input)?)
        },
    },
    FactDef {
        name: "syscalls.failing.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "How often the call that fails at a fixed period fails, a second; 0 when none does.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            traced.failing()?;
            let calls = worst(input).map_or(0, |(failing, _)| failing.calls);
            number(traced.rate(calls), traced.source())
        },
    },
    FactDef {
        name: "syscalls.failing.period_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Time between bursts of the call that fails at a fixed period; unknown when no call \
              does. At least three bursts must have been seen.",
        derive: |input| number(worst(input)?.1, Traced::of(input.evidence)?.source()),
    },
    FactDef {
        name: "syscalls.failing.call",
        kind: FactType::Text,
        unit: "",
        doc: "Name of that call.",
        derive: |input| of_worst(input, |failing| Some(&failing.call)),
    },
    FactDef {
        name: "syscalls.failing.error",
        kind: FactType::Text,
        unit: "",
        doc: "Name of its error.",
        derive: |input| of_worst(input, |failing| Some(&failing.error)),
    },
    FactDef {
        name: "syscalls.failing.pattern",
        kind: FactType::Text,
        unit: "",
        doc: "Kind of path that it fails on.",
        derive: |input| of_worst(input, |failing| failing.pattern.as_ref()),
    },
    FactDef {
        name: "syscalls.failing.on_cpu_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside all failing calls of the same period.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            let period = worst(input)?.1;
            let alike = periodic(&traced)?.into_iter();
            let alike = alike.filter(|(_, other)| (other - period).abs() <= 0.2 * period);
            let cpu = alike.fold(0, |sum, (failing, _)| failing.on_cpu.0.saturating_add(sum));
            number(traced.priced(Nanos(cpu)), traced.source())
        },
    },
];

/// The loop around a call that does nothing, per kernel CPU: 0.35 measured around epoll_pwait in C,
/// 2.6 in Go's scheduler.
const SPIN_USER_PER_KERNEL: f64 = 2.0;

fn sum(input: &Input<'_>, part: fn(&SpinCall) -> f64) -> Result<f64, Missing> {
    let traced = Traced::of(input.evidence)?;
    Ok(spin::calls(&traced).iter().map(part).sum())
}

fn of_calls(input: &Input<'_>) -> Result<f64, Missing> {
    let traced = Traced::of(input.evidence)?;
    let all = traced.rate(traced.sum(|call| call.calls));
    if all <= 0.0 {
        return Err(absent("the target made no system call"));
    }
    Ok((sum(input, |call| call.rate)? / all).min(1.0))
}

fn source(input: &Input<'_>) -> Result<String, Missing> {
    Ok(Traced::of(input.evidence)?.source())
}

/// Failing calls with a fixed period.
fn periodic<'a>(traced: &Traced<'a>) -> Result<Vec<(&'a FailingCall, f64)>, Missing> {
    let failing = traced.failing()?.iter();
    let unusual = failing.filter(|failing| !spin::is_ordinary(&failing.error));
    let with_period = unusual.filter_map(|failing| Some((failing, period::of(&failing.bursts)?)));
    Ok(with_period.collect())
}

/// The one that takes most CPU.
fn worst<'a>(input: &Input<'a>) -> Result<(&'a FailingCall, f64), Missing> {
    let periodic = periodic(&Traced::of(input.evidence)?)?.into_iter();
    let worst = periodic.max_by_key(|(failing, _)| (failing.on_cpu, failing.calls));
    worst.ok_or_else(|| absent("no call fails at a fixed period"))
}

fn of_worst(input: &Input<'_>, part: fn(&FailingCall) -> Option<&String>) -> Derived {
    let (failing, _) = worst(input)?;
    let word = part(failing).ok_or_else(|| absent("the failing call names no path"))?;
    text(word, source(input)?)
}
