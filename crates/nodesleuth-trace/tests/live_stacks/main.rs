//! Stacks of a program that spends a known part of its CPU time in each of its functions. As root on
//! Linux; run by `cargo xtask test`, which says loudly when it cannot.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails loudly and shows its figures"
)]

mod faults;
mod load;
mod processes;
mod waits;

use load::{Load, PARTS, READS, compiled};
use nodesleuth_trace::stacks::{
    StackCapture, StackCount, StackEngine, StackOptions, StackSession, StackTarget, TaskEvent,
    start,
};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

fn options(load: &Load, engine: StackEngine) -> StackOptions {
    StackOptions {
        engine: Some(engine),
        hz: 999,
        ..StackOptions::new(StackTarget::Process(load.pid()))
    }
}

/// Lets the program run to its end under a capture.
fn watched(load: &mut Load, session: &mut StackSession) -> Vec<TaskEvent> {
    load.go();
    let began = Instant::now();
    let mut events = Vec::new();
    while !load.has_ended() {
        assert!(began.elapsed() < LIMIT);
        thread::sleep(session.pause());
        events.extend(session.poll().unwrap());
    }
    events.extend(session.poll().unwrap());
    events
}

/// Polls for so long.
fn watch_for(session: &mut StackSession, time: Duration) -> Vec<TaskEvent> {
    let began = Instant::now();
    let mut events = Vec::new();
    while began.elapsed() < time {
        thread::sleep(session.pause());
        events.extend(session.poll().unwrap());
    }
    events
}

/// Which part of the program a stack is in.
fn part_of(stack: &StackCount, load: &Load) -> Option<usize> {
    let inside = |part: &std::ops::Range<u64>| stack.user.iter().any(|it| part.contains(it));
    load.parts.iter().position(inside)
}

/// On-CPU time of all stacks by part.
fn by_part(capture: &StackCapture, load: &Load) -> [u64; PARTS] {
    let mut sums = [0; PARTS];
    for stack in &capture.stacks {
        if let Some(part) = part_of(stack, load) {
            sums[part] += stack.on_cpu_ns;
        }
    }
    sums
}

fn on_cpu_ns<'s>(stacks: impl IntoIterator<Item = &'s StackCount>) -> u64 {
    stacks.into_iter().map(|stack| stack.on_cpu_ns).sum()
}

/// What is said of a capture besides its stacks.
fn remarks(capture: &StackCapture) -> StackCapture {
    StackCapture {
        stacks: Vec::new(),
        ..capture.clone()
    }
}

fn percent(part: u64, of: u64) -> f64 {
    100.0 * part as f64 / of as f64
}

/// The kernel's own account of a thread's time on a CPU.
fn schedstat_ns(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs root"]
fn a_known_split_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["split", "4"]);
        let mut session = start(&options(&load, engine)).unwrap();
        watched(&mut load, &mut session);
        let capture = session.finish().unwrap();
        let told = load.told();
        let measured = by_part(&capture, &load);
        println!(
            "{engine}: {measured:?} of {told:?}; {:?}",
            remarks(&capture)
        );
        let (all, all_told) = (measured.iter().sum(), told.iter().sum());
        for part in 0..PARTS {
            let (is, should) = (percent(measured[part], all), percent(told[part], all_told));
            println!("{engine}: part {part}: {is:.1} % of {should:.1} %");
            assert!((is - should).abs() < 3.0, "{engine}: part {part}");
        }
        let in_reads = |stack: &&StackCount| part_of(stack, &load) == Some(READS);
        let reads: Vec<_> = capture.stacks.iter().filter(in_reads).collect();
        let in_kernel = reads.iter().filter(|stack| !stack.kernel.is_empty());
        let share = percent(
            on_cpu_ns(in_kernel.copied()),
            on_cpu_ns(reads.iter().copied()),
        );
        println!("{engine}: {share:.1} % of the reads in the kernel");
        // The rest is the way into the kernel and out of it.
        assert!(share > 90.0, "{engine}");
        assert_eq!(capture.lost, 0, "{engine}");
    }
}

#[test]
#[ignore = "needs root"]
fn the_total_is_the_kernel_s_own() {
    total_is_accounted("split", 3.0);
}

/// The first sample after a CPU slept is not the time that it slept.
#[test]
#[ignore = "needs root"]
fn a_cpu_that_slept_was_nobody_s() {
    // A burst of 5 ms is seen about ten times.
    total_is_accounted("bursts", 10.0);
}

/// What a program's samples stand for, against the kernel's account of it.
fn total_is_accounted(mode: &str, most_percent_off: f64) {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &[mode, "60"]);
        load.go();
        let asked = StackOptions {
            hz: 1999,
            ..options(&load, engine)
        };
        let mut session = start(&asked).unwrap();
        let before = schedstat_ns(load.pid());
        watch_for(&mut session, Duration::from_secs(5));
        let accounted = schedstat_ns(load.pid()) - before;
        let capture = session.finish().unwrap();
        let share = percent(on_cpu_ns(&capture.stacks), accounted);
        println!(
            "{engine}: {share:.1} % of {accounted} ns; {:?}",
            remarks(&capture)
        );
        assert!((share - 100.0).abs() < most_percent_off, "{engine}");
    }
}

/// A frame pointer walk misses the caller of a function that has no frame.
#[test]
#[ignore = "needs root"]
fn the_caller_of_a_function_without_a_frame_is_on_top_of_the_stack() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    let mut load = Load::start(&program, &["bare", "1"]);
    let mut session = start(&options(&load, StackEngine::Bpf)).unwrap();
    watched(&mut load, &mut session);
    let capture = session.finish().unwrap();
    let [_, caller, bare, _] = &load.parts;
    let runs_bare = |stack: &&StackCount| stack.user.first().is_some_and(|it| bare.contains(it));
    let stacks: Vec<_> = capture.stacks.iter().filter(runs_bare).collect();
    let all = on_cpu_ns(stacks.iter().copied());
    let told = stacks.iter().filter(|stack| caller.contains(&stack.top));
    let told = percent(on_cpu_ns(told.copied()), all);
    let walked = stacks
        .iter()
        .filter(|stack| stack.user.iter().any(|it| caller.contains(it)));
    let walked = percent(on_cpu_ns(walked.copied()), all);
    println!("{all} ns: {told:.1} % on top, {walked:.1} % by frame pointers");
    assert!(all > 500_000_000 && told > 99.0);
}
