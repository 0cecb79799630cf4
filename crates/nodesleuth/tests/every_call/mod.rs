//! A program that makes every decoded call is run twice, once under strace and once under
//! `nodesleuth trace`: both must print the same lines.

mod lines;

use crate::support::{nodesleuth, start};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/every_call/every_call.c");

/// What the program's last call hands over.
const EXIT_CODE: i32 = 7;

/// Calls that are decoded at least.
const PROMISED: [&str; 43] = [
    "futex",
    "openat",
    "read",
    "write",
    "close",
    "fstat",
    "newfstatat",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "nanosleep",
    "clock_nanosleep",
    "clone",
    "clone3",
    "execve",
    "wait4",
    "exit",
    "mmap",
    "munmap",
    "madvise",
    "getdents64",
    "readlinkat",
    "statx",
    "socket",
    "connect",
    "accept4",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "inotify_init",
    "inotify_init1",
    "inotify_add_watch",
    "inotify_rm_watch",
    "tgkill",
    "sched_yield",
    "pipe2",
    "fcntl",
    "ioctl",
    "setsockopt",
];

fn is_there(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output();
    found.is_ok_and(|output| output.status.success())
}

#[test]
#[ignore = "needs root, strace and cc"]
fn lines_are_those_that_strace_prints() {
    if let Some(missing) = ["strace", "cc"].into_iter().find(|tool| !is_there(tool)) {
        eprintln!("SKIPPED: {missing} is not installed, lines are not compared with strace");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("every_call");
    let compiled = Command::new("cc")
        .args(["-O1", "-w", "-o"])
        .args([program.as_os_str(), PROGRAM.as_ref()])
        .status();
    assert!(compiled.unwrap().success());
    let strace = lines::comparable(&under_strace(&program, &work(folder.path())));
    let ours = lines::comparable(&under_nodesleuth(&program, &work(folder.path())));
    assert!(strace.len() > 180, "{strace:#?}");
    for (expected, line) in strace.iter().zip(&ours) {
        assert_eq!(line, expected);
    }
    assert_eq!(ours.len(), strace.len());
    for name in PROMISED {
        let made = strace
            .iter()
            .any(|line| line.split('(').next() == Some(name));
        assert!(
            made || !cfg!(target_arch = "x86_64"),
            "{name} was not compared"
        );
    }
}

/// An empty folder for the program, always the same.
fn work(folder: &Path) -> std::path::PathBuf {
    let work = folder.join("work");
    let _ = std::fs::remove_dir_all(&work);
    std::fs::create_dir(&work).unwrap();
    work
}

fn begin(mut command: Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn let_go(program: &mut Child) {
    program.stdin.take().unwrap().write_all(b"x").unwrap();
}

fn end(mut program: Child) {
    assert_eq!(program.wait().unwrap().code(), Some(EXIT_CODE));
}

fn under_strace(program: &Path, work: &Path) -> String {
    let log = work.with_extension("strace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-y", "-tt", "-T", "-o"])
        .args([&log, program, work]);
    let mut strace = begin(strace);
    let_go(&mut strace);
    end(strace);
    std::fs::read_to_string(log).unwrap()
}

fn under_nodesleuth(program: &Path, work: &Path) -> String {
    let mut command = Command::new(program);
    command.arg(work);
    let mut program = begin(command);
    let pid = program.id().to_string();
    let mut trace = start(&mut nodesleuth(&["trace", "--pid", &pid, "--for", "60s"]));
    let mut out = BufReader::new(trace.stdout.take().unwrap());
    let mut text = String::new();
    // The first line is one of the program's polls: the calls that follow will be seen.
    out.read_line(&mut text).unwrap();
    let_go(&mut program);
    // First: a process that nobody has waited for is not gone.
    end(program);
    out.read_to_string(&mut text).unwrap();
    let mut told = String::new();
    let mut err = trace.stderr.take().unwrap();
    err.read_to_string(&mut told).unwrap();
    assert_eq!(trace.wait().unwrap().code(), Some(0), "{told}");
    assert!(!told.contains("INCOMPLETE"), "{told}");
    assert!(told.contains("cost of watching"), "{told}");
    text
}
