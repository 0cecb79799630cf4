//! Reads of files that may be slow, each in a process of its own under a deadline.
//!
//! A kernel read that has begun cannot be stopped, not even by SIGKILL: the parent never waits
//! for it longer than the deadline, tries to end the child, and if the child is stuck in the
//! kernel leaves it and says so.

mod child;
mod plan;
mod predict;
mod size;

pub use child::read_file_child;
pub(crate) use plan::{Attempt, Candidate, Situation, plan};
pub(crate) use predict::{FileKind, NodeSize, Scope};

use crate::Cancel;
use child::parse_line;
use nodesleuth_model::evidence::ReadOutcome;
use nodesleuth_model::{Nanos, Pid};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// First argument of the program that reads one file: the binary's hidden command.
pub const READ_FILE_COMMAND: &str = "__read-file";
/// A child that can be ended is gone by then.
const END_WITHIN: Duration = Duration::from_millis(200);
/// How often the user's wish to stop is looked at while a read is under way.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A child's answer is one short line; more is not kept.
const MAX_ANSWER_BYTES: u64 = 4096;

/// Starts a process for each read and waits for it, but never longer than agreed.
#[derive(Clone, Debug)]
pub struct SlowReader {
    program: PathBuf,
    cancel: Cancel,
}

impl SlowReader {
    /// Reads run in `program`, called with [`READ_FILE_COMMAND`], the path and the repeats.
    pub fn new(program: impl Into<PathBuf>, cancel: &Cancel) -> Self {
        Self {
            program: program.into(),
            cancel: cancel.clone(),
        }
    }

    /// Reads a file to its end in a child, `repeats` times if it is fast.
    #[must_use]
    pub fn read(&self, path: &Path, repeats: u32, deadline: Duration) -> ReadOutcome {
        let began = Instant::now();
        let mut child = match self.spawn(path, repeats) {
            Ok(child) => child,
            Err(error) => {
                let reason = format!("cannot start {}: {error}", self.program.display());
                return ReadOutcome::Failed { reason };
            }
        };
        let answer = child.stdout.take().map(answer_of);
        match self.wait(answer, began, deadline) {
            Waited::Answer(line) => {
                // It has closed its output, so it is ending; this only collects it.
                ends_soon(&mut child);
                outcome_of(&line)
            }
            Waited::Deadline => ReadOutcome::TimedOut {
                after: Nanos(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX)),
                stuck: end(child),
            },
            Waited::Cancelled => ReadOutcome::Skipped {
                reason: match end(child) {
                    None => "interrupted while it was being read".to_owned(),
                    Some(pid) => {
                        format!("interrupted while it was being read; process {pid} is stuck in it")
                    }
                },
            },
        }
    }

    fn spawn(&self, path: &Path, repeats: u32) -> std::io::Result<Child> {
        Command::new(&self.program)
            .arg(READ_FILE_COMMAND)
            .arg(path)
            .arg(repeats.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    }

    fn wait(&self, answer: Option<Receiver<String>>, began: Instant, deadline: Duration) -> Waited {
        let Some(answer) = answer else {
            return Waited::Answer(String::new());
        };
        loop {
            let left = deadline.saturating_sub(began.elapsed());
            match answer.recv_timeout(left.min(LOOK_EVERY)) {
                Ok(line) => return Waited::Answer(line),
                Err(RecvTimeoutError::Disconnected) => return Waited::Answer(String::new()),
                Err(RecvTimeoutError::Timeout) if self.cancel.requested() => {
                    return Waited::Cancelled;
                }
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Waited::Deadline,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

enum Waited {
    Answer(String),
    Deadline,
    Cancelled,
}

/// The child's output, read by a thread: a stuck child keeps its end of the pipe open, and only
/// that thread stays behind.
fn answer_of(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stdout.take(MAX_ANSWER_BYTES).read_to_end(&mut text);
        let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
    });
    receiver
}

fn outcome_of(line: &str) -> ReadOutcome {
    match parse_line(line) {
        Ok(measured) => ReadOutcome::Read {
            bytes: measured.bytes,
            wall: measured.wall,
            cpu: measured.cpu,
            repeats: measured.repeats,
            first_cpu: Some(measured.first_cpu),
        },
        Err(reason) => ReadOutcome::Failed { reason },
    }
}

/// Ends a child of ours; its id if it is stuck in the kernel.
fn end(mut child: Child) -> Option<Pid> {
    #[expect(
        clippy::disallowed_methods,
        reason = "our own reading child, past its deadline"
    )]
    let _ = child.kill();
    if ends_soon(&mut child) {
        None
    } else {
        Some(Pid(child.id()))
    }
}

/// Whether it is gone within [`END_WITHIN`].
fn ends_soon(child: &mut Child) -> bool {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(None) if began.elapsed() < END_WITHIN => thread::sleep(Duration::from_millis(1)),
            Ok(None) => return false,
            Ok(Some(_)) | Err(_) => return true,
        }
    }
}

#[cfg(test)]
mod tests;
