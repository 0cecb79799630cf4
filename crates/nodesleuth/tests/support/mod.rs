//! Runs the real binary, bounded in time.

#![expect(clippy::unwrap_used, reason = "test support fails loudly")]

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// No command of a test takes longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// The binary under test: cargo's, or another build of it, such as the release's for what is timed.
pub(crate) fn binary() -> &'static str {
    static BINARY: OnceLock<String> = OnceLock::new();
    BINARY.get_or_init(|| {
        let other = std::env::var("NODESLEUTH_TEST_BINARY");
        other.unwrap_or_else(|_| env!("CARGO_BIN_EXE_nodesleuth").to_owned())
    })
}

/// A command that runs the binary.
pub(crate) fn nodesleuth(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).stdin(Stdio::null());
    command
}

/// What a finished run left.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}:\n{self:?}"))
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit {:?}\nstdout:\n{}\nstderr:\n{}",
            self.code, self.out, self.err
        )
    }
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Run {
    finish(start(&mut nodesleuth(arguments)))
}

/// Starts a command with its output caught.
pub(crate) fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a child, at most [`LIMIT`]; then it is killed and the test fails.
pub(crate) fn finish(mut child: Child) -> Run {
    let out = child.stdout.take().map(drain);
    let err = child.stderr.take().map(drain);
    let begin = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if begin.elapsed() > LIMIT {
            let _ = child.kill();
            panic!("the command took longer than {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(20));
    };
    let text = |handle: Option<thread::JoinHandle<String>>| handle.unwrap().join().unwrap();
    Run {
        code,
        out: text(out),
        err: text(err),
    }
}

fn drain(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Output of another program that must succeed.
pub(crate) fn must(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}
