//! Choosing on fake nodes; the look passes because the clock is moved.

use super::*;
use crate::fake_node::{FakeClock, FakeNode};
use crate::tasks::fake_tasks::stat;
use crate::{Quiet, TracePlan};
use std::time::Duration;

fn options(target: TargetChoice) -> Options {
    Options {
        window: Duration::from_secs(15),
        target,
        profiles: Vec::new(),
        debug_pages: crate::DebugPages::default(),
        read_child: None,
        slow_read_budget: Duration::ZERO,
        stacks_hz: None,
        trace: TracePlan::Never,
        hot_cores: Cores(0.1),
    }
}

fn choose(
    fake: &FakeNode,
    clock: &FakeClock<'_>,
    choice: TargetChoice,
) -> Result<Target, CollectError> {
    choose_target(
        &fake.node,
        clock,
        &options(choice),
        &Cancel::default(),
        &Quiet,
    )
}

fn node() -> FakeNode {
    FakeNode::new()
        .file("/proc/5/stat", &stat(5, "kubelet", 100, 100))
        .file("/proc/6/stat", &stat(6, "kubelet", 900, 900))
        .file("/proc/7/stat", &stat(7, "sh", 0, 0))
        .link(
            "/proc/7/exe",
            "/usr/local/bin/my-agent-with-a-long-name (deleted)",
        )
}

#[test]
fn a_pid_must_exist() {
    let chosen = choose(&node(), &FakeClock::new(), TargetChoice::Pid(Pid(6))).unwrap();
    assert_eq!(
        (chosen.pid, chosen.chosen, chosen.start.0),
        (Pid(6), ChosenBy::Pid, 1000)
    );
    let error = choose(&node(), &FakeClock::new(), TargetChoice::Pid(Pid(99))).unwrap_err();
    assert_eq!(error.to_string(), "there is no process 99");
}

#[test]
fn a_thread_id_stands_for_its_process() {
    let fake = node().file("/proc/55/status", "Name:\tkubelet\nTgid:\t5\n");
    fake.write("/proc/55/stat", &stat(55, "kubelet", 0, 0));
    let chosen = choose(&fake, &FakeClock::new(), TargetChoice::Pid(Pid(55))).unwrap();
    assert_eq!(chosen.pid, Pid(5));
}

#[test]
fn a_zombie_is_refused_by_id_and_by_name() {
    let zombie = stat(8, "runc", 3, 4).replace(") S 1 ", ") Z 5 ");
    let fake = node().file("/proc/8/stat", &zombie);
    for choice in [
        TargetChoice::Pid(Pid(8)),
        TargetChoice::Name("runc".to_owned()),
    ] {
        let error = choose(&fake, &FakeClock::new(), choice).unwrap_err();
        assert_eq!(
            error.to_string(),
            "process 8 has ended and waits for its parent 5 to notice"
        );
    }
    fake.write("/proc/9/stat", &stat(9, "runc", 3, 4));
    let name = TargetChoice::Name("runc".to_owned());
    let chosen = choose(&fake, &FakeClock::new(), name).unwrap();
    assert_eq!(chosen.pid, Pid(9));
}

#[test]
fn a_process_whose_first_thread_alone_has_ended_is_watched() {
    let first_ended = stat(8, "agent", 3, 4)
        .replace(") S ", ") Z ")
        .replace(" 0 1 0 1000 ", " 0 4 0 1000 ");
    let fake = node().file("/proc/8/stat", &first_ended);
    let chosen = choose(&fake, &FakeClock::new(), TargetChoice::Pid(Pid(8))).unwrap();
    assert_eq!(chosen.pid, Pid(8));
}

#[test]
fn nobody_is_called_nothing() {
    let choice = TargetChoice::Name(String::new());
    let error = choose(&node(), &FakeClock::new(), choice).unwrap_err();
    assert!(matches!(error, CollectError::NoSuchName { .. }), "{error}");
}

#[test]
fn of_several_with_the_name_the_busier_one_is_taken() {
    let fake = node();
    let clock = FakeClock::new().at(Duration::from_millis(500), || {
        fake.write("/proc/5/stat", &stat(5, "kubelet", 140, 110));
    });
    let chosen = choose(&fake, &clock, TargetChoice::Name("kubelet".to_owned())).unwrap();
    assert_eq!((chosen.pid, chosen.chosen), (Pid(5), ChosenBy::Name));
}

#[test]
fn a_long_name_is_found_by_its_executable() {
    let name = TargetChoice::Name("my-agent-with-a-long-name".to_owned());
    assert_eq!(
        choose(&node(), &FakeClock::new(), name).unwrap().pid,
        Pid(7)
    );
}

#[test]
fn an_unknown_name_comes_back_with_similar_ones() {
    let name = TargetChoice::Name("kublet".to_owned());
    let error = choose(&node(), &FakeClock::new(), name).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no process is called \"kublet\"; similar: kubelet"
    );
}

#[test]
fn the_busiest_agent_must_be_hot() {
    let fake = node();
    let clock = FakeClock::new().at(Duration::from_millis(500), || {
        fake.write("/proc/5/stat", &stat(5, "kubelet", 105, 104));
        fake.write("/proc/7/stat", &stat(7, "sh", 60, 0));
    });
    let error = choose(&fake, &clock, TargetChoice::BusiestAgent).unwrap_err();
    let CollectError::NothingHot { busiest } = error else {
        panic!("{error}")
    };
    let shown: Vec<(u32, f64)> = busiest
        .iter()
        .map(|(pid, _, cores)| (pid.0, cores.0))
        .collect();
    assert_eq!(shown, [(7, 0.6), (5, 0.09)]);
}

#[test]
fn the_busiest_agent_is_taken_when_it_is_hot() {
    let fake = node();
    let clock = FakeClock::new().at(Duration::from_millis(500), || {
        fake.write("/proc/6/stat", &stat(6, "kubelet", 905, 905));
        fake.write("/proc/7/stat", &stat(7, "sh", 60, 0));
    });
    let chosen = choose(&fake, &clock, TargetChoice::BusiestAgent).unwrap();
    assert_eq!(
        (chosen.pid, chosen.chosen),
        (Pid(6), ChosenBy::BusiestAgent)
    );
}

#[test]
fn we_and_our_descendants_are_not_candidates() {
    let process = |pid, ppid| ProcessStat {
        pid: Pid(pid),
        ppid: Pid(ppid),
        ..ProcessStat::default()
    };
    let processes = vec![
        process(1, 0),
        process(10, 1),
        process(11, 10),
        process(12, 11),
    ];
    let table = ProcessTable {
        processes,
        ..ProcessTable::default()
    };
    let left: Vec<u32> = not_ourselves(&table, 10)
        .iter()
        .map(|process| process.pid.0)
        .collect();
    assert_eq!(left, [1]);
}

#[test]
fn an_unreadable_process_table_is_said_so() {
    let error = choose(
        &FakeNode::new(),
        &FakeClock::new(),
        TargetChoice::BusiestAgent,
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the process table: /proc: "),
        "{error}"
    );
}
