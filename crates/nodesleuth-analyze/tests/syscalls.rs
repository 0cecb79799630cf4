//! Causes that are seen in system calls, on built evidence: just above what decides, just below,
//! and with nothing known.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use nodesleuth_analyze::{Catalog, analyze};
use nodesleuth_model::evidence::{
    ArgumentKind, ArgumentSample, ArgumentUse, FailingCall, FileUse, Host, ProcessStat,
    ProcessTable, SyscallTrace, SyscallUse, Target,
};
use nodesleuth_model::{
    BootNanos, Cores, Diagnosis, Evidence, Finding, Missing, MissingKind, Nanos, Observed, Outcome,
    Pid, Reading, Ticks, Window,
};
use std::collections::BTreeMap;

/// Cores that the target burns in the built window of ten seconds.
#[derive(Clone, Copy)]
struct Cpu {
    user: f64,
    kernel: f64,
    children: f64,
}

const BUSY: Cpu = Cpu {
    user: 0.4,
    kernel: 0.6,
    children: 0.0,
};

fn reading<T>(seconds: u64, value: T) -> Reading<T> {
    Reading {
        at: BootNanos(seconds * 1_000_000_000),
        value,
    }
}

fn table(cpu: Cpu, seconds: f64) -> ProcessTable {
    let ticks = |cores: f64| Ticks((cores * seconds * 100.0).round() as u64);
    ProcessTable {
        processes: vec![ProcessStat {
            pid: Pid(7),
            utime: ticks(cpu.user),
            stime: ticks(cpu.kernel),
            cutime: ticks(cpu.children),
            start: Ticks(1),
            ..ProcessStat::default()
        }],
        ..ProcessTable::default()
    }
}

fn evidence(cpu: Cpu, trace: SyscallTrace) -> Evidence {
    let mut evidence = Evidence::default();
    evidence.host = Observed::Value(Host {
        kernel_release: "6.1.0".to_owned(),
        ticks_per_second: 100,
        ..Host::default()
    });
    evidence.target = Observed::Value(Target {
        pid: Pid(7),
        comm: "agent".to_owned(),
        start: Ticks(1),
        ..Target::default()
    });
    evidence.processes = Observed::Value(Window {
        before: reading(100, table(cpu, 0.0)),
        after: reading(110, table(cpu, 10.0)),
    });
    evidence.syscalls = Observed::Value(trace);
    evidence
}

/// A second of these calls, nothing of them unknown.
fn trace(calls: Vec<SyscallUse>) -> SyscallTrace {
    SyscallTrace {
        engine: "bpf-ring".to_owned(),
        length: Nanos(1_000_000_000),
        calls,
        arguments: Observed::Value(ArgumentSample::default()),
        failing: Observed::Value(Vec::new()),
        files: Observed::Value(Vec::new()),
        ..SyscallTrace::default()
    }
}

fn call(name: &str, calls: u64, cores: f64, threads: f64) -> SyscallUse {
    SyscallUse {
        name: name.to_owned(),
        calls,
        on_cpu: Nanos::from_seconds(cores),
        wall: Nanos::from_seconds(cores + threads),
        ..SyscallUse::default()
    }
}

fn failing_with(mut call: SyscallUse, error: &str, count: u64) -> SyscallUse {
    call.errors = BTreeMap::from([(error.to_owned(), count)]);
    call
}

fn file(call: &str, kind: &str, pattern: &str, calls: u64, cores: f64) -> FileUse {
    FileUse {
        call: call.to_owned(),
        kind: kind.to_owned(),
        pattern: pattern.to_owned(),
        calls,
        on_cpu: Nanos::from_seconds(cores),
        ..FileUse::default()
    }
}

fn with_kinds(mut trace: SyscallTrace, uses: &[(&str, ArgumentKind, u64)]) -> SyscallTrace {
    let uses = uses.iter().map(|(call, kind, calls)| ArgumentUse {
        call: (*call).to_owned(),
        kind: *kind,
        calls: *calls,
        on_cpu: Nanos(calls * 1_000),
        looked: Nanos(1_000_000_000),
    });
    if let Observed::Value(sample) = &mut trace.arguments {
        sample.uses = uses.collect();
    }
    trace
}

fn diagnose(evidence: &Evidence) -> Diagnosis {
    analyze(evidence, &[], &Catalog::built_in().unwrap(), "test")
}

fn finding<'a>(diagnosis: &'a Diagnosis, id: &str) -> Option<&'a Finding> {
    let all = diagnosis.findings.iter().chain(&diagnosis.red_herrings);
    all.into_iter().find(|finding| finding.id == id)
}

fn of(trace: SyscallTrace, id: &str) -> Option<Finding> {
    finding(&diagnose(&evidence(BUSY, trace)), id).cloned()
}

#[test]
fn a_spin_is_named_from_a_tenth_of_the_targets_cpu_on() {
    let spinning = |cores| trace(vec![call("futex", 50_000, cores, 3.0)]);
    let found = of(spinning(0.101), "runtime-spin").unwrap();
    assert!(
        found.title.contains("50,000 calls a second"),
        "{}",
        found.title
    );
    // The calls themselves, and twice as much user CPU at most.
    assert!((found.cores.unwrap().0 - 0.303).abs() < 1e-6);
    assert!(of(spinning(0.099), "runtime-spin").is_none());
}

#[test]
fn polls_spin_only_if_they_may_not_wait() {
    let polls = |kind| {
        let trace = trace(vec![call("epoll_pwait", 40_000, 0.3, 0.0)]);
        with_kinds(trace, &[("epoll_pwait", kind, 40_000)])
    };
    let found = of(polls(ArgumentKind::ZeroTimeout), "runtime-spin").unwrap();
    assert!(
        found.title.contains("epoll_pwait that may not wait"),
        "{}",
        found.title
    );
    assert!(of(polls(ArgumentKind::Other), "runtime-spin").is_none());
}

#[test]
fn parked_threads_are_a_red_herring_and_priced() {
    let parked = failing_with(call("futex", 300, 0.002, 9.0), "ETIMEDOUT", 100);
    let found = of(trace(vec![parked.clone()]), "parked-futex").unwrap();
    assert!(found.title.contains("0.002 cores"), "{}", found.title);
    assert!(
        found.title.contains("100 time-outs a second"),
        "{}",
        found.title
    );
    let spinning = failing_with(call("futex", 90_000, 0.2, 9.0), "ETIMEDOUT", 40_000);
    assert!(of(trace(vec![spinning]), "parked-futex").is_none());
    let unparked = failing_with(call("futex", 300, 0.002, 9.0), "EAGAIN", 100);
    assert!(of(trace(vec![unparked]), "parked-futex").is_none());
}

#[test]
fn children_are_explained_by_the_processes_that_are_started() {
    let shell = Cpu {
        user: 0.05,
        kernel: 0.2,
        children: 0.5,
    };
    let storm = |processes| {
        let calls = vec![
            call("clone", processes, 0.1, 0.0),
            call("wait4", processes, 0.02, 0.6),
        ];
        let kinds = [
            ("clone", ArgumentKind::NewProcess, processes),
            ("clone", ArgumentKind::NewThread, 500),
            ("execve", ArgumentKind::NewProgram, processes),
        ];
        diagnose(&evidence(shell, with_kinds(trace(calls), &kinds)))
    };
    let diagnosis = storm(200);
    let found = finding(&diagnosis, "fork-storm").unwrap();
    assert_eq!(diagnosis.outcome, Outcome::CauseFound);
    assert!(
        (found.cores.unwrap().0 - 0.62).abs() < 1e-6,
        "{:?}",
        found.pricing
    );
    assert!(finding(&storm(9), "fork-storm").is_none());
}

#[test]
fn a_scan_of_all_processes_is_told_from_a_look_at_proc_stat() {
    let scan = |pattern: &str| {
        let mut trace = trace(vec![call("read", 9_000, 0.5, 0.0)]);
        trace.files = Observed::Value(vec![file("read", "proc", pattern, 9_000, 0.4)]);
        trace
    };
    let found = of(scan("/proc/*/smaps"), "proc-scan").unwrap();
    assert!(found.title.contains("/proc/*/smaps"), "{}", found.title);
    assert!(of(scan("/proc/stat"), "proc-scan").is_none());
}

#[test]
fn failures_are_a_loop_only_at_a_fixed_period() {
    let failing = |seconds: &[f64]| {
        let mut trace = trace(vec![failing_with(
            call("rmdir", 300, 0.2, 0.0),
            "EBUSY",
            300,
        )]);
        trace.failing = Observed::Value(vec![FailingCall {
            call: "rmdir".to_owned(),
            error: "EBUSY".to_owned(),
            pattern: Some("/sys/fs/cgroup/a/**".to_owned()),
            calls: 300,
            on_cpu: Nanos::from_seconds(0.2),
            bursts: seconds.iter().copied().map(Nanos::from_seconds).collect(),
            ..FailingCall::default()
        }]);
        trace
    };
    let found = of(failing(&[0.1, 0.35, 0.6, 0.85]), "failing-retry-loop").unwrap();
    assert!(
        found.title.contains("rmdir") && found.title.contains("every 250.0 ms"),
        "{}",
        found.title
    );
    assert!((found.cores.unwrap().0 - 0.2).abs() < 1e-6);
    assert!(of(failing(&[0.1, 0.2, 0.6, 0.85]), "failing-retry-loop").is_none());
}

#[test]
fn what_was_measured_once_is_explained_once() {
    let mut trace = trace(vec![
        failing_with(call("read", 10_000, 0.5, 0.0), "ENODEV", 900),
        call("futex", 50_000, 0.2, 1.0),
    ]);
    trace.files = Observed::Value(vec![file("read", "proc", "/proc/*/stat", 9_000, 0.5)]);
    trace.failing = Observed::Value(vec![FailingCall {
        call: "read".to_owned(),
        error: "ENODEV".to_owned(),
        calls: 900,
        on_cpu: Nanos::from_seconds(0.4),
        bursts: [0.1, 0.35, 0.6, 0.85].map(Nanos::from_seconds).to_vec(),
        ..FailingCall::default()
    }]);
    let diagnosis = diagnose(&evidence(BUSY, trace));
    for view in ["owner", "calls"] {
        let view = diagnosis.ledger.view(view).unwrap();
        let total: f64 = view.parts.iter().map(|part| part.cores.0).sum();
        assert!((total - 1.0).abs() < 1e-6, "{view:?}");
        for part in &view.parts {
            let claimed: f64 = part.claims.iter().map(|claim| claim.cores.0).sum();
            assert!(claimed <= part.cores.0 + 1e-9, "{part:?}");
        }
    }
    // All of /proc's time is the scan's; nothing measured is left for the failing reads.
    assert!(finding(&diagnosis, "proc-scan").is_some());
    assert!(finding(&diagnosis, "failing-retry-loop").is_none());
}

#[test]
fn without_a_capture_nothing_is_blamed_and_the_reason_is_given() {
    let mut evidence = evidence(BUSY, trace(Vec::new()));
    let missing = Missing::new(MissingKind::Permission, "BPF is refused").needs("root");
    evidence.syscalls = Observed::Unavailable(missing);
    let diagnosis = diagnose(&evidence);
    assert_eq!(diagnosis.outcome, Outcome::NotIdentified);
    assert!(diagnosis.findings.is_empty() && diagnosis.syscalls.is_none());
    assert!(diagnosis.ledger.view("calls").is_none());
    let line = diagnosis
        .not_checked
        .iter()
        .find(|row| row.what == "the target's system calls");
    assert_eq!(line.unwrap().why, "BPF is refused (needs root)");
}

#[test]
fn a_capture_of_no_length_is_not_divided_by() {
    let mut trace = trace(vec![call("futex", 50_000, 0.5, 0.0)]);
    trace.length = Nanos(0);
    let diagnosis = diagnose(&evidence(BUSY, trace));
    assert!(diagnosis.syscalls.is_none() && diagnosis.findings.is_empty());
    assert_eq!(diagnosis.ledger.total_cores, Cores(1.0));
}
