//! Threads on fake nodes.

use super::*;
use crate::fake_node::{FakeClock, FakeNode};
use crate::tasks::fake_tasks::Thread;
use crate::{Cancel, Clock};
use nodesleuth_model::Nanos;
use std::time::Duration;

fn collect(fake: &FakeNode, happens: impl FnOnce()) -> Observed<Window<ThreadTable>> {
    collect_from(Duration::ZERO, fake, happens)
}

fn collect_from(
    boot: Duration,
    fake: &FakeNode,
    happens: impl FnOnce(),
) -> Observed<Window<ThreadTable>> {
    let (clock, cancel) = (FakeClock::new(), Cancel::default());
    clock.wait(boot);
    let ctx = Ctx {
        target: Some(Pid(7)),
        ..fake.ctx(&clock, &cancel)
    };
    let finish = Threads.start(&ctx);
    happens();
    let mut evidence = Evidence::default();
    finish(&mut evidence);
    evidence.threads
}

#[test]
fn a_thread_that_ran_is_read_again_and_one_that_did_not_is_not() {
    let fake = FakeNode::new();
    Thread::default().write(&fake);
    Thread {
        tid: 8,
        ..Thread::default()
    }
    .write(&fake);
    let threads = collect(&fake, || {
        let more = Thread {
            utime: 200,
            switches: (99, 9),
            ..Thread::default()
        };
        Thread {
            schedstat: Some((2500, 100, 30)),
            ..more
        }
        .write(&fake);
        Thread { tid: 8, ..more }.write(&fake);
    });
    let window = threads.value().unwrap();
    let [first, second] = &window.after.value.threads[..] else {
        panic!()
    };
    assert_eq!(
        (first.utime, first.on_cpu),
        (Ticks(200), Some(Nanos(2_500_000_000)))
    );
    assert_eq!(first.switches.unwrap().voluntary, 99);
    assert_eq!(second, &window.before.value.threads[1]);
}

#[test]
fn without_schedstat_every_thread_is_read_and_its_exact_time_unknown() {
    let fake = FakeNode::new();
    Thread {
        schedstat: None,
        ..Thread::default()
    }
    .write(&fake);
    let threads = collect(&fake, || {
        Thread {
            schedstat: Some((0, 0, 0)),
            utime: 101,
            ..Thread::default()
        }
        .write(&fake);
    });
    let after = &threads.value().unwrap().after.value.threads[0];
    assert_eq!((after.utime, after.on_cpu), (Ticks(101), None));
    assert!(after.switches.is_some());
}

#[test]
fn a_thread_that_ends_and_one_with_a_broken_line_are_left_out() {
    let fake = FakeNode::new();
    Thread::default().write(&fake);
    Thread {
        tid: 8,
        comm: "a) b",
        ..Thread::default()
    }
    .write(&fake);
    let threads = collect(&fake, || {
        fake.remove("/proc/7/task/8");
        fake.write("/proc/7/task/9/stat", "9 (cut");
    });
    let window = threads.value().unwrap();
    assert_eq!(window.before.value.threads[1].comm, "a) b");
    assert_eq!(window.after.value.threads.len(), 1);
}

#[test]
fn a_target_that_ends_is_said_to_have_ended() {
    let fake = FakeNode::new();
    Thread::default().write(&fake);
    let threads = collect(&fake, || fake.remove("/proc/7"));
    assert_eq!(threads.missing().unwrap().kind, MissingKind::TargetGone);
}

#[test]
fn of_very_many_threads_those_that_hardly_ever_ran_are_listed_when_they_run() {
    let fake = FakeNode::new();
    Thread::default().write(&fake);
    let last = 8 + ALWAYS_LISTED as u32;
    let idle = Thread {
        utime: 0,
        stime: 0,
        schedstat: Some((3, 1, 2)),
        start: 0,
        ..Thread::default()
    };
    for tid in 8..=last {
        let line = "3000000 1000000 2\n";
        fake.write(&format!("/proc/7/task/{tid}/schedstat"), line);
    }
    Thread { tid: 9, ..idle }.write(&fake);
    Thread { tid: 10, ..idle }.write(&fake);
    let threads = collect_from(Duration::from_secs(100), &fake, || {
        Thread {
            tid: 9,
            utime: 4,
            schedstat: Some((43, 2, 7)),
            ..idle
        }
        .write(&fake);
        // The id of a thread that was there, given to one that began in the window.
        let start = 100 * ticks_per_second() + 5;
        Thread {
            tid: 10,
            utime: 1,
            schedstat: Some((10, 2, 7)),
            start,
            ..idle
        }
        .write(&fake);
    });
    let window = threads.value().unwrap();
    let tids = |reading: &Reading<ThreadTable>| -> Vec<u32> {
        reading
            .value
            .threads
            .iter()
            .map(|thread| thread.tid.0)
            .collect()
    };
    assert_eq!(tids(&window.before), [7, 9]);
    assert_eq!(tids(&window.after), [7, 9, 10]);
    let earlier = &window.before.value.threads[1];
    assert_eq!(
        (earlier.utime, earlier.on_cpu),
        (Ticks(0), Some(Nanos(3_000_000)))
    );
    assert_eq!(window.after.value.threads[1].utime, Ticks(4));
}
