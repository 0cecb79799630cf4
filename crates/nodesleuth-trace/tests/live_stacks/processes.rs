//! Processes that make others, become others, or have many threads.

use crate::load::{Load, compiled};
use crate::{on_cpu_ns, options, part_of, percent, remarks, watch_for, watched};
use nodesleuth_trace::stacks::{
    MappedFile, StackCapture, StackCount, StackEngine, StackOptions, StackTarget, TaskEvent, start,
};
use std::collections::BTreeSet;
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
        let children = tgids(&capture).len() - 1;
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
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["exec", "0.7"]);
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
        let mut load = Load::start(&program, &["many", "10000", "1"]);
        let asked = StackOptions {
            off_cpu: true,
            ..options(&load, engine)
        };
        let mut session = start(&asked).unwrap();
        load.go();
        watch_for(&mut session, Duration::from_secs(1));
        let capture = session.finish().unwrap();
        let busy = on_cpu_ns(&capture.stacks);
        println!("{engine}: {busy} ns, {:?}", remarks(&capture));
        assert!(busy > 200_000_000, "{engine}");
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
