//! How a run can end, and what is refused before it begins.

use crate::programs::{Running, build, toolchains};
use crate::support::{binary, finish, nodesleuth, run, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
#[ignore = "needs root"]
fn ctrl_c_closes_the_window_and_reports_what_there_is() {
    let Some(go) = toolchains().into_iter().next() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let program = build(&go, folder.path(), "known_split", &[]);
    let running = Running::start(&program, &[]);
    let arguments = [
        "-v",
        "profile",
        "--pid",
        &running.pid(),
        "--for",
        "100s",
        "-o",
        "json",
    ];
    let mut child = start(&mut nodesleuth(&arguments));
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut all = String::new();
    while !all.contains("taking stacks") {
        assert!(
            said.read_line(&mut all).unwrap() > 0,
            "it ended early: {all}"
        );
    }
    std::thread::sleep(std::time::Duration::from_secs(2));
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    child.stderr = Some(said.into_inner());
    let run = finish(child);
    assert_eq!(run.code, Some(0), "{run:?}");
    let profile = run.json();
    assert_eq!(profile["ended"], "stopped");
    assert!(profile["samples"]["all"].as_u64().unwrap() > 0, "{run:?}");
}

#[test]
#[ignore = "needs root"]
fn a_process_that_ends_closes_the_window() {
    let mut sleep = Command::new("sleep");
    let mut sleep = start(sleep.arg("1").stdin(Stdio::null()));
    let pid = sleep.id().to_string();
    let run = run(&["profile", "--pid", &pid, "--for", "100s"]);
    sleep.wait().unwrap();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("the process ended meanwhile"), "{run:?}");
    // It slept; its end may be seen.
    let few = ["no samples", "in 1 samples"];
    assert!(few.iter().any(|few| run.out.contains(few)), "{run:?}");
}

#[test]
#[ignore = "needs root"]
fn without_the_right_to_sample_every_engine_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--bounding-set=-all", "--inh-caps=-all", "--reuid=65534"])
        .args([binary(), "profile", "--all", "--for", "1s"])
        .current_dir(folder.path())
        .stdin(Stdio::null());
    let run = finish(start(&mut command));
    assert_eq!(run.code, Some(2), "{run:?}");
    for engine in ["bpf", "perf-rings"] {
        assert!(run.err.contains(engine), "{run:?}");
    }
}
