//! What goes wrong while a process is watched, or is refused.

use super::{COUNTING, Waiting, compiled, counted, watched, with_tracefs};
use crate::support::{Run, binary, finish, must, start};
use nodesleuth_trace::Arch;
use serde_json::Value;
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
fn with_the_right_to_perf_alone_perf_rings_count() {
    let script = "mount -t tracefs tracefs /sys/kernel/tracing && \
        exec setpriv --bounding-set=-all,+perfmon --inh-caps=-all \"$@\"";
    let run = watched_from(&["unshare", "--mount", "sh", "-c", script, "sh"], &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.json()["engine"], "perf-rings", "{run:?}");
    assert_eq!(counted(&run.json(), "write")["calls"], 6000);
    let why = refusal(&run, "bpf-ring");
    assert!(why.contains("CAP_BPF"), "{why}");
}

/// What a node looks like whose administrator has switched BPF off.
#[test]
#[ignore = "needs root"]
fn where_bpf_is_refused_the_next_best_engine_runs_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let without = compiled(folder.path(), "without_bpf");
    let without = without.to_str().unwrap();
    let unmount = "umount -l /sys/kernel/tracing 2>/dev/null; umount -l /sys/kernel/debug \
        2>/dev/null; exec \"$@\"";
    let mount = "mount -t tracefs tracefs /sys/kernel/tracing && exec \"$@\"";
    for (script, engine) in [(mount, "perf-rings"), (unmount, "sampling")] {
        let shell = ["unshare", "--mount", "sh", "-c", script, "sh", without];
        let run = watched_from(&shell, &[]);
        assert_eq!(run.code, Some(0), "{run:?}");
        let json = run.json();
        assert_eq!(json["engine"], engine, "{run:?}");
        let why = refusal(&run, "bpf-classic");
        assert!(why.contains("not permitted"), "{why}");
        if engine == "sampling" {
            assert!(json["sampled"]["looks"].as_u64().unwrap() > 0, "{json:#}");
            assert_eq!(json["syscalls"], serde_json::json!([]), "it counts nothing");
            assert!(refusal(&run, "perf-rings").contains("tracefs"), "{run:?}");
        } else {
            assert_eq!(counted(&json, "write")["calls"], 6000);
        }
    }
}

#[test]
#[ignore = "needs root"]
#[cfg(target_arch = "x86_64")]
fn calls_by_the_32_bit_interface_are_told_apart_and_never_misread() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "two_ways");
    for engine in ["bpf-ring", "bpf-perf"] {
        let waiting = Waiting::start(&program);
        let pid = waiting.pid();
        let mut command = Command::new(binary());
        command
            .args(["-v", "syscalls", "--pid", &pid, "--engine", engine])
            .args(["-o", "json"])
            .stdin(Stdio::null());
        let run = watched(command, waiting);
        let json = run.json();
        assert_eq!(json["lost"]["by_32_bit"], 600, "{engine}");
        assert_eq!(counted(&json, "getpid")["calls"], 300, "{engine}");
        assert_eq!(counted(&json, "writev")["calls"], 70, "{engine}");
        let fstat = json["syscalls"].as_array().unwrap().iter();
        assert_eq!(fstat.filter(|call| call["name"] == "fstat").count(), 0);
    }
}

#[test]
#[ignore = "needs root"]
#[cfg(target_arch = "x86_64")]
fn engines_that_cannot_tell_32_bit_calls_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "two_ways");
    for engine in COUNTING {
        let waiting = Waiting::start(&program);
        let pid = waiting.pid();
        let mut watcher = with_tracefs(&[
            "syscalls", "--pid", &pid, "--engine", engine, "--for", "200ms",
        ]);
        let run = finish(start(&mut watcher));
        let told = run
            .err
            .contains("cannot tell calls by the 32-bit interface");
        assert_eq!(
            told,
            !engine.starts_with("bpf-") || engine == "bpf-classic",
            "{run:?}"
        );
        waiting.go();
    }
}

#[test]
#[ignore = "needs root"]
#[cfg(target_arch = "x86_64")]
fn a_process_that_becomes_a_32_bit_program_is_not_misread() {
    let folder = tempfile::tempdir().unwrap();
    let (object, program) = (folder.path().join("object"), folder.path().join("program"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/of_32_bits.s");
    must(Command::new("as").args(["--32", source, "-o"]).arg(&object));
    let mut ld = Command::new("ld");
    must(ld.args(["-m", "elf_i386", "-o"]).args([&program, &object]));
    let run = watched_shell(&format!("exec {}", program.display()));
    let json = run.json();
    // And the call that ends it.
    assert_eq!(json["lost"]["by_32_bit"], 41, "{run:?}");
    assert_eq!(counted(&json, "execve")["calls"], 1);
    // By its number a 32-bit write is a stat.
    let calls = json["syscalls"].as_array().unwrap().iter();
    let stats: Vec<_> = calls.filter(|call| call["name"] == "stat").collect();
    let failed = stats
        .iter()
        .filter(|call| call["errors_by_name"]["EBADF"].is_u64());
    assert_eq!(failed.count(), 0, "{run:?}");
}

#[test]
#[ignore = "needs root"]
fn threads_that_come_and_go_are_counted_to_the_last_call() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), "threads_come_and_go");
    for engine in COUNTING {
        let waiting = Waiting::start(&program);
        let pid = waiting.pid();
        let arguments = [
            "-v", "syscalls", "--pid", &pid, "--for", "60s", "-o", "json",
        ];
        let command = with_tracefs(&[&arguments[..], &["--engine", engine]].concat());
        let run = watched(command, waiting);
        let json = run.json();
        let lost = json["lost"].as_object().unwrap();
        let lost: u64 = lost
            .iter()
            .filter(|(name, _)| *name != "produced")
            .map(|(_, count)| count.as_u64().unwrap())
            .sum();
        assert_eq!(lost, 0, "{engine}: {run:?}");
        assert_eq!(counted(&json, "write")["calls"], 17_000, "{engine}");
        assert_eq!(
            counted(&json, "close")["errors_by_name"]["EBADF"],
            4000,
            "{engine}"
        );
        assert_eq!(counted(&json, "exit")["unreturned"], 5000, "{engine}");
    }
}

/// More threads than there is room for: what is not there is said.
#[test]
#[ignore = "needs root"]
fn by_thread_too_every_call_is_counted_or_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let waiting = Waiting::start(&compiled(folder.path(), "threads_come_and_go"));
    let pid = waiting.pid();
    let mut command = Command::new(binary());
    command
        .args(["-v", "syscalls", "--by-thread", "--pid", &pid, "-o", "json"])
        .stdin(Stdio::null());
    let json = watched(command, waiting).json();
    let figure = |value: &Value| value.as_u64().unwrap();
    let threads = json["threads"].as_array().unwrap();
    let calls = threads
        .iter()
        .flat_map(|thread| thread["syscalls"].as_array().unwrap());
    let counted: u64 = calls
        .map(|call| figure(&call["calls"]) + figure(&call["unreturned"]))
        .sum();
    let unsummed = figure(&json["lost"]["unsummed"]);
    let rows = json["syscalls"].as_array().unwrap().iter();
    let begun: u64 = rows
        .map(|call| figure(&call["calls"]) + figure(&call["unreturned"]))
        .sum();
    assert_eq!(begun, counted);
    // 17,000 writes, 4,000 closes, 5,000 ends; the rest is the C library's.
    assert!(
        counted + unsummed >= 26_000,
        "{counted} counted, {unsummed} missing"
    );
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
    watched_shell_with(script, &[])
}

fn watched_shell_with(script: &str, arguments: &[&str]) -> Run {
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
    let fixed = [
        "-v", "syscalls", "--pid", &pid, "--for", "60s", "-o", "json",
    ];
    watched(with_tracefs(&[&fixed[..], arguments].concat()), program)
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

/// The helpers end within milliseconds; a grandchild is one too.
#[test]
#[ignore = "needs root"]
fn processes_that_it_starts_are_counted_and_named() {
    let script = "for i in 1 2 3 4 5; do \
        /usr/bin/dd if=/dev/zero of=/dev/null bs=1 count=100 status=none; done; \
        sh -c '/usr/bin/dd if=/dev/zero of=/dev/null bs=1 count=300 status=none; exit 0'";
    for engine in ["bpf-ring", "bpf-perf", "perf-rings"] {
        let run = watched_shell_with(script, &["--children", "--engine", engine]);
        let json = run.json();
        assert_eq!(json["engine"], engine, "{run:?}");
        assert_eq!(counted(&json, "write")["calls"], 800, "{engine}: {run:?}");
        let processes = json["processes"].as_array().unwrap();
        let writers = processes.iter().filter(|process| {
            let calls = process["syscalls"].as_array().unwrap();
            calls
                .iter()
                .any(|call| call["name"] == "write" && call["calls"] == 100)
        });
        assert_eq!(writers.count(), 5, "{engine}: {run:?}");
        if engine != "perf-rings" {
            let children = json["children"].as_array().unwrap();
            let named = children.iter().filter(|child| child["comm"] == "dd");
            assert_eq!(named.count(), 6, "{children:?}");
        }
    }
    let run = watched_shell_with(script, &[]);
    let alone = run.json();
    let writes = alone["syscalls"].as_array().unwrap().iter();
    let writes: Vec<_> = writes.filter(|call| call["name"] == "write").collect();
    assert!(
        writes.is_empty(),
        "the shell itself writes nothing: {writes:?}"
    );
}

#[test]
#[ignore = "needs root"]
fn a_call_that_lasts_longer_than_the_capture_is_in_flight() {
    let mut sleeper = start(Command::new("sleep").arg("60").stdin(Stdio::null()));
    let pid = sleeper.id().to_string();
    let asleep = |_| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        std::fs::read_to_string(format!("/proc/{pid}/syscall")).is_ok_and(|call| {
            call.starts_with(
                &Arch::native()
                    .unwrap()
                    .number("clock_nanosleep")
                    .unwrap()
                    .to_string(),
            )
        })
    };
    assert!((0..30_000).any(asleep));
    let run = crate::support::run(&["syscalls", "--pid", &pid, "--for", "200ms", "-o", "json"]);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    let json = run.json();
    let sleep = &counted(&json, "clock_nanosleep")["in_flight"];
    assert_eq!(sleep.as_array().unwrap().len(), 1, "{run:?}");
    assert!(sleep[0]["wall_ns"].is_null(), "it began before: {run:?}");
}
