//! The CPU of a process that reads cgroup statistics without pause, before and after a fix.

use super::fix;
use std::fs;
use std::process::{Child, Command, Stdio};

/// A shell that does nothing but read a file of the memory hierarchy's root.
struct Reader(Child);

impl Reader {
    fn start() -> Self {
        let script = "while :; do read line < /sys/fs/cgroup/memory/memory.stat; done";
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Processor time in clock ticks, by the kernel's account.
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let behind_name = stat.rsplit_once(')').unwrap().1;
        let fields: Vec<&str> = behind_name.split_whitespace().collect();
        let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
        ticks(11) + ticks(12)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "needs root"]
fn the_cpu_of_a_live_reader_is_measured_before_and_after_and_told() {
    let reader = Reader::start();
    let pid = reader.0.id();
    let state = tempfile::tempdir().unwrap();
    let before = reader.ticks();
    let run = fix(
        &["drop-slab", "--pid", &pid.to_string(), "--window", "1s"],
        state.path(),
    );
    let used = (reader.ticks() - before) as f64 / 100.0;
    let json = run.json();
    let mut measured = 0.0;
    for when in ["before", "after"] {
        let target = &json[when]["target"];
        assert_eq!(target["pid"], pid, "{json:#}");
        assert_eq!(target["comm"], "sh");
        let cores = target["cores"].as_f64().unwrap();
        let seconds = target["window"].as_f64().unwrap() / 1e9;
        assert!(cores > 0.05, "it reads without pause: {cores}");
        measured += cores * seconds;
    }
    // Both windows lie within the time over which the kernel accounted it.
    assert!(measured <= used + 0.05, "{measured} s of {used} s");
    let why = json["why"].as_str().unwrap();
    assert!(why.contains(&format!("CPU of sh ({pid}): ")), "{why}");
}

#[test]
#[ignore = "needs root"]
fn a_target_that_has_ended_is_missing_and_not_zero() {
    let mut ended = Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    let state = tempfile::tempdir().unwrap();
    let pid = ended.id().to_string();
    let json = fix(
        &["drop-slab", "--pid", &pid, "--window", "200ms"],
        state.path(),
    )
    .json();
    assert!(json["before"]["target"].is_null(), "{json:#}");
    let missing = json["before"]["missing"].as_array().unwrap();
    let told = |one: &serde_json::Value| one.as_str().unwrap().contains("it has ended");
    assert!(missing.iter().any(told), "{missing:?}");
}
