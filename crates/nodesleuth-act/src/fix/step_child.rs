//! A step in a process of its own: a write that has begun cannot be stopped, not even by SIGKILL,
//! and we do not wait for it longer than its deadline.

use super::Step;
use super::do_step::{Said, carry_out};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::getppid;
use nodesleuth_collect::{Cancel, Node};
use nodesleuth_model::Pid;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// The hidden command.
pub const COMMAND: &str = "__fix-step";

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A child that can be ended is gone by then.
const END_WITHIN: Duration = Duration::from_millis(500);
/// An answer is a few lines.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// The child's `main`, with the arguments behind the command: parent's pid, the node's root, the
/// step as JSON. Exit code 0 when it has answered, 1 when its parent is gone, 2 for wrong
/// arguments.
pub fn child_main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Some((parent, root, step)) = parsed(arguments) else {
        return ExitCode::from(2);
    };
    // Between two cgroups of a batch we can still be stopped.
    if set_pdeathsig(Signal::SIGKILL).is_err() || getppid().as_raw() != parent {
        return ExitCode::FAILURE;
    }
    let said = carry_out(&Node::at(root), &step);
    match serde_json::to_writer(io::stdout().lock(), &said) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn parsed(arguments: impl IntoIterator<Item = OsString>) -> Option<(i32, PathBuf, Step)> {
    let mut arguments = arguments.into_iter();
    let parent = arguments.next()?.to_str()?.parse().ok()?;
    let root = arguments.next()?.into();
    let step = serde_json::from_str(arguments.next()?.to_str()?).ok()?;
    Some((parent, root, step))
}

/// How a step's process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It said what it did.
    Said(Said),
    /// It could not be started, or ended without a word.
    Failed(String),
    /// It did not end in time; stuck in the kernel if this process is still there.
    TimedOut(Option<Pid>),
    /// The user asked to stop.
    Cancelled(Option<Pid>),
}

/// Runs a step in a process of its own.
pub(super) fn run(binary: &Path, node: &Node, step: &Step, cancel: &Cancel) -> Answer {
    let mut child = match start(binary, node, step) {
        Ok(child) => child,
        Err(error) => return Answer::Failed(format!("cannot start {}: {error}", binary.display())),
    };
    let answer = answer_of(&mut child);
    let deadline = Instant::now() + step.limit();
    loop {
        match answer.recv_timeout(LOOK_EVERY) {
            Ok(text) => {
                ends_soon(&mut child);
                return understood(&text);
            }
            Err(RecvTimeoutError::Disconnected) => return understood(""),
            Err(RecvTimeoutError::Timeout) if cancel.requested() => {
                return Answer::Cancelled(end(child));
            }
            Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                return Answer::TimedOut(end(child));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn start(binary: &Path, node: &Node, step: &Step) -> io::Result<Child> {
    Command::new(binary)
        .arg(COMMAND)
        .arg(std::process::id().to_string())
        .arg(node.path("/"))
        .arg(serde_json::to_string(step)?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C is ours to hear: a child that it ended could not say what it has done.
        .process_group(0)
        .spawn()
}

/// Read by a thread: a stuck child keeps its end of the pipe open, and only that thread stays.
fn answer_of(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stdout.take(MAX_ANSWER_BYTES).read_to_end(&mut text);
            let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
        });
    }
    receiver
}

fn understood(text: &str) -> Answer {
    serde_json::from_str(text).map_or_else(
        |_| Answer::Failed(format!("its process ended without an answer ({text:?})")),
        Answer::Said,
    )
}

/// Ends our child; its id if it is stuck in the kernel.
fn end(mut child: Child) -> Option<Pid> {
    let _ = child.kill();
    (!ends_soon(&mut child)).then(|| Pid(child.id()))
}

fn ends_soon(child: &mut Child) -> bool {
    let end = crate::waiting::wait_at_most(child, END_WITHIN);
    !matches!(end, Ok(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_parent_root_and_step() {
        let step = r#"{"do":"drop-caches","what":2}"#;
        let of = |words: &[&str]| parsed(words.iter().map(OsString::from));
        assert_eq!(
            of(&["7", "/", step]),
            Some((7, "/".into(), Step::DropCaches { what: 2 }))
        );
        assert_eq!(of(&["7", "/", "rubbish"]), None);
        assert_eq!(of(&["7", "/"]), None);
    }

    #[test]
    fn a_child_that_says_nothing_has_failed() {
        assert!(matches!(understood(""), Answer::Failed(_)));
        let said = understood(r#"{"done":1,"failed":0,"why":[]}"#);
        assert!(matches!(said, Answer::Said(Said { done: 1, .. })));
    }
}
