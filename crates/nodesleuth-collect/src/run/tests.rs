//! Whole collections on a fake node: the window passes because the clock is moved.

use super::*;
use crate::fake_node::{FakeClock, FakeNode};
use crate::{Quiet, SystemClock, TracePlan};
use nodesleuth_model::evidence::WindowEnd;
use nodesleuth_model::{MissingKind, Ticks};
use std::sync::atomic::Ordering;

const STAT: &str =
    "7 (kubelet) S 1 7 7 0 -1 0 0 0 0 0 5 6 0 0 20 0 9 0 4711 1000 10 18446744073709551615\n";
const CPU: &str = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nctxt 5\nprocesses 6\n\
                   procs_running 1\nprocs_blocked 0\n";

fn node() -> FakeNode {
    FakeNode::with_memory_v1("6.1.0", 3)
        .file("/proc/7/stat", STAT)
        .file("/proc/stat", CPU)
        .file("/proc/meminfo", "MemTotal:  100 kB\n")
        .file("/proc/sys/kernel/version", "#1 SMP\n")
}

fn watch_on(fake: &FakeNode, clock: &FakeClock<'_>, cancel: &Cancel) -> Evidence {
    let ctx = Ctx {
        target: Some(Pid(7)),
        ..fake.ctx(clock, cancel)
    };
    let target = Target {
        pid: Pid(7),
        start: Ticks(4711),
        ..Target::default()
    };
    watch(&ctx, target, Vec::new(), &Quiet, &Meter::start(clock)).evidence
}

#[test]
fn a_whole_collection_fills_the_evidence() {
    let evidence = watch_on(&node(), &FakeClock::new(), &Cancel::default());
    assert_eq!(evidence.window.ended, WindowEnd::Completed);
    assert_eq!(evidence.window.seconds(), 15.0);
    assert_eq!(evidence.machine_cpu.value().unwrap().seconds(), 15.0);
    assert_eq!(evidence.meminfo.value().unwrap().fields.len(), 1);
    assert_eq!(evidence.cgroups.value().unwrap().hierarchies.len(), 1);
    assert_eq!(evidence.host.value().unwrap().kernel_release, "6.1.0");
    assert_eq!(
        evidence.pressure.missing().unwrap().kind,
        MissingKind::Unsupported
    );
    assert_eq!(evidence.slab.missing().unwrap().kind, MissingKind::Absent);
    assert!(evidence.own_cost.value().unwrap().wall.seconds() >= 15.0);
    assert!(evidence.tool.starts_with("nodesleuth "));
    assert!(evidence.clock.utc_unix_nanos > 0);
}

#[test]
fn a_target_that_exits_mid_window_keeps_what_was_measured() {
    let fake = node();
    let clock = FakeClock::new().at(Duration::from_secs(4), || fake.remove("/proc/7"));
    let evidence = watch_on(&fake, &clock, &Cancel::default());
    assert_eq!(evidence.window.ended, WindowEnd::TargetExited);
    assert_eq!(evidence.window.seconds(), 4.0);
    assert_eq!(evidence.window.requested_seconds, 15.0);
    assert!(evidence.machine_cpu.value().is_some());
    assert!(evidence.cgroups.value().is_some());
}

#[test]
fn an_interrupt_keeps_what_is_cheap_and_marks_the_rest() {
    let cancel = Cancel::default();
    let flag = cancel.flag();
    let clock = FakeClock::new().at(Duration::from_secs(2), || {
        flag.store(true, Ordering::Relaxed)
    });
    let evidence = watch_on(&node(), &clock, &cancel);
    assert_eq!(evidence.window.ended, WindowEnd::Interrupted);
    assert!(evidence.machine_cpu.value().is_some());
    assert!(evidence.cgroups.value().is_some());
    assert_eq!(
        evidence.timed_reads.missing().unwrap().kind,
        MissingKind::Interrupted
    );
    assert_eq!(
        evidence.cgroup_scan.missing().unwrap().kind,
        MissingKind::Interrupted
    );
}

#[test]
fn truncated_files_are_malformed_and_the_rest_is_there() {
    let fake = node()
        .file("/proc/stat", "cpu  1 2 3")
        .file("/proc/vmstat", "pgfault 1\npgma");
    let evidence = watch_on(&fake, &FakeClock::new(), &Cancel::default());
    assert_eq!(
        evidence.machine_cpu.missing().unwrap().kind,
        MissingKind::Malformed
    );
    assert_eq!(
        evidence.vmstat.missing().unwrap().kind,
        MissingKind::Malformed
    );
    assert!(evidence.meminfo.value().is_some());
}

#[test]
#[ignore = "needs root and this machine: prints what a real collection finds and costs"]
fn a_real_collection_stays_within_its_own_limits() {
    let clock = SystemClock;
    let cancel = Cancel::default();
    let seconds = std::env::var("WINDOW")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let pid = std::env::var("TARGET")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let options = Options {
        window: Duration::from_secs(seconds),
        target: TargetChoice::Pid(Pid(pid)),
        profiles: std::env::var("PPROF").into_iter().collect(),
        debug_pages: crate::DebugPages::default(),
        read_child: std::env::var("READ_CHILD").ok().map(PathBuf::from),
        slow_read_budget: Duration::from_secs(2),
        stacks_hz: Some(99),
        trace: TracePlan::Never,
        hot_cores: Cores(0.05),
    };
    let collected = collect(&Node::live(), &clock, &options, &cancel, &Quiet).unwrap();
    println!("{:#?}", collected.evidence);
    let cost = collected.evidence.own_cost.value().unwrap();
    assert!(cost.cpu_cores.0 < 0.02, "{cost:?}");
    assert!(cost.peak_rss_bytes.0 < 64 << 20, "{cost:?}");
}
