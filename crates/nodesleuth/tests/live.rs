//! The real system: real processes, real cgroups, signals, a full disk. As root on Linux; run by
//! `cargo xtask test`, which says loudly when it cannot.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod every_call;
mod support;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use support::{finish, nodesleuth, run, start};

/// Whatever names of ours exist under the cgroup mounts and the temporary folder.
fn scratch() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from("/tmp"), PathBuf::from("/sys/fs/cgroup")];
    places.extend(folders(Path::new("/sys/fs/cgroup")));
    let inside = places.iter().flat_map(|place| folders(place));
    inside
        .filter(|path| path.to_string_lossy().contains("nodesleuth-demo-"))
        .collect()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let entries = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    entries.map(|entry| entry.path()).collect()
}

/// Waits until this holds, at most 30 s.
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(30), "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a command as nobody. The binary is copied to where nobody may read it.
fn as_nobody(folder: &Path, arguments: &[&str]) -> Command {
    let binary = folder.join("nodesleuth");
    fs::copy(support::binary(), &binary).unwrap();
    for path in [folder, &binary] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(binary)
        .args(arguments);
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// A process that burns CPU until it is dropped.
struct Busy(Child);

impl Busy {
    fn for_seconds(seconds: u32) -> Self {
        let script = format!("end=$((SECONDS+{seconds})); while [ $SECONDS -lt $end ]; do :; done");
        Self(
            Command::new("bash")
                .args(["-c", &script])
                .stdin(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn first_finding(json: &Value) -> &str {
    json["findings"][0]["id"].as_str().unwrap_or("none")
}

fn explained_share(json: &Value) -> f64 {
    let cores = |name: &str| json["ledger"][name].as_f64().unwrap();
    1.0 - cores("unexplained_cores") / cores("total_cores")
}

#[test]
#[ignore = "needs root and writable cgroups"]
fn the_demo_finds_out_what_its_agent_does_and_leaves_nothing() {
    let demo = run(&["demo", "--window", "5s", "-o", "json"]);
    assert_eq!(demo.code, Some(0), "{demo:?}");
    let json = demo.json();
    assert_eq!(json["outcome"], "cause-found", "{}", json["verdict"]);
    assert_eq!(
        first_finding(&json),
        "many-live-cgroups",
        "{}",
        json["verdict"]
    );
    assert!(explained_share(&json) >= 0.8, "{}", json["ledger"]);
    let cost = &json["own_cost"];
    assert!(
        cost["peak_rss_bytes"].as_u64().unwrap() < 64 << 20,
        "{cost}"
    );
    assert_eq!(scratch(), Vec::<PathBuf>::new());
}

#[test]
#[ignore = "needs root, to become nobody"]
fn without_root_the_demo_walks_a_tree_and_that_is_found_too() {
    let folder = tempfile::tempdir().unwrap();
    let demo = finish(start(&mut as_nobody(
        folder.path(),
        &["demo", "--window", "5s", "-o", "json"],
    )));
    assert_eq!(demo.code, Some(0), "{demo:?}");
    let json = demo.json();
    assert_eq!(
        first_finding(&json),
        "disk-usage-walk",
        "{}",
        json["verdict"]
    );
    assert!(explained_share(&json) >= 0.8, "{}", json["ledger"]);
    assert_eq!(scratch(), Vec::<PathBuf>::new());
}

#[test]
#[ignore = "needs root, to become nobody"]
fn without_root_less_is_measured_and_what_is_missing_is_said() {
    let busy = Busy::for_seconds(60);
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "diagnose",
        "--pid",
        &busy.pid(),
        "--window",
        "2s",
        "-o",
        "json",
    ];
    let diagnosed = finish(start(&mut as_nobody(folder.path(), &arguments)));
    assert_eq!(diagnosed.code, Some(0), "{diagnosed:?}");
    let json = diagnosed.json();
    assert!(
        json["target"]["cores"].as_f64().unwrap() > 0.2,
        "{}",
        json["target"]
    );
    let missing = json["not_checked"].to_string();
    assert!(
        missing.contains("/proc/slabinfo") && missing.contains("root"),
        "{missing}"
    );
    assert!(
        missing.contains("which files the target has open"),
        "{missing}"
    );
}

#[test]
#[ignore = "needs root and writable cgroups"]
fn a_demo_that_is_killed_leaves_nothing_behind() {
    let mut demo = nodesleuth(&["demo", "--window", "60s"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the demo has made something", || !scratch().is_empty());
    thread::sleep(Duration::from_millis(500));
    demo.kill().unwrap();
    demo.wait().unwrap();
    wait_until("the guardian has removed it", || scratch().is_empty());
    let children = Command::new("pgrep")
        .args(["-f", "nodesleuth __"])
        .output()
        .unwrap();
    let left = String::from_utf8_lossy(&children.stdout).into_owned();
    assert_eq!(left.trim(), "", "processes were left");
}

#[test]
#[ignore = "needs root"]
fn an_interrupt_closes_the_window_and_reports_what_there_is() {
    let busy = Busy::for_seconds(60);
    let arguments = [
        "diagnose",
        "--pid",
        &busy.pid(),
        "--window",
        "60s",
        "-o",
        "json",
    ];
    let child = start(&mut nodesleuth(&arguments));
    thread::sleep(Duration::from_secs(2));
    kill(
        Pid::from_raw(child.id().try_into().unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    let diagnosed = finish(child);
    assert_eq!(diagnosed.code, Some(0), "{diagnosed:?}");
    let json = diagnosed.json();
    assert!(
        json["window_note"]
            .as_str()
            .unwrap()
            .contains("interrupted"),
        "{json}"
    );
    assert!(
        json["target"]["cores"].as_f64().unwrap() > 0.2,
        "{}",
        json["target"]
    );
}

#[test]
#[ignore = "needs root"]
fn a_target_that_ends_closes_the_window_and_keeps_what_was_measured() {
    let busy = Busy::for_seconds(3);
    let arguments = [
        "diagnose",
        "--pid",
        &busy.pid(),
        "--window",
        "60s",
        "-o",
        "json",
    ];
    let pid = busy.pid();
    let child = start(&mut nodesleuth(&arguments));
    // Nobody may wait for it before it has ended: a zombie is still there, and must count as gone.
    let diagnosed = finish(child);
    drop(busy);
    assert_eq!(diagnosed.code, Some(0), "{diagnosed:?}");
    let json = diagnosed.json();
    assert_eq!(json["target"]["pid"].to_string(), pid);
    assert!(
        json["window_note"].as_str().unwrap().contains("ended"),
        "{json}"
    );
}

#[test]
#[ignore = "needs root, to mount a tiny filesystem in a namespace of its own"]
fn a_full_disk_costs_the_bundle_not_the_report() {
    let busy = Busy::for_seconds(60);
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "mount -t tmpfs -o size=4k none {0} && exec {1} diagnose --pid {2} --window 1s --save {0}/b.tar.gz",
        folder.path().display(),
        support::binary(),
        busy.pid()
    );
    let rescue = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command
        .args(["-m", "bash", "-c", &script])
        .env("TMPDIR", rescue.path())
        .stdin(Stdio::null());
    let diagnosed = finish(start(&mut command));
    assert_eq!(diagnosed.code, Some(2), "{diagnosed:?}");
    assert!(diagnosed.out.contains("burns"), "{diagnosed:?}");
    assert!(diagnosed.err.contains("make room"), "{diagnosed:?}");
    let rescued = rescue.path().join("b.tar.gz");
    assert!(
        diagnosed.err.contains(rescued.to_str().unwrap()),
        "{diagnosed:?}"
    );
    assert_eq!(run(&["analyze", rescued.to_str().unwrap()]).code, Some(0));
}

#[test]
#[ignore = "needs root"]
fn collecting_and_analysing_apart_give_what_diagnose_gives() {
    let busy = Busy::for_seconds(60);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.tar.gz");
    let path = path.to_str().unwrap();
    let collected = run(&[
        "collect",
        "--pid",
        &busy.pid(),
        "--window",
        "2s",
        "--out",
        path,
    ]);
    assert_eq!(collected.code, Some(0), "{collected:?}");
    assert_eq!(
        fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let json = run(&["analyze", path, "-o", "json"]).json();
    assert_eq!(json["target"]["comm"], "bash");
    assert_eq!(json["outcome"], "not-identified", "{}", json["verdict"]);
    assert!(run(&["bundle", "show", path]).out.contains("bash"));
}

#[test]
#[ignore = "needs root"]
fn top_streams_one_object_a_line() {
    let busy = Busy::for_seconds(60);
    let top = run(&[
        "top",
        "--threads",
        "-o",
        "json",
        "--pid",
        &busy.pid(),
        "1",
        "2",
    ]);
    assert_eq!(top.code, Some(0), "{top:?}");
    let rows: Vec<Value> = top
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let samples = rows.iter().filter(|row| row["kind"] == "sample").count();
    let averages = rows.iter().filter(|row| row["kind"] == "average").count();
    assert!(samples >= 2 && averages >= 1, "{top:?}");
}

#[test]
#[ignore = "needs root"]
fn the_census_agrees_with_the_directories() {
    let json = run(&["cgroups", "-o", "json"]).json();
    let hierarchies = json["hierarchies"].as_array().unwrap();
    assert!(json["live"].is_u64() && json["dying"].is_u64(), "{json}");
    assert!(!hierarchies.is_empty());
    for hierarchy in hierarchies {
        let mount = hierarchy["mount"].as_str().unwrap();
        let found = support::must(Command::new("find").args([mount, "-xdev", "-type", "d"]));
        let directories = found.stdout.iter().filter(|byte| **byte == b'\n').count() as i64;
        let live = hierarchy["live"].as_i64().unwrap();
        assert!(
            (live - directories).abs() <= 2,
            "{mount}: {live}, find says {directories}"
        );
        assert!(hierarchy["dying_how"].is_string(), "{hierarchy}");
    }
}

#[test]
#[ignore = "needs root"]
fn an_aborted_run_leaves_no_bundle_and_its_name_free() {
    let busy = Busy::for_seconds(60);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.tar.gz");
    for (command, option) in [("diagnose", "--save"), ("collect", "--out")] {
        // Two of a kind sent at once would arrive as one.
        for signals in [&[Signal::SIGKILL][..], &[Signal::SIGINT, Signal::SIGTERM]] {
            let arguments = [command, "--pid", &busy.pid(), "--window", "60s", option];
            let child = start(nodesleuth(&arguments).arg(&path));
            let pid = Pid::from_raw(child.id().try_into().unwrap());
            thread::sleep(Duration::from_secs(1));
            for signal in signals {
                kill(pid, *signal).unwrap();
            }
            let aborted = finish(child);
            assert!(matches!(aborted.code, None | Some(130)), "{aborted:?}");
            let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
            assert!(left.is_empty(), "{command} {signals:?}: {left:?}");
        }
    }
}

/// A program that does nothing but system calls, until it is dropped.
fn copies_single_bytes() -> Busy {
    let mut command = Command::new("dd");
    command.args(["if=/dev/zero", "of=/dev/null", "bs=1", "status=none"]);
    Busy(command.stdin(Stdio::null()).spawn().unwrap())
}

#[test]
#[ignore = "needs root, to count system calls"]
fn diagnose_counts_the_targets_calls_and_they_fit_its_cpu() {
    let busy = copies_single_bytes();
    let pid = busy.pid();
    let arguments = [
        "diagnose",
        "--pid",
        &pid,
        "--window",
        "1s",
        "--trace-for",
        "1s",
    ];
    let json = run(&[&arguments[..], &["-o", "json"]].concat()).json();
    let syscalls = &json["syscalls"];
    let calls = syscalls["calls"].as_array().unwrap();
    let of = |name: &str| calls.iter().find(|call| call["name"] == name);
    for name in ["read", "write"] {
        let call = of(name).unwrap_or_else(|| panic!("no {name}: {syscalls}"));
        assert!(call["cores"].as_f64().unwrap() > 0.0, "{call}");
    }
    let cores = |value: &Value| value.as_f64().unwrap();
    let inside = cores(&syscalls["cores"]);
    // Ticks may book a short call as user time, so both modes together bound it.
    let burnt = cores(&syscalls["traced_user_cores"]) + cores(&syscalls["traced_kernel_cores"]);
    assert!(
        inside > 0.0 && inside <= burnt + 0.05,
        "{inside} of {burnt}: {syscalls}"
    );
    let view = json["ledger"]["views"].as_array().unwrap();
    let view = view.iter().find(|view| view["id"] == "calls").unwrap();
    let parts = view["parts"].as_array().unwrap();
    let sum: f64 = parts.iter().map(|part| cores(&part["cores"])).sum();
    let total = cores(&json["ledger"]["total_cores"]);
    assert!((sum - total).abs() < 1e-6, "{sum} of {total}: {view}");
}

#[test]
#[ignore = "needs root, to become nobody"]
fn without_rights_system_calls_are_missing_with_what_would_give_them() {
    let busy = Busy::for_seconds(60);
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "diagnose",
        "--pid",
        &busy.pid(),
        "--window",
        "1s",
        "-o",
        "json",
    ];
    let json = finish(start(&mut as_nobody(folder.path(), &arguments))).json();
    assert_eq!(json["syscalls"], Value::Null);
    let rows = json["not_checked"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["what"] == "the target's system calls");
    let why = row.unwrap()["why"].as_str().unwrap();
    assert!(why.contains("bpf-ring") && why.contains("CAP_BPF"), "{why}");
}
