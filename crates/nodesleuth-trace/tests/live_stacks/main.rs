//! Stacks of a program that spends a known part of its CPU time in each of its functions. As root on
//! Linux; run by `cargo xtask test`, which says loudly when it cannot.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod load;

use load::{Load, PARTS, READS, compiled};
use nodesleuth_trace::stacks::{
    StackCapture, StackEngine, StackOptions, StackSession, StackTarget, TaskEvent, start,
};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

fn options(load: &Load, engine: StackEngine) -> StackOptions {
    StackOptions {
        engine: Some(engine),
        hz: 499,
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

/// On-CPU time of stacks whose first user frame is in each part.
fn by_part(capture: &StackCapture, load: &Load) -> [u64; PARTS] {
    let mut sums = [0; PARTS];
    for stack in &capture.stacks {
        let inside =
            |part: &std::ops::Range<u64>| stack.user.iter().any(|frame| part.contains(frame));
        if let Some(part) = load.parts.iter().position(inside) {
            sums[part] += stack.on_cpu_ns;
        }
    }
    sums
}

fn percent(part: u64, of: u64) -> f64 {
    100.0 * part as f64 / of as f64
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
        let (all, all_told) = (measured.iter().sum(), told.iter().sum());
        println!(
            "{engine}: {measured:?} of {told:?}; {} stacks, {:?}",
            capture.stacks.len(),
            StackCapture {
                stacks: Vec::new(),
                ..capture.clone()
            }
        );
        for part in 0..PARTS {
            let (is, should) = (percent(measured[part], all), percent(told[part], all_told));
            println!("{engine}: part {part}: {is:.1} % of {should:.1} %");
            assert!((is - should).abs() < 3.0, "{engine}: part {part}");
        }
    }
}
