//! `syscalls` and `trace` on a program that makes a known number of calls. As root on Linux; run by
//! `cargo xtask test`, which says loudly when it cannot.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails and skips loudly"
)]

mod faults;
mod strace;
#[path = "../support/mod.rs"]
mod support;
mod tasks;

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use support::{Run, binary, finish, must, nodesleuth, run, start};

/// System call, calls, errors by name.
type Known = (&'static str, u64, &'static [(&'static str, u64)]);

/// What `programs/known_calls.c` does. Threads do one, two and three
/// shares, six in all.
const KNOWN: [Known; 4] = [
    ("write", 6000, &[]),
    ("openat", 600, &[("ENOENT", 600)]),
    ("sched_yield", 180, &[]),
    ("read", 43, &[("EBADF", 42)]),
];
const FUTEX_ERRORS: [(&str, u64); 2] = [("ETIMEDOUT", 120), ("EAGAIN", 300)];

const COUNTING: [&str; 4] = ["bpf-ring", "bpf-perf", "bpf-classic", "perf-rings"];

/// A compiled program, in a folder of its own.
fn compiled(folder: &Path, name: &str) -> PathBuf {
    let source = format!("{}/tests/programs/{name}.c", env!("CARGO_MANIFEST_DIR"));
    let program = folder.join(name);
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-pthread", "-o"]).arg(&program).arg(source);
    must(&mut cc);
    program
}

/// A program that waits for a byte before it does what it is there for.
struct Waiting(Child);

impl Waiting {
    fn start(program: &Path) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped());
        let mut child = start(&mut command);
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }

    fn go(mut self) {
        self.0.stdin.take().unwrap().write_all(b"x").unwrap();
        assert_eq!(finish(self.0).code, Some(0));
    }
}

/// The binary where tracefs is mounted, for the engines that need it; gone with the process.
fn with_tracefs(arguments: &[&str]) -> Command {
    let mount = "mount -t tracefs tracefs /sys/kernel/tracing && exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", mount, binary()]);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs the command, lets the program go once it is watched, and waits for both.
fn watched(mut command: Command, program: Waiting) -> Run {
    let mut watcher = start(&mut command);
    // What it says later stays in the pipe: it is little.
    let mut said = BufReader::new(watcher.stderr.take().unwrap());
    let mut all = String::new();
    while !all.contains("watching with engine") {
        let read = said.read_line(&mut all).unwrap();
        assert!(read > 0, "it ended before it watched: {all}");
    }
    program.go();
    let stderr = said.into_inner();
    watcher.stderr = Some(stderr);
    finish(watcher)
}

fn counted<'a>(json: &'a Value, name: &str) -> &'a Value {
    let calls = json["syscalls"].as_array().unwrap();
    let found = calls.iter().find(|call| call["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {json:#}"))
}

#[test]
#[ignore = "needs root"]
fn every_engine_counts_each_call_and_each_error() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "known_calls");
    for engine in COUNTING {
        let waiting = Waiting::start(&program);
        let pid = waiting.pid();
        let arguments = [
            "-v", "syscalls", "--pid", &pid, "--for", "60s", "-o", "json",
        ];
        let command = with_tracefs(&[&arguments[..], &["--engine", engine]].concat());
        let run = watched(command, waiting);
        assert_eq!(run.code, Some(0), "{run:?}");
        let json = run.json();
        assert_eq!(json["engine"], engine);
        assert_eq!(json["ended"], "target_gone", "{engine}");
        for (name, calls, errors) in KNOWN {
            let call = counted(&json, name);
            // The call that let it begin had begun before.
            let all = call["calls"].as_u64().unwrap() + call["began_before"].as_u64().unwrap();
            assert_eq!(all, calls, "{engine}: {name}");
            for (error, count) in errors {
                assert_eq!(call["errors_by_name"][error], *count, "{engine}: {name}");
            }
        }
        let futex = counted(&json, "futex");
        for (error, count) in FUTEX_ERRORS {
            assert_eq!(futex["errors_by_name"][error], count, "{engine}: futex");
        }
        assert_eq!(counted(&json, "exit_group")["unreturned"], 1, "{engine}");
    }
}

/// The lines of a stream, and what was said at its end.
fn streamed(arguments: &[&str], waiting: Waiting) -> (Vec<Value>, String) {
    let pid = waiting.pid();
    let fixed = ["-v", "trace", "--pid", &pid, "--for", "60s", "-o", "json"];
    let run = watched(with_tracefs(&[&fixed[..], arguments].concat()), waiting);
    assert_eq!(run.code, Some(0), "{run:?}");
    let lines = run.out.lines();
    let lines = lines.map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), run.err)
}

fn calls_of<'a>(lines: &'a [Value], name: &'a str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["name"] == name)
}

#[test]
#[ignore = "needs root"]
fn every_engine_streams_each_call() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "known_calls");
    for engine in COUNTING {
        let (lines, said) = streamed(&["--engine", engine], Waiting::start(&program));
        assert!(!said.contains("INCOMPLETE"), "{engine}: {said}");
        for (name, calls) in [("write", 6000), ("openat", 600), ("futex", 423)] {
            let found = calls_of(&lines, name).count();
            // Joining a thread may or may not have to wait.
            let fits = found == calls || (name == "futex" && (420..=423).contains(&found));
            assert!(fits, "{engine}: {found} {name}");
        }
        let ended = calls_of(&lines, "exit_group").next().unwrap();
        assert_eq!(ended["end"], "thread_ended", "{engine}");
    }
}

#[test]
#[ignore = "needs root"]
fn what_does_not_fit_the_buffer_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "known_calls");
    let waiting = Waiting::start(&program);
    // With -e more calls than are printed are recorded: those that name descriptors.
    let (lines, said) = streamed(&["--buffer", "4"], waiting);
    let (_, told) = said.split_once("INCOMPLETE: ").expect(&said);
    let numbers = told
        .split_whitespace()
        .filter_map(|word| word.replace(',', "").parse().ok());
    let [dropped, produced] = numbers.take(2).collect::<Vec<usize>>()[..] else {
        panic!("{said}")
    };
    assert!(produced > 6000, "{said}");
    assert_eq!(lines.len() + dropped, produced, "{said}");
}

#[test]
#[ignore = "needs root"]
fn two_captures_at_once_see_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "known_calls");
    let waiting = Waiting::start(&program);
    let pid = waiting.pid();
    let arguments = [
        "-v", "syscalls", "--pid", &pid, "--for", "60s", "-o", "json",
    ];
    let mut other = start(&mut nodesleuth(&arguments));
    let mut said = String::new();
    let mut stderr = BufReader::new(other.stderr.take().unwrap());
    while !said.contains("watching with engine") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    other.stderr = Some(stderr.into_inner());
    let one = watched(nodesleuth(&arguments), waiting).json();
    let other = finish(other).json();
    for name in ["write", "openat"] {
        assert_eq!(counted(&one, name)["calls"], counted(&other, name)["calls"]);
    }
}

#[test]
#[ignore = "needs root"]
fn files_are_billed_with_and_without_the_kernel_s_structs() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "known_calls");
    for (engine, method) in [("bpf-ring", "kernel"), ("bpf-perf", "descriptors")] {
        let waiting = Waiting::start(&program);
        let pid = waiting.pid();
        let arguments = [
            "-v", "syscalls", "--pid", &pid, "--files", "-o", "json", "--engine",
        ];
        let run = watched(nodesleuth(&[&arguments[..], &[engine]].concat()), waiting);
        let files = &run.json()["files"];
        let told = &files["method"];
        assert!(
            told == method || told.get(method).is_some(),
            "{engine}: {told}"
        );
        let totals = files["totals"].as_array().unwrap();
        let null = totals
            .iter()
            .find(|total| total["path"] == "/dev/null")
            .unwrap();
        assert_eq!(
            (&null["calls"], &null["bytes"]),
            (&6000.into(), &48000.into())
        );
    }
}

#[test]
#[ignore = "needs root"]
fn without_the_right_to_trace_every_engine_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .args([binary(), "syscalls", "--pid", "1", "--for", "1s"])
        .current_dir(folder.path())
        .stdin(Stdio::null());
    let run = finish(start(&mut command));
    assert_eq!(run.code, Some(2), "{run:?}");
    for engine in ["bpf-ring", "bpf-perf", "bpf-classic", "perf-rings"] {
        assert!(run.err.contains(engine), "{run:?}");
    }
    assert!(run.err.contains("needs root"), "{run:?}");
}

#[test]
#[ignore = "needs root"]
fn inside_a_pid_namespace_its_own_ids_are_meant() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "known_calls");
    // The program's own pipe keeps it waiting until the watcher is there; as it has no sign for
    // that, it is let go after the watcher says so on its standard error.
    let script = "\
        mkfifo gate said; exec 3<>gate; \
        \"$1\" <gate >/dev/null & program=$!; \
        \"$0\" -v syscalls --pid $program --for 60s -o json 2>said & \
        while read -r line <&4; do case $line in *watching*) break;; esac; done 4<said; \
        echo >&3; wait";
    let mut command = Command::new("unshare");
    command
        .args([
            "--pid",
            "--fork",
            "--mount-proc",
            "sh",
            "-c",
            script,
            binary(),
        ])
        .arg(&program)
        .current_dir(folder.path())
        .stdin(Stdio::null());
    let run = finish(start(&mut command));
    let json = run.json();
    assert_eq!(json["engine"], "bpf-ring");
    assert_eq!(counted(&json, "write")["calls"], 6000);
}

/// The BPF programs that a process holds.
fn programs_of(process: &Child) -> Vec<u32> {
    let folder = format!("/proc/{}/fdinfo", process.id());
    let Ok(descriptors) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let texts = descriptors
        .flatten()
        .map(|entry| fs::read_to_string(entry.path()));
    let id = |text: String| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("prog_id:"))?;
        line.trim().parse().ok()
    };
    texts.flatten().filter_map(id).collect()
}

#[test]
#[ignore = "needs root"]
fn a_killed_capture_leaves_nothing() {
    let pid = std::process::id().to_string();
    let mut ours = Vec::new();
    // Killed with none, some and all of its four programs loaded.
    for loaded in (0..=4).chain(0..=4) {
        let mut child = start(&mut nodesleuth(&[
            "syscalls", "--pid", &pid, "--for", "60s",
        ]));
        let enough = |_| {
            thread::sleep(Duration::from_millis(1));
            programs_of(&child).len() >= loaded
        };
        assert!((0..30_000).any(enough), "it never loads {loaded} programs");
        ours.extend(programs_of(&child));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(ours.len() >= 20, "{ours:?}");
    let gone = |_| {
        thread::sleep(Duration::from_millis(50));
        let mut loaded = aya::programs::loaded_programs().flatten();
        !loaded.any(|program| ours.contains(&program.id()))
    };
    assert!((0..100).any(gone), "programs stay loaded");
}

#[test]
#[ignore = "needs root"]
fn a_process_that_is_not_there_is_said() {
    let run = run(&["syscalls", "--pid", "4194304"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("there is no process 4194304"), "{run:?}");
}
