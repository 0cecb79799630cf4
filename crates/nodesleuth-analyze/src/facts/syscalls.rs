//! Facts about the target's system calls, from the capture that follows the window.
//!
//! `call.NAME.rate`, `.cores` and `.error_rate` of any call are looked up in `lookup.rs`.

use super::{Derived, FactDef, FactType, absent, flag, number, text};
use crate::input::Input;
use crate::traced::Traced;
use nodesleuth_model::evidence::{ArgumentKind, SyscallUse};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "syscalls.traced",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether the target's system calls were counted; false when they were not.",
        derive: |input| {
            input.target()?;
            match Traced::of(input.evidence) {
                Ok(traced) => flag(true, traced.source()),
                Err(missing) => flag(false, missing.to_string()),
            }
        },
    },
    FactDef {
        name: "syscalls.total_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "System calls of the target a second.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            number(traced.rate(traced.sum(|call| call.calls)), traced.source())
        },
    },
    FactDef {
        name: "syscalls.error_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Calls a second that failed.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            number(traced.rate(traced.sum(SyscallUse::failed)), traced.source())
        },
    },
    FactDef {
        name: "syscalls.on_cpu_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside system calls, without waiting and without the cost of counting.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            number(traced.all_cores(), traced.source())
        },
    },
    FactDef {
        name: "syscalls.of_kernel",
        kind: FactType::Number,
        unit: "share",
        doc: "The same per kernel CPU of the window; far from 1 when the target did something \
              else in the window, or burns kernel CPU outside calls (page faults).",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            let kernel = input.cpu()?.kernel;
            if kernel <= 0.0 {
                return Err(absent("the target used no kernel CPU in the window"));
            }
            number(traced.all_cores() / kernel, traced.source())
        },
    },
    FactDef {
        name: "syscalls.top.name",
        kind: FactType::Text,
        unit: "",
        doc: "The call that takes most CPU.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            let top = traced.trace.calls.iter().max_by_key(|call| call.on_cpu);
            let top = top.ok_or_else(|| absent("the target made no system call"))?;
            text(&top.name, traced.source())
        },
    },
    FactDef {
        name: "syscalls.futex.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "futex calls a second.",
        derive: |input| of_futex(input, |traced, futex| traced.rate(futex.calls)),
    },
    FactDef {
        name: "syscalls.futex.timeout_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "futex calls a second that ended with ETIMEDOUT.",
        derive: |input| {
            of_futex(input, |traced, futex| {
                traced.rate(futex.errors.get("ETIMEDOUT").copied().unwrap_or(0))
            })
        },
    },
    FactDef {
        name: "syscalls.futex.error_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "futex calls a second that ended with any error.",
        derive: |input| of_futex(input, |traced, futex| traced.rate(futex.failed())),
    },
    FactDef {
        name: "syscalls.futex.on_cpu_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside futex calls.",
        derive: |input| of_futex(input, |traced, futex| traced.priced(futex.on_cpu)),
    },
    FactDef {
        name: "syscalls.futex.waiting_threads",
        kind: FactType::Number,
        unit: "count",
        doc: "Threads that waited in futex calls, on average: seconds of waiting per second.",
        derive: |input| of_futex(input, |traced, futex| traced.cores(futex.blocked())),
    },
    FactDef {
        name: "syscalls.futex.wall_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of futex in the wall time of all calls, as `strace -c -w` shows it.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            let wall = traced.sum(|call| call.wall.0) as f64;
            if wall <= 0.0 {
                return Err(absent("no time was spent in calls"));
            }
            let futex = traced.call("futex").map_or(0, |futex| futex.wall.0);
            number(futex as f64 / wall, traced.source())
        },
    },
    FactDef {
        name: "syscalls.read.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "read and pread64 calls a second.",
        derive: |input| of_reads(input, |traced, read| traced.rate(read.calls)),
    },
    FactDef {
        name: "syscalls.read.on_cpu_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside read and pread64.",
        derive: |input| of_reads(input, |traced, read| traced.priced(read.on_cpu)),
    },
    FactDef {
        name: "syscalls.fork_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Processes that the target made, a second; threads are not counted.",
        derive: |input| of_kind(input, ArgumentKind::NewProcess),
    },
    FactDef {
        name: "syscalls.bystander_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "What the capture cost all other processes while it ran.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            number(traced.trace.tax.real_cores.0, traced.source())
        },
    },
];

/// Of a call that was not made every number is zero.
fn of_futex(input: &Input<'_>, part: fn(&Traced<'_>, &SyscallUse) -> f64) -> Derived {
    let traced = Traced::of(input.evidence)?;
    let value = traced
        .call("futex")
        .map_or(0.0, |futex| part(&traced, futex));
    number(value, traced.source())
}

fn of_reads(input: &Input<'_>, part: fn(&Traced<'_>, &SyscallUse) -> f64) -> Derived {
    let traced = Traced::of(input.evidence)?;
    let calls = ["read", "pread64"].map(|name| traced.call(name));
    let value = calls.into_iter().flatten().map(|read| part(&traced, read));
    number(value.sum(), traced.source())
}

fn of_kind(input: &Input<'_>, kind: ArgumentKind) -> Derived {
    let traced = Traced::of(input.evidence)?;
    number(traced.argument_rate(kind)?, traced.source())
}
