//! A node on which one `memory.stat` answers after nine seconds only: in a mount namespace a FIFO
//! stands in its place, whose other end is ours. FIFOs whose other end nobody serves stand in place
//! of the files that must then be left alone: whoever opens one is seen, and hangs.

use super::support::{Run, binary, finish, start};
use super::zombies::Zombies;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long the slow file takes.
const SLOW: Duration = Duration::from_secs(9);
/// What reads may cost in all.
const BUDGET_SECONDS: f64 = 2.0;
/// Cgroups in one that makes it worth timing.
const CROWD: u64 = 3_000;

/// A FIFO that stands in for a file.
struct StandIn {
    path: PathBuf,
    opened: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Answers who opens it after this time with a few bytes, unless they have gone: then it is ready
    /// for the next at once.
    fn answering(folder: &Path, name: &str, after: Duration) -> Self {
        let path = folder.join(name);
        mkfifo(&path, Mode::from_bits_truncate(0o600)).unwrap();
        let (opened, stop) = (
            Arc::new(AtomicU32::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (count, stopped, fifo) = (Arc::clone(&opened), Arc::clone(&stop), path.clone());
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                // ENXIO: nobody has opened it for reading.
                let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
                if let Ok(end) = open(&fifo, flags, Mode::empty()) {
                    count.fetch_add(1, Ordering::Relaxed);
                    let began = Instant::now();
                    while began.elapsed() < after
                        && !has_no_reader(&end)
                        && !stopped.load(Ordering::Relaxed)
                    {
                        thread::sleep(Duration::from_millis(5));
                    }
                    // EPIPE: the reader has given up.
                    let _ = File::from(end).write_all(b"total_cache 0\n");
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        Self {
            path,
            opened,
            stop,
            thread: Some(thread),
        }
    }

    fn opened(&self) -> u32 {
        self.opened.load(Ordering::Relaxed)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

/// Whether nobody has the other end open.
fn has_no_reader(end: &OwnedFd) -> bool {
    let mut ends = [PollFd::new(end.as_fd(), PollFlags::empty())];
    let polled = poll(&mut ends, PollTimeout::ZERO);
    polled.unwrap() > 0 && ends[0].revents().unwrap().contains(PollFlags::POLLERR)
}

/// A process that burns CPU.
struct Busy(Child);

impl Busy {
    fn start() -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "while :; do :; done"]);
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A crowded cgroup whose `memory.stat` is slow, so that no file of those above may be touched.
struct SickNode {
    zombies: Zombies,
    slow: StandIn,
    forbidden: StandIn,
    _folder: tempfile::TempDir,
}

impl SickNode {
    fn make() -> Option<Self> {
        let mut zombies = Zombies::on("/dev/shm")?;
        zombies.make(20);
        zombies.make_empty_scopes(CROWD);
        let folder = tempfile::tempdir().unwrap();
        Some(Self {
            slow: StandIn::answering(folder.path(), "slow", SLOW),
            forbidden: StandIn::answering(folder.path(), "forbidden", SLOW),
            _folder: folder,
            zombies,
        })
    }

    fn slow_path(&self) -> String {
        format!("{}/memory.stat", self.zombies.parent().display())
    }

    /// Runs the binary where the FIFOs stand in for the files.
    fn run(&self, arguments: &[&str]) -> Run {
        let mount = "/sys/fs/cgroup/memory";
        let mut script = format!(
            "mount --bind {} {}\n",
            self.slow.path.display(),
            self.slow_path()
        );
        for file in ["memory.stat", "memory.numa_stat", "memory.usage_in_bytes"] {
            let forbidden = self.forbidden.path.display();
            script.push_str(&format!("mount --bind {forbidden} {mount}/{file}\n"));
        }
        script.push_str("exec \"$@\"\n");
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-e", "-c", &script, "sh", binary()])
            .args(arguments);
        finish(start(&mut command))
    }

    /// One file was begun and given up within the budget, and nothing after it was touched.
    fn is_left_alone(&self, timed: &Value) {
        let reads = timed["reads"].as_array().unwrap();
        let slow = self.slow_path();
        let outcome = &reads.iter().find(|read| read["path"] == slow).unwrap()["outcome"];
        let after = outcome["timed_out"]["after"].as_f64().unwrap() / 1e9;
        assert!(after < BUDGET_SECONDS + 1.0, "{after} s");
        let of_root = reads.iter().filter(|read| {
            let path = read["path"].as_str().unwrap();
            Path::new(path).parent() == Some(Path::new("/sys/fs/cgroup/memory"))
        });
        let mut skipped = 0;
        for read in of_root {
            let reason = read["outcome"]["skipped"]["reason"].as_str();
            assert!(
                reason.is_some_and(|it| it.contains("could hang too")),
                "{read}"
            );
            skipped += 1;
        }
        assert_eq!(skipped, 3);
        self.was_begun_once();
    }

    fn was_begun_once(&self) {
        assert_eq!((self.slow.opened(), self.forbidden.opened()), (1, 0));
        self.slow.opened.store(0, Ordering::Relaxed);
    }
}

#[test]
#[ignore = "needs root, a v1 memory hierarchy and a mount namespace"]
fn a_file_of_nine_seconds_is_begun_once_and_nothing_above_it_is_touched() {
    let Some(node) = SickNode::make() else {
        return;
    };
    let busy = Busy::start();
    let ways: [&[&str]; 2] = [&["--readers", "1s"], &["--by-prefix", "--scan"]];
    for way in ways {
        let arguments = [&["cgroups", "--read-budget", "2s", "-o", "json"], way].concat();
        let run = node.run(&arguments);
        assert_eq!(run.code, Some(0), "{run:?}");
        let json = run.json();
        node.is_left_alone(&json["timed_reads"]["value"]);
        // What dying ones hold is asked of counters, which are flat.
        let held = &json["dying_memory"]["value"];
        assert_eq!(held["method"], "usage_in_bytes", "{held}");
    }
    let bundle = node.slow.path.with_file_name("bundle.tar.gz");
    let pid = busy.0.id().to_string();
    let run = node.run(&[
        "diagnose",
        "--pid",
        &pid,
        "--window",
        "2s",
        "--no-stacks",
        "-o",
        "json",
        "--save",
        bundle.to_str().unwrap(),
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    node.was_begun_once();
    let rows = run.json()["not_checked"].as_array().unwrap().clone();
    let slow = format!("time to read {}", node.slow_path());
    let row = rows.iter().find(|row| row["what"] == slow).unwrap();
    assert!(row["why"].as_str().unwrap().starts_with("no answer within"));
    let scan = "cost of an ordinary cgroup file";
    assert!(rows.iter().any(|row| row["what"] == scan), "{rows:#?}");
}
