//! Processes that make others, become others, or have many threads.

use crate::load::{Load, compiled};
use crate::{on_cpu_ns, options, part_of, percent, remarks, schedstat_ns, watch_for, watched};
use nodesleuth_trace::stacks::{
    MappedFile, StackCapture, StackCount, StackEngine, StackOptions, StackTarget, TaskEvent, start,
};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

fn tgids(capture: &StackCapture) -> BTreeSet<u32> {
    capture.stacks.iter().map(|stack| stack.tgid).collect()
}

fn path_of(event: &TaskEvent) -> Option<String> {
    match event {
        TaskEvent::Mapped { path, .. } => Some(String::from_utf8_lossy(path).into_owned()),
        _ => None,
    }
}

#[test]
#[ignore = "needs root"]
fn children_are_followed_and_told_of_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["forks", "0.3", "5"]);
        let asked = StackOptions {
            children: true,
            ..options(&load, engine)
        };
        let mut session = start(&asked).unwrap();
        let events = watched(&mut load, &mut session);
        let capture = session.finish().unwrap();
        let tgids = tgids(&capture);
        let children = tgids.iter().filter(|tgid| **tgid != load.pid()).count();
        println!("{engine}: {children} children, {:?}", remarks(&capture));
        assert_eq!(children, 5, "{engine}");
        // Each burns a third of a second as another program than it was made as.
        let burnt = capture.stacks.iter().filter(|stack| stack.exec == 1);
        let burnt = on_cpu_ns(burnt);
        assert!(burnt > 1_400_000_000, "{engine}: {burnt}");
        let parent = load.pid();
        let started = |event: &&TaskEvent| matches!(event, TaskEvent::Started { parent: it, exec: 0, .. } if *it == parent);
        assert_eq!(events.iter().filter(started).count(), 5, "{engine}");
        let replaced = |event: &&TaskEvent| matches!(event, TaskEvent::Exec { exec: 1, comm, .. } if comm == "load");
        assert_eq!(events.iter().filter(replaced).count(), 5, "{engine}");
        let ended = |event: &&TaskEvent| matches!(event, TaskEvent::Exited { .. });
        assert_eq!(events.iter().filter(ended).count(), 6, "{engine}");
        let name = program.display().to_string();
        let mapped = |event: &&TaskEvent| path_of(event).as_ref() == Some(&name);
        let mapped: Vec<_> = events.iter().filter(mapped).collect();
        assert_eq!(mapped.len(), 5, "{engine}");
        for event in mapped {
            let TaskEvent::Mapped { exec, file, .. } = event else {
                unreachable!();
            };
            assert_eq!(*exec, 1, "{engine}");
            assert!(!matches!(file, MappedFile::Path), "{engine}");
        }
    }
}

#[test]
#[ignore = "needs root"]
fn children_are_left_out_when_nobody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["forks", "0.2", "3"]);
        let mut session = start(&options(&load, engine)).unwrap();
        let events = watched(&mut load, &mut session);
        let capture = session.finish().unwrap();
        assert!(tgids(&capture).iter().all(|tgid| *tgid == load.pid()));
        assert_eq!(events.len(), 1, "{engine}: {events:?}");
        assert!(capture.others > 0, "{engine}");
    }
}

#[test]
#[ignore = "needs root"]
fn an_exec_begins_a_new_image() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    // By the first thread and by another one, which becomes the first.
    let modes = ["exec", "thread-exec"];
    let ways = StackEngine::ALL.map(|engine| modes.map(|mode| (engine, mode)));
    for (engine, mode) in ways.into_iter().flatten() {
        let mut load = Load::start(&program, &[mode, "0.7"]);
        let mut session = start(&options(&load, engine)).unwrap();
        let events = watched(&mut load, &mut session);
        let capture = session.finish().unwrap();
        let of = |image: u32| on_cpu_ns(capture.stacks.iter().filter(|it| it.exec == image));
        let (first, second) = (of(0), of(1));
        println!("{engine}: {first} and {second} ns, {:?}", remarks(&capture));
        assert!(first > 600_000_000 && second > 600_000_000, "{engine}");
        assert_eq!(first + second, on_cpu_ns(&capture.stacks), "{engine}");
        let image = |event: &TaskEvent| match event {
            TaskEvent::Mapped { exec, .. } => Some(*exec),
            _ => None,
        };
        let images: BTreeSet<_> = events.iter().filter_map(image).collect();
        assert_eq!(images, BTreeSet::from([1]), "{engine}");
        // Addresses of the first image are where it said, those of the second are elsewhere.
        let inside = |image: u32| {
            let of_image = capture.stacks.iter().filter(|it| it.exec == image);
            on_cpu_ns(of_image.filter(|it| part_of(it, &load).is_some()))
        };
        assert!(percent(inside(0), first) > 90.0, "{engine}");
    }
}

/// Lets the next process have this number, if nobody else is faster.
fn give_next(pid: u32) {
    fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).unwrap();
}

/// The number of a process that has ended is given to another one.
#[test]
#[ignore = "needs root"]
fn whoever_gets_the_number_of_the_target_is_not_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["split", "0.3"]);
        let pid = load.pid();
        let mut of_it = start(&options(&load, engine)).unwrap();
        let everybody = StackOptions {
            target: StackTarget::All,
            ..options(&load, engine)
        };
        let mut of_all = start(&everybody).unwrap();
        watched(&mut load, &mut of_it);
        let heir = (0..100).find_map(|_| {
            give_next(pid);
            let other = Load::start(&program, &["split", "0.3"]);
            (other.pid() == pid).then_some(other)
        });
        let mut heir = heir.expect("somebody else was always faster");
        watched(&mut heir, &mut of_it);
        of_all.poll().unwrap();
        let of_it = of_it.finish().unwrap();
        assert!(of_it.stacks.iter().all(|stack| stack.exec == 0), "{engine}");
        let of_all = of_all.finish().unwrap();
        let of_image = |image: u32| {
            let stacks = of_all.stacks.iter();
            on_cpu_ns(stacks.filter(|it| it.tgid == pid && it.exec == image))
        };
        // Made by a fork, then another program.
        let (first, second) = (of_image(0), of_image(2));
        println!("{engine}: {first} and {second} ns");
        assert!(first > 250_000_000 && second > 250_000_000, "{engine}");
        assert!(percent(on_cpu_ns(&of_it.stacks), first) < 130.0, "{engine}");
    }
}

#[test]
#[ignore = "needs root"]
fn threads_that_come_and_go_are_all_seen() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["threads", "0.02", "100"]);
        let mut session = start(&options(&load, engine)).unwrap();
        watched(&mut load, &mut session);
        let capture = session.finish().unwrap();
        let tids = capture.stacks.iter().map(|stack| stack.tid);
        let tids: BTreeSet<_> = tids.filter(|tid| *tid != StackCount::NO_TID).collect();
        println!("{engine}: {} threads, {:?}", tids.len(), remarks(&capture));
        assert_eq!(tids.len(), 101, "{engine}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_process_with_ten_thousand_threads_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["many", "10000", "60"]);
        let asked = StackOptions {
            off_cpu: true,
            ..options(&load, engine)
        };
        let mut session = start(&asked).unwrap();
        let before = schedstat_ns(load.pid());
        load.go();
        let accounted = loop {
            watch_for(&mut session, Duration::from_millis(100));
            let accounted = schedstat_ns(load.pid()) - before;
            if accounted > 500_000_000 {
                break accounted;
            }
        };
        let capture = session.finish().unwrap();
        let busy = on_cpu_ns(&capture.stacks);
        println!(
            "{engine}: {busy} of {accounted} ns, {:?}",
            remarks(&capture)
        );
        assert!((percent(busy, accounted) - 100.0).abs() < 15.0, "{engine}");
        assert_eq!(capture.lost, 0, "{engine}");
    }
}

#[test]
#[ignore = "needs root"]
fn all_processes_are_seen_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["split", "1"]);
        let mut other = Load::start(&program, &["split", "1"]);
        let asked = StackOptions {
            target: StackTarget::All,
            ..options(&load, engine)
        };
        let mut session = start(&asked).unwrap();
        other.go();
        watched(&mut load, &mut session);
        while !other.has_ended() {
            session.poll().unwrap();
        }
        let capture = session.finish().unwrap();
        println!(
            "{engine}: {} processes, {:?}",
            tgids(&capture).len(),
            remarks(&capture)
        );
        assert_eq!(capture.others, 0, "{engine}");
        for pid in [load.pid(), other.pid()] {
            let of_it: Vec<_> = capture.stacks.iter().filter(|it| it.tgid == pid).collect();
            assert!(on_cpu_ns(of_it.iter().copied()) > 900_000_000, "{engine}");
            assert!(of_it.iter().all(|it| it.comm == "load"), "{engine}");
        }
    }
}

#[test]
#[ignore = "needs root"]
fn two_captures_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    let mut load = Load::start(&program, &["split", "2"]);
    let mut first = start(&options(&load, StackEngine::Bpf)).unwrap();
    let second = start(&options(&load, StackEngine::Bpf)).unwrap();
    let third = start(&options(&load, StackEngine::PerfRings)).unwrap();
    watched(&mut load, &mut first);
    let sums = [first, second, third].map(|session| on_cpu_ns(&session.finish().unwrap().stacks));
    println!("{sums:?}");
    let all: u64 = sums.iter().sum();
    for sum in sums {
        assert!((percent(sum, all) - 100.0 / 3.0).abs() < 1.0, "{sums:?}");
    }
}
