//! The same program under strace and under each counting engine: every call and every error is the
//! same, except where the machine's load decides (who has to wait for a lock, which memory is
//! given back).

use super::{COUNTING, Waiting, compiled, counted, watched, with_tracefs};
use crate::support::{finish, must, start};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// How often it is called depends on what else runs.
const BY_CHANCE: [&str; 7] = [
    "futex",
    "mmap",
    "munmap",
    "mprotect",
    "madvise",
    "exit_group",
    "restart_syscall",
];

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    calls: u64,
    errors: BTreeMap<String, u64>,
}

type Table = BTreeMap<String, Counts>;

/// Whether strace is there; says so loudly when it is not.
fn strace_is_there() -> bool {
    let there = Command::new("strace").arg("--version").output().is_ok();
    if !there {
        eprintln!("!!! SKIPPED: no strace here (apt-get install strace): nothing is compared");
    }
    there
}

/// Lets the program go under strace with these options, whose output is returned.
fn under_strace(folder: &Path, options: &[&str], program: Waiting) -> String {
    let out = folder.join("strace");
    let mut command = Command::new("strace");
    command.args(options).arg("-o").arg(&out);
    let mut strace = start(command.args(["-p", &program.pid()]));
    until_attached(&mut strace);
    program.go();
    finish(strace);
    fs::read_to_string(out).unwrap()
}

fn until_attached(strace: &mut Child) {
    let mut said = BufReader::new(strace.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("attached") {
        assert!(said.read_line(&mut line).unwrap() > 0, "{line}");
    }
    strace.stderr = Some(said.into_inner());
}

/// Counts the lines of `strace -f`: a call that others interrupt has two.
fn lines(text: &str) -> Table {
    let mut table = Table::new();
    for line in text.lines() {
        let call = line.split_once(' ').map_or(line, |(_, call)| call).trim();
        let name = match call.strip_prefix("<... ") {
            Some(resumed) => resumed.split(' ').next(),
            None if call.ends_with("<unfinished ...>") || call.starts_with(['+', '-']) => None,
            None => call.split('(').next(),
        };
        let Some(name) = name else { continue };
        let counts = table.entry(name.to_owned()).or_default();
        counts.calls += 1;
        if let Some((_, error)) = line.rsplit_once(" = -1 ") {
            let error = error.split(' ').next().unwrap_or_default();
            *counts.errors.entry(error.to_owned()).or_default() += 1;
        }
    }
    table
}

/// Calls and errors of `strace -c -f`, which has no names of errors.
fn summary(text: &str) -> BTreeMap<String, (u64, u64)> {
    let rows = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.first()?.parse::<f64>().ok()?;
        let errors = match words.len() {
            6 => words[4].parse().ok()?,
            _ => 0,
        };
        Some((words.last()?.to_string(), (words[3].parse().ok()?, errors)))
    });
    rows.filter(|(name, _)| name != "total").collect()
}

/// What an engine counted, with calls that did not return, which strace shows too.
fn table(json: &Value) -> Table {
    let calls = json["syscalls"].as_array().unwrap().iter();
    let row = |call: &Value| {
        let figure = |name: &str| call[name].as_u64().unwrap();
        let errors = call["errors_by_name"].as_object().unwrap().iter();
        let errors = errors.map(|(name, count)| (name.clone(), count.as_u64().unwrap()));
        let counts = Counts {
            calls: figure("calls") + figure("unreturned"),
            errors: errors.collect(),
        };
        (call["name"].as_str().unwrap().to_owned(), counts)
    };
    calls.map(row).collect()
}

fn by_engine(engine: &str, program: Waiting) -> Value {
    let pid = program.pid();
    let arguments = [
        "-v", "syscalls", "--pid", &pid, "--for", "60s", "-o", "json", "--engine", engine,
    ];
    let run = watched(with_tracefs(&arguments), program);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.json()
}

#[test]
#[ignore = "needs root"]
fn every_engine_counts_what_strace_counts() {
    if !strace_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "known_calls");
    let start = || Waiting::start(&program);
    let theirs = lines(&under_strace(folder.path(), &["-f"], start()));
    let summed = summary(&under_strace(folder.path(), &["-f", "-c"], start()));
    assert_eq!(theirs["write"].calls, 6000, "{theirs:?}");
    for engine in COUNTING {
        let mut ours = table(&by_engine(engine, start()));
        for (name, counts) in &theirs {
            let ours = ours.remove(name).unwrap_or_default();
            if name == "read" {
                // The one under way when they begin is seen or not.
                assert_eq!(ours.errors, counts.errors, "{engine}: read");
            } else if name == "futex" {
                for error in ["ETIMEDOUT", "EAGAIN"] {
                    assert_eq!(
                        ours.errors[error], counts.errors[error],
                        "{engine}: {error}"
                    );
                }
            } else if !BY_CHANCE.contains(&name.as_str()) {
                assert_eq!(&ours, counts, "{engine}: {name}");
                // strace -c leaves out calls that do not return.
                let (calls, errors) = summed.get(name).copied().unwrap_or((ours.calls, 0));
                let failed: u64 = ours.errors.values().sum();
                assert_eq!((ours.calls, failed), (calls, errors), "{engine}: {name}");
            }
        }
        ours.retain(|name, _| !BY_CHANCE.contains(&name.as_str()));
        assert!(ours.is_empty(), "{engine}: strace has no {ours:?}");
    }
}

/// Both see the same run: which goroutine waits how often is chance.
#[test]
#[ignore = "needs root"]
fn of_one_run_of_a_go_program_both_count_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = strace_is_there()
        .then(|| go_program(folder.path()))
        .flatten()
    else {
        return;
    };
    for engine in COUNTING {
        let waiting = Waiting::start(&program);
        let pid = waiting.pid();
        let out = folder.path().join("same");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-p", &pid, "-o"]).arg(&out);
        let mut strace = start(&mut strace);
        until_attached(&mut strace);
        let json = by_engine(engine, waiting);
        finish(strace);
        let theirs = lines(&fs::read_to_string(&out).unwrap());
        let ours = table(&json);
        for name in [
            "futex",
            "epoll_pwait",
            "nanosleep",
            "write",
            "openat",
            "close",
        ] {
            let (Some(theirs), Some(ours)) = (theirs.get(name), ours.get(name)) else {
                panic!("{engine}: no {name} in {theirs:?} or {ours:?}")
            };
            let apart = ours.calls.abs_diff(theirs.calls);
            // And those under way when one of both begins or ends.
            let allowed = theirs.calls / 100 + 4;
            assert!(
                apart <= allowed,
                "{engine}: {name}: {ours:?}, strace {theirs:?}"
            );
        }
    }
}

/// A Go program that does a fixed amount of work beside timers and goroutines.
fn go_program(folder: &Path) -> Option<PathBuf> {
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("!!! SKIPPED: no go here (apt-get install golang-go): nothing is compared");
        return None;
    }
    let program = folder.join("go");
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program);
    let source = "tests/programs/known_calls.go";
    must(go.arg(format!("{}/{source}", env!("CARGO_MANIFEST_DIR"))));
    Some(program)
}

#[test]
#[ignore = "needs root"]
fn of_a_go_program_every_engine_counts_the_work_that_strace_counts() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = strace_is_there()
        .then(|| go_program(folder.path()))
        .flatten()
    else {
        return;
    };
    let theirs = lines(&under_strace(
        folder.path(),
        &["-f"],
        Waiting::start(&program),
    ));
    for engine in COUNTING {
        let json = by_engine(engine, Waiting::start(&program));
        for name in ["write", "openat", "close", "fstat", "read"] {
            let Some(theirs) = theirs.get(name).filter(|theirs| theirs.calls > 100) else {
                continue;
            };
            let ours = counted(&json, name)["calls"].as_u64().unwrap();
            let apart = ours.abs_diff(theirs.calls);
            assert!(
                apart * 100 <= theirs.calls,
                "{engine}: {name} {ours}, {theirs:?}"
            );
        }
        assert!(theirs["write"].calls >= 4000, "{theirs:?}");
    }
}
