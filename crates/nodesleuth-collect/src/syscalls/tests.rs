use super::*;
use crate::Cancel;
use crate::fake_node::{FakeClock, FakeNode};
use nodesleuth_model::BootNanos;
use nodesleuth_model::evidence::{ArgumentKind, TracedCpu};
use nodesleuth_trace::{
    Arch, Captured, Cost, End, Engine, Figures, FileCosts, Lost, Record, Summary, Total,
};
use std::cell::RefCell;

/// A call of process 7 that took 2 µs, one of them on a CPU.
pub(crate) fn fake_record(name: &str, arguments: [u64; 6], result: i64) -> Record<'static> {
    Record {
        begin_ns: 1_000_000_000,
        wall_ns: 2_000,
        on_cpu_ns: Some(1_000),
        tgid: 7,
        tid: 7,
        number: Arch::native().unwrap().number(name).unwrap(),
        end: End::Returned(result),
        arguments,
        captured: [Captured::Nothing; 4],
    }
}

/// Calls of 2 µs, one of them on a CPU.
pub(crate) fn fake_summary(length_ns: u64, calls: &[(&str, u64)]) -> Summary {
    let total = |(name, calls): &(&str, u64)| Total {
        number: Arch::native().unwrap().number(name).unwrap(),
        calls: *calls,
        wall_ns: calls * 2_000,
        on_cpu_ns: Some(calls * 1_000),
        ..Total::default()
    };
    Summary {
        engine: Engine::BpfRing,
        length_ns,
        figures: Figures::Counted {
            totals: calls.iter().map(total).collect(),
            errors: Vec::new(),
        },
        files: Some(FileCosts::default()),
        in_flight: Vec::new(),
        children: Vec::new(),
        lost: Lost::default(),
        cost: Cost::default(),
    }
}

/// The length of each capture that was asked for.
type Asked = RefCell<Vec<Duration>>;

/// Makes these calls at this rate in every capture.
fn watch<'a>(
    asked: &'a Asked,
    calls: &'a [(&'a str, u64)],
    records: &'a [Record<'static>],
    node_rate: u64,
) -> Box<Watch<'a>> {
    Box::new(move |_options, length, each| {
        asked.borrow_mut().push(length);
        let millis = u64::try_from(length.as_millis()).unwrap();
        let in_time: Vec<(&str, u64)> = calls
            .iter()
            .map(|(name, rate)| (*name, rate * millis / 1_000))
            .collect();
        let mut summary = fake_summary(millis * 1_000_000, &in_time);
        summary.cost = Cost {
            node_calls: Some(node_rate * millis / 1_000),
            call_before_ns: Some(100.0),
            call_during_ns: Some(200.0),
        };
        records.iter().for_each(each);
        Ok(Watched {
            began: BootNanos(5),
            summary,
            engine: "bpf-ring".to_owned(),
            refused: Vec::new(),
            target_cpu: Some(TracedCpu::default()),
        })
    })
}

fn capture_with(
    plan: TracePlan,
    cancel: &Cancel,
    watch: &Watch<'_>,
) -> Result<SyscallTrace, Missing> {
    let (node, clock) = (crate::Node::live(), FakeClock::new());
    let fake = FakeNode::new();
    let ctx = Ctx {
        node: &node,
        target: Some(Pid(u32::MAX)),
        trace: plan,
        ..fake.ctx(&clock, cancel)
    };
    capture(&ctx, 2, watch)
}

#[test]
fn a_short_look_decides_whether_it_is_counted_at_all() {
    let asked = Asked::default();
    let busy = watch(&asked, &[("read", 1_000)], &[], 300_000);
    let refused = capture_with(TracePlan::Polite, &Cancel::default(), &busy).unwrap_err();
    assert_eq!(refused.kind, MissingKind::OverBudget);
    assert_eq!(*asked.borrow(), [FIRST_LOOK]);
    let asked_for = TracePlan::For(Duration::from_secs(5));
    let trace = capture_with(asked_for, &Cancel::default(), &busy).unwrap();
    assert_eq!(trace.length, Nanos(5_000_000_000));
    assert!(
        (trace.tax.real_cores.0 - 0.0299).abs() < 1e-6,
        "{:?}",
        trace.tax
    );
}

#[test]
fn a_quiet_node_is_counted_for_three_seconds() {
    let asked = Asked::default();
    let quiet = watch(&asked, &[("read", 1_000)], &[], 5_000);
    let trace = capture_with(TracePlan::Polite, &Cancel::default(), &quiet).unwrap();
    assert_eq!(*asked.borrow(), [FIRST_LOOK, Duration::from_secs(3)]);
    assert_eq!(
        (trace.calls[0].name.as_str(), trace.calls[0].calls),
        ("read", 3_000)
    );
}

#[test]
fn polls_are_known_from_the_first_look_and_processes_from_the_main_capture() {
    let asked = Asked::default();
    let records = [
        fake_record("vfork", [0; 6], 88),
        fake_record("epoll_pwait", [0; 6], 0),
    ];
    let forking = watch(&asked, &[("vfork", 100)], &records, 5_000);
    let trace = capture_with(TracePlan::Polite, &Cancel::default(), &forking).unwrap();
    let uses = &trace.arguments.value().unwrap().uses;
    let looked = |kind| {
        uses.iter()
            .find(|one| one.kind == kind)
            .map(|one| one.looked)
    };
    assert_eq!(looked(ArgumentKind::ZeroTimeout), Some(Nanos(200_000_000)));
    assert_eq!(looked(ArgumentKind::NewProcess), Some(Nanos(3_000_000_000)));
}

#[test]
fn an_interrupt_before_it_begins_is_a_reason() {
    let cancel = Cancel::default();
    cancel
        .flag()
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let asked = Asked::default();
    let missing =
        capture_with(TracePlan::Polite, &cancel, &watch(&asked, &[], &[], 0)).unwrap_err();
    assert_eq!(missing.kind, MissingKind::Interrupted);
    assert!(asked.borrow().is_empty());
}

#[test]
fn nobody_asked_for_is_not_missing_and_another_root_is() {
    let (fake, clock, cancel) = (FakeNode::new(), FakeClock::new(), Cancel::default());
    let mut evidence = Evidence::default();
    let never = fake.ctx(&clock, &cancel);
    SyscallsCollector.start(&never)(&mut evidence);
    assert_eq!(evidence.syscalls, Observed::NotRequested);
    let polite = Ctx {
        target: Some(Pid(7)),
        trace: TracePlan::Polite,
        ..fake.ctx(&clock, &cancel)
    };
    SyscallsCollector.start(&polite)(&mut evidence);
    assert_eq!(
        evidence.syscalls.missing().unwrap().kind,
        MissingKind::Unsupported
    );
}
