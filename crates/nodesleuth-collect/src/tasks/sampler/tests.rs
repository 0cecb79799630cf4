//! Sampling on fake nodes: a test changes the files and moves the clock, nothing sleeps.

use super::*;
use crate::fake_node::{FakeClock, FakeNode};
use crate::tasks::Used;
use crate::tasks::fake_tasks::Thread;
use nodesleuth_model::Ticks;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// The tick at which the fake clock's tests begin.
const BEGIN: Duration = Duration::from_secs(100);

fn sampler<'a>(fake: &'a FakeNode, clock: &'a FakeClock<'_>, whole: bool) -> TaskSampler<'a> {
    keeping(1000, fake, clock, whole)
}

/// A kept file of a made-up task stays readable when the task is removed; a real one answers
/// ESRCH. Tests in which a task ends open each file anew, which then fails.
fn keeping_none<'a>(fake: &'a FakeNode, clock: &'a FakeClock<'_>, whole: bool) -> TaskSampler<'a> {
    keeping(0, fake, clock, whole)
}

fn keeping<'a>(
    files: u64,
    fake: &'a FakeNode,
    clock: &'a FakeClock<'_>,
    whole: bool,
) -> TaskSampler<'a> {
    clock.wait(BEGIN);
    let files = Descriptors::at_most(files);
    let mut sampler = TaskSampler::with(&fake.node, clock, Scope::Node, whole, files);
    sampler.sample().unwrap();
    sampler
}

fn next(sampler: &mut TaskSampler<'_>) -> Sample {
    sampler.clock.wait(SECOND);
    sampler.sample().unwrap()
}

fn threads(sampler: &TaskSampler<'_>) -> Vec<(u32, Used)> {
    sampler
        .threads_that_ran()
        .map(|task| (task.tid.unwrap().0, task.used))
        .collect()
}

#[test]
fn only_threads_that_ran_are_shown_with_what_they_used() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    Thread::default().write(&fake);
    Thread {
        tid: 8,
        ..Thread::default()
    }
    .write(&fake);
    let mut sampler = sampler(&fake, &clock, false);
    let more = Thread {
        utime: 130,
        stime: 60,
        switches: (15, 6),
        ..Thread::default()
    };
    Thread {
        tid: 8,
        schedstat: Some((1900, 150, 30)),
        ..more
    }
    .write(&fake);
    let sample = next(&mut sampler);
    assert_eq!((sample.processes, sample.threads), (1, 2));
    assert_eq!(sample.since, Some(Nanos(1_000_000_000)));
    let expected = Used {
        utime: Some(Ticks(30)),
        stime: Some(Ticks(10)),
        on_cpu: Some(Nanos(400_000_000)),
        run_wait: Some(Nanos(50_000_000)),
        voluntary: Some(5),
        involuntary: Some(1),
    };
    assert_eq!(threads(&sampler), [(8, expected)]);
    next(&mut sampler);
    assert_eq!(threads(&sampler), []);
}

#[test]
fn a_thread_whose_schedstat_stands_still_is_not_read_further() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    Thread::default().write(&fake);
    let mut sampler = sampler(&fake, &clock, false);
    fake.write("/proc/7/task/7/stat", "nobody reads this");
    assert_eq!(next(&mut sampler).threads, 1);
    assert_eq!(threads(&sampler), []);
}

#[test]
fn a_thread_that_has_run_for_less_than_a_tick_begins_with_no_ticks() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    let idle = Thread {
        utime: 0,
        stime: 0,
        schedstat: Some((9, 0, 1)),
        ..Thread::default()
    };
    idle.write(&fake);
    let mut sampler = sampler(&fake, &clock, false);
    Thread {
        utime: 3,
        schedstat: Some((39, 0, 2)),
        ..idle
    }
    .write(&fake);
    next(&mut sampler);
    let [(7, used)] = threads(&sampler)[..] else {
        panic!()
    };
    assert_eq!((used.utime, used.stime), (Some(Ticks(3)), Some(Ticks(0))));
}

#[test]
fn ticks_are_read_again_once_a_tick_has_passed() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    Thread::default().write(&fake);
    let mut sampler = sampler(&fake, &clock, false);
    let run = |on_cpu, utime| Thread {
        utime,
        schedstat: Some((on_cpu, 100, on_cpu)),
        ..Thread::default()
    };
    let mut ticks = Vec::new();
    for (on_cpu, utime) in [(1506, 101), (1512, 102), (1513, 103)] {
        run(on_cpu, utime).write(&fake);
        next(&mut sampler);
        ticks.extend(
            threads(&sampler)
                .iter()
                .map(|(_, used)| used.utime.unwrap().0),
        );
    }
    assert_eq!(ticks, [0, 2, 0]);
}

#[test]
fn without_schedstat_ticks_and_switches_tell_and_exact_times_are_unknown() {
    for schedstat in [None, Some((0, 0, 0))] {
        let (fake, clock) = (FakeNode::new(), FakeClock::new());
        let before = Thread {
            schedstat,
            ..Thread::default()
        };
        before.write(&fake);
        Thread { tid: 8, ..before }.write(&fake);
        let mut sampler = sampler(&fake, &clock, false);
        Thread {
            utime: 110,
            switches: (20, 5),
            ..before
        }
        .write(&fake);
        next(&mut sampler);
        let [(7, used)] = threads(&sampler)[..] else {
            panic!("{schedstat:?}")
        };
        assert_eq!(
            (used.utime, used.on_cpu, used.run_wait),
            (Some(Ticks(10)), None, None)
        );
        assert_eq!(used.voluntary, Some(10));
    }
}

#[test]
fn threads_that_come_and_go_are_noticed() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    Thread::default().write(&fake);
    Thread {
        tid: 8,
        ..Thread::default()
    }
    .write(&fake);
    let mut sampler = keeping_none(&fake, &clock, false);
    fake.remove("/proc/7/task/8");
    // It began 50 ms after the first sample: all its life counts.
    let young = Thread {
        tid: 9,
        comm: "a) b(",
        start: 10_005,
        utime: 4,
        ..Thread::default()
    };
    Thread {
        stime: 1,
        schedstat: Some((50, 1, 3)),
        switches: (2, 1),
        ..young
    }
    .write(&fake);
    assert_eq!(next(&mut sampler).threads, 2);
    let shown: Vec<_> = sampler.threads_that_ran().collect();
    let [
        TaskUse {
            tid: Some(Pid(9)),
            comm: "a) b(",
            used,
            ..
        },
    ] = shown[..]
    else {
        panic!("{shown:?}")
    };
    assert_eq!(
        (used.utime, used.on_cpu),
        (Some(Ticks(4)), Some(Nanos(50_000_000)))
    );
    assert_eq!((used.voluntary, used.involuntary), (Some(2), Some(1)));
}

#[test]
fn an_old_thread_that_was_not_seen_before_does_not_count_from_zero() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    Thread::default().write(&fake);
    let mut sampler = sampler(&fake, &clock, false);
    Thread {
        tid: 8,
        ..Thread::default()
    }
    .write(&fake);
    next(&mut sampler);
    assert_eq!(threads(&sampler), []);
}

#[test]
fn a_process_that_ends_is_no_longer_counted() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    Thread::default().write(&fake);
    Thread {
        pid: 20,
        tid: 20,
        ..Thread::default()
    }
    .write(&fake);
    let mut sampler = sampler(&fake, &clock, true);
    fake.remove("/proc/20");
    assert_eq!(next(&mut sampler).processes, 1);
}

#[test]
fn a_process_id_that_changed_hands_starts_anew() {
    for whole in [false, true] {
        let (fake, clock) = (FakeNode::new(), FakeClock::new());
        Thread::default().write(&fake);
        let mut sampler = keeping_none(&fake, &clock, whole);
        let other = Thread {
            comm: "other",
            start: 10_050,
            utime: 2,
            stime: 0,
            ..Thread::default()
        };
        fake.remove("/proc/7");
        Thread {
            schedstat: Some((20, 0, 2)),
            ..other
        }
        .write(&fake);
        next(&mut sampler);
        let shown: Vec<_> = match whole {
            true => sampler.processes_that_ran().collect(),
            false => sampler.threads_that_ran().collect(),
        };
        let [
            TaskUse {
                comm: "other",
                used,
                ..
            },
        ] = shown[..]
        else {
            panic!("{shown:?}")
        };
        assert_eq!(used.utime, Some(Ticks(2)));
    }
}

#[test]
fn a_cut_stat_line_is_unknown_not_zero() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    Thread::default().write(&fake);
    let mut sampler = sampler(&fake, &clock, false);
    Thread {
        schedstat: Some((1600, 100, 21)),
        ..Thread::default()
    }
    .write(&fake);
    fake.write("/proc/7/task/7/stat", "7 (kubelet) S 1");
    next(&mut sampler);
    let [(7, used)] = threads(&sampler)[..] else {
        panic!()
    };
    assert_eq!((used.utime, used.on_cpu), (None, Some(Nanos(100_000_000))));
}

#[test]
fn a_process_sums_the_waiting_and_switches_of_its_threads() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    let before = Thread::default();
    before.write(&fake);
    Thread { tid: 8, ..before }.write(&fake);
    let mut sampler = sampler(&fake, &clock, true);
    let after = Thread {
        schedstat: Some((1600, 130, 21)),
        switches: (13, 6),
        ..before
    };
    Thread {
        utime: 120,
        ..after
    }
    .write(&fake);
    Thread { tid: 8, ..after }.write(&fake);
    next(&mut sampler);
    let shown: Vec<_> = sampler.processes_that_ran().collect();
    let [
        TaskUse {
            pid: Pid(7),
            tid: None,
            comm: "kubelet",
            used,
            ..
        },
    ] = shown[..]
    else {
        panic!("{shown:?}")
    };
    assert_eq!(
        (used.utime, used.run_wait),
        (Some(Ticks(20)), Some(Nanos(60_000_000)))
    );
    assert_eq!((used.voluntary, used.involuntary), (Some(6), Some(2)));
}

#[test]
fn without_any_descriptor_to_keep_the_readings_are_the_same() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    Thread::default().write(&fake);
    clock.wait(BEGIN);
    let none = Descriptors::at_most(0);
    let mut sampler = TaskSampler::with(&fake.node, &clock, Scope::Process(Pid(7)), false, none);
    sampler.sample().unwrap();
    Thread {
        utime: 105,
        schedstat: Some((1600, 100, 21)),
        ..Thread::default()
    }
    .write(&fake);
    next(&mut sampler);
    assert_eq!(threads(&sampler)[0].1.utime, Some(Ticks(5)));
}

#[test]
fn of_many_threads_only_the_most_active_have_their_first_switches_known() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    let thread = |tid: u32, more: u64| Thread {
        tid,
        schedstat: Some((1500 + more, 100, u64::from(tid) + more)),
        switches: (10 + more, 5),
        ..Thread::default()
    };
    let last = 7 + SWITCHES_AT_START as u32;
    (7..=last).for_each(|tid| thread(tid, 0).write(&fake));
    let mut sampler = sampler(&fake, &clock, false);
    (7..=last).for_each(|tid| thread(tid, 1).write(&fake));
    next(&mut sampler);
    let known = |used: &Used| used.voluntary == Some(1);
    let unknown: Vec<u32> = threads(&sampler)
        .iter()
        .filter(|(_, used)| !known(used))
        .map(|(tid, _)| *tid)
        .collect();
    assert_eq!(unknown, [7]);
    (7..=last).for_each(|tid| thread(tid, 2).write(&fake));
    next(&mut sampler);
    assert!(threads(&sampler).iter().all(|(_, used)| known(used)));
}

#[test]
fn a_process_table_that_is_not_there_is_said_so() {
    let (fake, clock) = (FakeNode::new(), FakeClock::new());
    let error = TaskSampler::of_threads(&fake.node, &clock, Scope::Node)
        .sample()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the process table: /proc: "),
        "{error}"
    );
}
