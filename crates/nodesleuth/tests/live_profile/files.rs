//! Which function makes which calls about which files.

use crate::programs::{build, toolchains};
use crate::support::{Run, finish, nodesleuth, run, start};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What `programs/known_calls.go` does in `main.work`: system call, file, times, bytes.
const KNOWN: [(&str, &str, u64, u64); 3] = [
    ("write", "/dev/**", 4000, 32_000),
    ("openat", "/proc/*/comm", 4000, 0),
    // The kernel's name of the process is that of the program, and a line ends it.
    ("read", "/proc/*/comm", 4000, 4000 * 12),
];

/// A program that waits for a line on its standard input.
fn waiting(program: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(program);
    start(command.args(arguments).stdin(Stdio::piped()))
}

/// Watches it from before it goes on, and says how the watch ended.
fn watched(program: &mut Child, options: &[&str]) -> Run {
    let pid = program.id().to_string();
    let fixed = ["-v", "profile", "--files", "--pid", &pid];
    let mut watcher = start(&mut nodesleuth(&[&fixed[..], options].concat()));
    let mut said = BufReader::new(watcher.stderr.take().unwrap());
    let mut all = String::new();
    while !all.contains("taking stacks") {
        let read = said.read_line(&mut all).unwrap();
        assert!(read > 0, "it ended before it watched: {all}");
    }
    let mut stdin = program.stdin.take().unwrap();
    stdin.write_all(b"x\n").unwrap();
    watcher.stderr = Some(said.into_inner());
    let run = finish(watcher);
    drop(stdin);
    run
}

fn readers(json: &Value) -> &Vec<Value> {
    json["readers"].as_array().unwrap()
}

#[test]
#[ignore = "needs root"]
fn each_call_is_billed_to_the_function_and_the_file() {
    for go in toolchains() {
        for flags in [&[][..], &["-ldflags=-s -w"]] {
            let what = format!("{} {flags:?}", go.display());
            let folder = tempfile::tempdir().unwrap();
            let program = build(&go, folder.path(), "known_calls", flags);
            let out = folder.path().join("files.pb.gz");
            let out = out.to_str().unwrap();
            let mut child = waiting(&program, &[]);
            let json = watched(&mut child, &["--for", "60s", "-o", "json", "--out", out]).json();
            finish(child);
            assert_eq!(json["ended"], "target_gone", "{what}");
            assert_eq!(json["lost"], 0, "{what}: {json:#}");
            for (syscall, file, calls, bytes) in KNOWN {
                let found = readers(&json).iter().find(|reader| {
                    reader["function"] == "main.work"
                        && reader["syscall"] == syscall
                        && reader["file"] == file
                });
                let found = found.unwrap_or_else(|| panic!("{what}: no {syscall} in {json:#}"));
                let cost = &found["cost"];
                assert_eq!(cost["calls"], calls, "{what}: {found:#}");
                assert_eq!(cost["bytes"], bytes, "{what}: {found:#}");
                assert_eq!(found["files"], 1, "{what}: {found:#}");
                assert!(cost["on_cpu_seconds"].as_f64().unwrap() > 0.0, "{what}");
            }
            let inside = json["total"]["on_cpu_seconds"].as_f64().unwrap();
            let used = json["accounted_seconds"].as_f64().unwrap();
            assert!(inside < used, "{what}: {inside} of {used}");
            let folded = run(&[
                "flame",
                out,
                "--format",
                "folded",
                "--sample-index",
                "calls",
            ]);
            let from_go = ";main.work;os.Open;";
            assert!(folded.out.contains(from_go), "{what}: {folded:?}");
            assert!(
                folded.out.contains(";read /proc/*/comm 4000\n"),
                "{what}: {folded:?}"
            );
        }
    }
}

#[test]
#[ignore = "needs root"]
fn a_call_that_has_not_returned_is_in_flight() {
    let mut shell = waiting(
        Path::new("/bin/sh"),
        &["-c", "echo ready; read one; read two"],
    );
    let mut line = String::new();
    let stdout = shell.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let json = watched(&mut shell, &["--for", "1500ms", "-o", "json"]).json();
    finish(shell);
    let waits = readers(&json).iter().find(|reader| {
        reader["syscall"] == "read" && reader["file"] == "pipe" && reader["cost"]["in_flight"] == 1
    });
    let waits = waits.unwrap_or_else(|| panic!("nothing in flight: {json:#}"));
    let blocked = waits["cost"]["blocked_seconds"].as_f64().unwrap();
    assert!(blocked > 0.5, "{waits:#}");
}

#[test]
#[ignore = "needs root"]
fn an_engine_that_sees_no_files_says_so() {
    let own = std::process::id().to_string();
    let refused = run(&[
        "profile",
        "--files",
        "--pid",
        &own,
        "--engine",
        "perf-rings",
    ]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.err.contains("which file a call is about"),
        "{refused:?}"
    );
}
