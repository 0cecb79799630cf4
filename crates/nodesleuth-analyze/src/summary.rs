//! System calls as a report shows them.

use crate::input::Input;
use crate::traced::Traced;
use crate::{period, spin};
use nodesleuth_model::evidence::{FailingCall, FileUse, Host, SyscallUse, TracedCpu};
use nodesleuth_model::syscalls::{CallReading, CallRow, FailingRow, FileRow, SyscallSummary};
use nodesleuth_model::{Cores, Nanos};
use std::collections::BTreeMap;

/// From this share of the target's CPU on, calls that find nothing to do are a spin.
const SPIN_SHARE: f64 = 0.1;
/// A call that is on a CPU for this share of its time works.
const WORKING_SHARE: f64 = 0.5;
/// Calls in which a thread with nothing to do is parked.
const PARKING: &[&str] = &[
    "accept",
    "accept4",
    "clock_nanosleep",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "futex",
    "nanosleep",
    "pause",
    "poll",
    "ppoll",
    "pselect6",
    "restart_syscall",
    "rt_sigtimedwait",
    "sched_yield",
    "select",
    "wait4",
    "waitid",
];
/// Failures rarer than this are shown only when they have a period.
const FAILING_RATE: f64 = 10.0;
const MOST_FAILING: usize = 8;

/// The summary, when system calls were counted.
pub(crate) fn of(input: &Input<'_>) -> Option<SyscallSummary> {
    let traced = Traced::of(input.evidence).ok()?;
    let trace = traced.trace;
    let cpu = trace.target_cpu.zip(input.host().ok());
    let of_cpu = |part: fn(TracedCpu) -> nodesleuth_model::Ticks| {
        cpu.map(|(cpu, host)| cores_of(part(cpu), host, traced.seconds))
    };
    let refused = trace.refused.iter();
    Some(SyscallSummary {
        engine: trace.engine.clone(),
        refused: refused
            .map(|refused| format!("{}: {}", refused.engine, refused.reason))
            .collect(),
        seconds: traced.seconds,
        rate: traced.rate(traced.sum(|call| call.calls)),
        cores: Cores(traced.all_cores()),
        traced_user_cores: of_cpu(|cpu| cpu.user),
        traced_kernel_cores: of_cpu(|cpu| cpu.kernel),
        predicted_tax: trace.tax.predicted_cores,
        real_tax: trace.tax.real_cores,
        calls: call_rows(input, &traced),
        files: file_rows(&traced),
        failing: failing_rows(&traced),
        notes: notes(&traced),
    })
}

fn cores_of(ticks: nodesleuth_model::Ticks, host: &Host, seconds: f64) -> Cores {
    Cores(ticks.seconds(host.ticks_per_second) / seconds)
}

fn call_rows(input: &Input<'_>, traced: &Traced<'_>) -> Vec<CallRow> {
    let total = input.cpu().map_or(0.0, |cpu| cpu.total());
    let spinning = spin::calls(traced);
    let spins =
        total > 0.0 && spinning.iter().map(|call| call.cores).sum::<f64>() >= SPIN_SHARE * total;
    let mut rows: Vec<CallRow> = traced
        .trace
        .calls
        .iter()
        .map(|call| {
            // Of a spin only the calls that carry it are named so.
            let spin = spinning.iter().find(|spin| spin.name == call.name);
            let carries = spin.is_some_and(|spin| spin.cores >= SPIN_SHARE / 2.0 * total);
            CallRow {
                name: call.name.clone(),
                rate: traced.rate(call.calls),
                errors: errors(traced, &call.errors),
                cores: Cores(traced.cores(call.on_cpu)),
                waiting_threads: traced.cores(call.blocked()),
                reading: if spins && carries {
                    CallReading::Spinning
                } else {
                    reading(call)
                },
            }
        })
        .collect();
    rows.sort_by(|a, b| b.cores.0.total_cmp(&a.cores.0));
    rows
}

/// As `nodesleuth syscalls` reads them.
fn reading(call: &SyscallUse) -> CallReading {
    if PARKING.contains(&call.name.as_str()) {
        CallReading::Parked
    } else if call.on_cpu.seconds() >= WORKING_SHARE * call.wall.seconds() {
        CallReading::Working
    } else {
        CallReading::Waiting
    }
}

fn errors(traced: &Traced<'_>, errors: &BTreeMap<String, u64>) -> Vec<(String, f64)> {
    let mut errors: Vec<(String, f64)> = errors
        .iter()
        .map(|(name, count)| (name.clone(), traced.rate(*count)))
        .collect();
    errors.sort_by(|a, b| b.1.total_cmp(&a.1));
    errors
}

/// Files by kind, all calls on them together: opening costs as well as reading.
fn file_rows(traced: &Traced<'_>) -> Vec<FileRow> {
    let mut by_pattern: BTreeMap<&str, Vec<&FileUse>> = BTreeMap::new();
    for file in traced.files().unwrap_or_default() {
        by_pattern.entry(&file.pattern).or_default().push(file);
    }
    let rows = by_pattern.values_mut().filter_map(|uses| {
        uses.sort_by_key(|file| std::cmp::Reverse(file.on_cpu));
        let first = uses.first()?;
        let sum = |part: fn(&FileUse) -> u64| {
            uses.iter()
                .map(|file| part(file))
                .fold(0, u64::saturating_add)
        };
        let (calls, on_cpu) = (sum(|file| file.calls), Nanos(sum(|file| file.on_cpu.0)));
        Some(FileRow {
            calls: uses.iter().map(|file| file.call.clone()).collect(),
            pattern: first.pattern.clone(),
            rate: traced.rate(calls),
            cores: Cores(traced.cores(on_cpu)),
            seconds_each: on_cpu.seconds() / calls.max(1) as f64,
            distinct: first.distinct,
        })
    });
    let mut rows: Vec<FileRow> = rows.collect();
    rows.sort_by(|a, b| b.cores.0.total_cmp(&a.cores.0));
    rows
}

fn failing_rows(traced: &Traced<'_>) -> Vec<FailingRow> {
    let row = |failing: &FailingCall| FailingRow {
        call: failing.call.clone(),
        error: failing.error.clone(),
        pattern: failing.pattern.clone(),
        rate: traced.rate(failing.calls),
        period_seconds: period::of(&failing.bursts),
    };
    let worth = |row: &FailingRow| {
        !spin::is_ordinary(&row.error) && (row.period_seconds.is_some() || row.rate >= FAILING_RATE)
    };
    let failing = traced.failing().unwrap_or_default().iter();
    let mut rows: Vec<FailingRow> = failing.map(row).filter(worth).collect();
    rows.sort_by(|a, b| b.rate.total_cmp(&a.rate));
    rows.truncate(MOST_FAILING);
    rows
}

fn notes(traced: &Traced<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let uncounted = traced.trace.uncounted;
    if uncounted > 0 {
        notes.push(format!(
            "{uncounted} calls could not be counted for want of room"
        ));
    }
    notes.extend(traced.trace.files_note.clone());
    let lost = traced
        .trace
        .arguments
        .value()
        .map_or(0, |sample| sample.lost);
    if lost > 0 {
        notes.push(format!(
            "{lost} calls could not be looked at one by one for want of room"
        ));
    }
    notes
}
