//! chromedriver as a process: started on a free port, ended with its browsers, nothing left.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Set by the test command: `1` where a browser must be there, so that nothing is skipped; `0`
/// where the tests of all crates run, since these have a part of their own.
const WANTED: &str = "NODESLEUTH_TEST_BROWSER";
const START_LIMIT: Duration = Duration::from_secs(60);
const END_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
const READY: &str = "started successfully on port ";

/// Whether there is a browser. If not, the test is skipped, and says so.
pub(crate) fn is_here() -> bool {
    let wanted = std::env::var(WANTED).unwrap_or_default();
    if wanted == "0" {
        eprintln!("!!! SKIPPED: {WANTED}=0, so no page was opened in a browser");
        return false;
    }
    let missing: Vec<_> = ["chromedriver", "chromium"]
        .into_iter()
        .filter(|program| !is_installed(program))
        .collect();
    assert!(
        missing.is_empty() || wanted.is_empty(),
        "{WANTED} is set, and {missing:?} cannot be run"
    );
    if !missing.is_empty() {
        eprintln!("!!! SKIPPED: {missing:?} is not installed, so no page was opened in a browser");
    }
    missing.is_empty()
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A running chromedriver, in a process group of its own.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    pub(crate) port: u16,
}

impl Driver {
    /// With a folder for whatever it and its browsers write.
    pub(crate) fn start(folder: &Path) -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("chromedriver starts");
        let (sender, receiver) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let mut driver = Self { child, port: 0 };
        let end = Instant::now() + START_LIMIT;
        while driver.port == 0 {
            let left = end.saturating_duration_since(Instant::now());
            let line = receiver
                .recv_timeout(left)
                .expect("chromedriver says its port in time");
            driver.port = port(&line).unwrap_or(0);
        }
        driver
    }
}

fn port(line: &str) -> Option<u16> {
    let (_, port) = line.split_once(READY)?;
    port.trim_end_matches('.').parse().ok()
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = Pid::from_raw(self.child.id().cast_signed());
        let _ = killpg(group, Signal::SIGTERM);
        let end = Instant::now() + END_LIMIT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(POLL);
        }
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
