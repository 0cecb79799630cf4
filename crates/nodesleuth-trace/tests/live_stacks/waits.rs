//! Where threads wait.

use crate::load::{Load, compiled};
use crate::{options, remarks, watch_for, watched};
use nodesleuth_trace::stacks::{StackEngine, StackOptions, start};
use std::time::Duration;

#[test]
#[ignore = "needs root"]
fn a_program_that_sleeps_is_seen_to() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    let mut load = Load::start(&program, &["naps", "0.1", "10"]);
    let asked = StackOptions {
        off_cpu: true,
        ..options(&load, StackEngine::Bpf)
    };
    let mut session = start(&asked).unwrap();
    assert_eq!(session.off_cpu_missing(), None);
    watched(&mut load, &mut session);
    let capture = session.finish().unwrap();
    let most = capture.stacks.iter().max_by_key(|stack| stack.off_cpu_ns);
    let most = most.unwrap();
    println!("{most:x?} {:?}", remarks(&capture));
    assert_eq!(most.off_cpu_count, 10);
    // Naps are at least as long as asked; how much longer depends on who else runs.
    assert!((1_000_000_000..1_500_000_000).contains(&most.off_cpu_ns));
    assert!(!most.kernel.is_empty() && !most.user.is_empty());
    assert_eq!(most.comm, "load");
}

#[test]
#[ignore = "needs root"]
fn a_wait_that_lasts_is_counted_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    let mut load = Load::start(&program, &["naps", "30", "1"]);
    let asked = StackOptions {
        off_cpu: true,
        ..options(&load, StackEngine::Bpf)
    };
    let mut session = start(&asked).unwrap();
    load.go();
    watch_for(&mut session, Duration::from_secs(1));
    let capture = session.finish().unwrap();
    let waited: u64 = capture.stacks.iter().map(|stack| stack.off_cpu_ns).sum();
    let length = capture.ended_ns - capture.started_ns;
    println!("{waited} of {length} ns, {:?}", remarks(&capture));
    assert!(waited > 900_000_000 && waited < length);
}

#[test]
#[ignore = "needs root"]
fn a_busy_program_that_is_pushed_aside_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    let mut loads: Vec<_> = (0..4)
        .map(|_| Load::start(&program, &["split", "1"]))
        .collect();
    let asked = StackOptions {
        off_cpu: true,
        ..options(&loads[0], StackEngine::Bpf)
    };
    let mut session = start(&asked).unwrap();
    for load in &mut loads[1..] {
        load.go();
    }
    watched(&mut loads[0], &mut session);
    let capture = session.finish().unwrap();
    let waited: u64 = capture.stacks.iter().map(|stack| stack.off_cpu_ns).sum();
    println!("{waited} ns, {:?}", remarks(&capture));
    assert!(waited < 100_000_000);
}

#[test]
#[ignore = "needs root"]
fn without_bpf_waits_are_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let load = Load::start(&compiled(folder.path()), &["naps", "0", "0"]);
    let asked = StackOptions {
        off_cpu: true,
        ..options(&load, StackEngine::PerfRings)
    };
    let session = start(&asked).unwrap();
    assert!(session.off_cpu_missing().unwrap().contains("BPF"));
}
