//! A fix that is killed half way, by Ctrl-C and by SIGKILL: what was not done is not done, nothing
//! runs on, and the next start tells it.

use super::support::{Run, finish, nodesleuth, run, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Removed in steps of a hundred: long enough to be met half way.
const CGROUPS: usize = 3000;

/// Empty cgroups that were left behind; dropping removes what is left of them.
struct Leaked {
    parent: PathBuf,
    state: tempfile::TempDir,
}

impl Leaked {
    fn make() -> Self {
        let name = format!("nodesleuth-live-killed-{}", std::process::id());
        let leaked = Self {
            parent: Path::new("/sys/fs/cgroup/memory").join(name),
            state: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(&leaked.parent).unwrap();
        for index in 0..CGROUPS {
            fs::create_dir(leaked.parent.join(format!("leak-{index}.x"))).unwrap();
        }
        leaked
    }

    fn left(&self) -> usize {
        let entries = fs::read_dir(&self.parent).unwrap().flatten();
        entries
            .filter(|entry| entry.file_type().unwrap().is_dir())
            .count()
    }

    /// Fixes them, and sends the signal once the first steps are done.
    fn signalled(&self, signal: Signal) -> Run {
        let name = self.parent.file_name().unwrap().to_str().unwrap();
        let child = start(&mut nodesleuth(&[
            "fix",
            "remove-empty-cgroups",
            "--yes",
            "--max-pressure",
            "100",
            "--settle",
            "0s",
            "--pattern",
            &format!("/{name}/leak-*.x"),
            "--state-dir",
            self.state.path().to_str().unwrap(),
            "-o",
            "json",
        ]));
        let begin = Instant::now();
        while self.steps_done() < 2 {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "no step was done"
            );
            thread::sleep(Duration::from_millis(2));
        }
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        finish(child)
    }

    fn steps_done(&self) -> u64 {
        let text = fs::read(self.state.path().join("fix.json")).unwrap_or_default();
        let record: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        record["done"].as_u64().unwrap_or(0)
    }

    /// What the next start says, which changes nothing.
    fn next_start(&self) -> Run {
        let state = self.state.path().to_str().unwrap();
        run(&["fix", "drop-slab", "--state-dir", state])
    }
}

impl Drop for Leaked {
    fn drop(&mut self) {
        for entry in fs::read_dir(&self.parent).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                fs::remove_dir(entry.path()).unwrap();
            }
        }
        fs::remove_dir(&self.parent).unwrap();
    }
}

fn is_told(next: &Run) {
    assert_eq!(next.code, Some(0), "{next:?}");
    assert!(
        next.err
            .contains("an earlier fix (remove-empty-cgroups, begun ")
            && next.err.contains("was interrupted"),
        "{next:?}"
    );
}

#[test]
#[ignore = "needs root and writable cgroups"]
fn killed_half_way_the_rest_stays_and_the_next_start_tells_it() {
    let leaked = Leaked::make();
    let killed = leaked.signalled(Signal::SIGKILL);
    assert_eq!(killed.code, None, "{killed:?}");
    // The step's own process ends with it, between two cgroups.
    thread::sleep(Duration::from_millis(300));
    let left = leaked.left();
    assert!((1..CGROUPS).contains(&left), "{left}");
    thread::sleep(Duration::from_millis(500));
    assert_eq!(leaked.left(), left, "something still removes them");
    is_told(&leaked.next_start());
}

#[test]
#[ignore = "needs root and writable cgroups"]
fn ctrl_c_half_way_reports_what_was_done_and_the_next_start_tells_it() {
    let leaked = Leaked::make();
    let interrupted = leaked.signalled(Signal::SIGINT);
    assert_eq!(interrupted.code, Some(2), "{interrupted:?}");
    let json = interrupted.json();
    assert_eq!(json["ended"], "interrupted");
    assert_ne!(json["verdict"], "worked");
    let left = leaked.left();
    assert!((1..CGROUPS).contains(&left), "{left}");
    is_told(&leaked.next_start());
}
