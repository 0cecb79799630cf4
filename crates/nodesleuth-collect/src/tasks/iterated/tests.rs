use super::*;
use crate::fake_node::FakeClock;
use nodesleuth_model::Ticks;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;
const TICK: Nanos = Nanos(10_000_000);
/// When the first sample is taken.
const BEGIN: u64 = 10 * SECOND;

/// A thread that has run for so many seconds, a quarter of it in the kernel.
fn record(tid: u32, pid: u32, seconds: u64) -> TaskRecord {
    let mut comm = [0; 16];
    comm[..7].copy_from_slice(b"kubelet");
    TaskRecord {
        tid,
        pid,
        start_ns: 5 * SECOND,
        user_ns: seconds * 3 * SECOND / 4,
        system_ns: seconds * SECOND / 4,
        on_cpu_ns: seconds * SECOND,
        run_wait_ns: seconds * SECOND / 10,
        voluntary: seconds * 8,
        involuntary: seconds,
        ended_ns: [0; 3],
        comm,
    }
}

/// Ids with the whole seconds they ran; `None` if that is not known.
type Ran = Vec<(u32, Option<u64>)>;

/// Two samples a second apart; what is shown of threads and of processes after them.
fn two(scope: Scope, first: Vec<TaskRecord>, second: Vec<TaskRecord>) -> (Ran, Ran) {
    let clock = FakeClock::new();
    clock.wait(Duration::from_nanos(BEGIN));
    let now = Rc::new(RefCell::new(first));
    let records = Rc::clone(&now);
    let source: Source = Box::new(move |each| {
        records.borrow().iter().for_each(each);
        Ok(())
    });
    let mut tasks = IteratedTasks::with(source, &clock, scope, TICK);
    tasks.sample().unwrap();
    now.replace(second);
    clock.wait(Duration::from_secs(1));
    tasks.sample().unwrap();
    let ns = |task: &TaskUse<'_>| task.used.on_cpu.map(|ns| ns.0 / SECOND);
    let threads = tasks.threads_that_ran();
    let threads = threads.map(|task| (task.tid.unwrap().0, ns(&task)));
    let processes = tasks.processes_that_ran();
    let processes = processes.map(|task| (task.pid.0, ns(&task)));
    (threads.collect(), processes.collect())
}

#[test]
fn what_ran_is_shown_and_what_stood_still_is_not() {
    let before = vec![record(7, 7, 10), record(8, 7, 20), record(9, 9, 30)];
    let after = vec![record(7, 7, 10), record(8, 7, 22), record(9, 9, 30)];
    let (threads, processes) = two(Scope::Node, before, after);
    assert_eq!(threads, [(8, Some(2))]);
    assert_eq!(processes, [(7, Some(2))]);
}

#[test]
fn the_time_of_a_thread_that_ended_stays_its_process_s() {
    let before = vec![record(7, 7, 10), record(8, 7, 20)];
    let ended = TaskRecord {
        ended_ns: [0, 21 * SECOND, 21 * SECOND],
        ..record(7, 7, 10)
    };
    let (threads, processes) = two(Scope::Node, before, vec![ended]);
    assert_eq!(threads, []);
    assert_eq!(processes, [(7, Some(1))]);
}

#[test]
fn a_new_thread_counts_from_zero_and_an_old_one_never_seen_does_not() {
    let young = TaskRecord {
        start_ns: BEGIN,
        ..record(8, 7, 1)
    };
    let after = vec![record(7, 7, 10), young, record(9, 9, 30)];
    let (threads, processes) = two(Scope::Node, vec![record(7, 7, 10)], after);
    assert_eq!(threads, [(8, Some(1))]);
    assert_eq!(processes, [(7, Some(1))]);
}

#[test]
fn an_id_that_changed_hands_starts_anew() {
    let other = TaskRecord {
        start_ns: BEGIN,
        ..record(7, 7, 1)
    };
    let (threads, processes) = two(Scope::Node, vec![record(7, 7, 10)], vec![other]);
    assert_eq!(
        (threads, processes),
        (vec![(7, Some(1))], vec![(7, Some(1))])
    );
}

#[test]
fn of_one_process_only_its_threads_are_seen() {
    let before = vec![record(7, 7, 10), record(9, 9, 30)];
    let after = vec![record(7, 7, 11), record(9, 9, 33)];
    let (threads, _) = two(Scope::Process(Pid(9)), before, after);
    assert_eq!(threads, [(9, Some(3))]);
}

#[test]
fn a_process_adds_up_all_that_its_threads_used() {
    let clock = FakeClock::new();
    clock.wait(Duration::from_nanos(BEGIN));
    let mut samples = vec![
        vec![record(8, 7, 4), record(7, 7, 2)],
        vec![record(8, 7, 0), record(7, 7, 0)],
    ];
    let source: Source = Box::new(move |each| {
        samples.pop().unwrap().iter().for_each(each);
        Ok(())
    });
    let mut tasks = IteratedTasks::with(source, &clock, Scope::Node, TICK);
    tasks.sample().unwrap();
    tasks.sample().unwrap();
    let shown: Vec<_> = tasks.processes_that_ran().collect();
    let used = shown[0].used;
    assert_eq!(
        (used.utime, used.stime, used.run_wait),
        (Some(Ticks(450)), Some(Ticks(150)), Some(Nanos(600_000_000)))
    );
    assert_eq!((used.voluntary, used.involuntary), (Some(48), Some(6)));
    assert_eq!(shown[0].comm, "kubelet");
}
