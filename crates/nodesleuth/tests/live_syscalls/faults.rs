//! What goes wrong while a process is watched, or is refused.

use super::{Waiting, compiled, counted, watched};
use crate::support::{Run, binary, finish, start};
use std::process::{Command, Stdio};

/// Watches `known_calls` from within a shell command that ends with `exec "$@"`.
fn watched_from(shell: &[&str], arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let program = Waiting::start(&compiled(folder.path(), "known_calls"));
    let pid = program.pid();
    let mut command = Command::new(shell[0]);
    command
        .args(&shell[1..])
        .arg(binary())
        .args([
            "-v", "syscalls", "--pid", &pid, "--for", "60s", "-o", "json",
        ])
        .args(arguments)
        .stdin(Stdio::null());
    watched(command, program)
}

/// The reasons by engine, and the engine that ran.
fn refusal(run: &Run, engine: &str) -> String {
    let json = run.json();
    let attempts = json["attempts"].as_array().unwrap().clone();
    let found = attempts.iter().find(|attempt| attempt["engine"] == engine);
    let found = found.unwrap_or_else(|| panic!("no {engine} in {attempts:?}"));
    found["refused"].as_str().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "needs root"]
fn two_capabilities_suffice() {
    let rights = "--bounding-set=-all,+bpf,+perfmon";
    let run = watched_from(&["setpriv", rights, "--inh-caps=-all"], &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let json = run.json();
    assert_eq!(json["engine"], "bpf-ring");
    assert_eq!(counted(&json, "write")["calls"], 6000);
}

#[test]
#[ignore = "needs root"]
fn without_bpf_perf_rings_count_and_say_why() {
    let script = "mount -t tracefs tracefs /sys/kernel/tracing && \
        exec setpriv --bounding-set=-bpf,-sys_admin --inh-caps=-all \"$@\"";
    let run = watched_from(&["unshare", "--mount", "sh", "-c", script, "sh"], &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let json = run.json();
    assert_eq!(json["engine"], "perf-rings", "{run:?}");
    assert_eq!(counted(&json, "write")["calls"], 6000);
    let why = refusal(&run, "bpf-ring");
    assert!(why.contains("not permitted"), "{why}");
}

#[test]
#[ignore = "needs root"]
fn without_tracefs_bpf_runs_and_perf_rings_say_what_is_missing() {
    let script = "umount -l /sys/kernel/tracing 2>/dev/null; umount -l /sys/kernel/debug \
        2>/dev/null; exec \"$@\"";
    let shell = ["unshare", "--mount", "sh", "-c", script, "sh"];
    let run = watched_from(&shell, &[]);
    assert_eq!(run.json()["engine"], "bpf-ring", "{run:?}");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(binary());
    command.args(["syscalls", "--pid", "1", "--engine", "perf-rings"]);
    let run = finish(start(command.stdin(Stdio::null())));
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("tracefs"), "{run:?}");
}

/// A shell that waits for a line and then becomes what the words say.
fn watched_shell(script: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    std::fs::write(
        &program,
        format!("#!/bin/sh\necho ready\nread line\n{script}\n"),
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let program = Waiting::start(&program);
    let pid = program.pid();
    let mut command = Command::new(binary());
    command
        .args([
            "-v", "syscalls", "--pid", &pid, "--for", "60s", "-o", "json",
        ])
        .stdin(Stdio::null());
    watched(command, program)
}

#[test]
#[ignore = "needs root"]
fn a_process_that_becomes_another_program_is_watched_on() {
    let run =
        watched_shell("exec /usr/bin/dd if=/dev/zero of=/dev/null bs=1 count=500 status=none");
    assert_eq!(run.code, Some(0), "{run:?}");
    let json = run.json();
    assert_eq!(json["ended"], "target_gone");
    assert_eq!(counted(&json, "execve")["calls"], 1);
    assert_eq!(counted(&json, "write")["calls"], 500);
}
