//! A process that takes our things away when we cannot: after `kill -9`, a crash, an OOM kill.
//!
//! It waits at the read end of a pipe whose only write end is ours and closes on exec, so nothing
//! that we start inherits it; the end of the pipe is the end of us. It has a session of its own,
//! so Ctrl-C and a closed terminal do not reach it. What it cannot survive is the end of its
//! container or machine; `nodesleuth clean` is for that.

mod child;
mod orders;

pub use child::child_main;
pub use orders::Ward;

use crate::ActError;
use crate::waiting::wait_at_most;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orders::Order;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The hidden command.
pub const COMMAND: &str = "__guardian";

/// What the guardian says when it is out of reach of our terminal and listens.
const READY: &[u8] = b"ready\n";
const READY_LIMIT_MILLIS: u16 = 5_000;
/// How long it may take to leave when told so.
const LEAVE_LIMIT: Duration = Duration::from_secs(2);
/// How long it may take to clean up when left alone; see `child.rs`.
const CLEAN_LIMIT: Duration = Duration::from_secs(150);

/// A running guardian. Dropping it makes it clean up, as our death would, and waits for that.
#[derive(Debug)]
pub struct Guardian {
    child: Child,
    /// `None` once it was told to leave.
    pipe: Option<ChildStdin>,
}

impl Guardian {
    /// Starts it: `binary` is a program whose `main` calls [`crate::hidden::run`].
    ///
    /// # Errors
    /// When it cannot be started or does not get ready within 5 s.
    pub fn start(binary: &Path) -> Result<Self, ActError> {
        let mut child = Command::new(binary)
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| ActError::Start {
                what: "the guardian",
                binary: binary.to_owned(),
                command: COMMAND,
                source,
            })?;
        let (pipe, answer) = (child.stdin.take(), child.stdout.take());
        let mut guardian = Self { child, pipe };
        match answer.map_or(Err("no pipe".to_owned()), await_ready) {
            Ok(()) => Ok(guardian),
            Err(why) => {
                guardian.end();
                Err(ActError::GuardianNotReady { why })
            }
        }
    }

    /// Makes it responsible for something, before that is made.
    ///
    /// # Errors
    /// When it is gone, or the path cannot be told in one line.
    pub fn watch(&mut self, ward: Ward) -> Result<(), ActError> {
        self.tell(&Order::Watch(ward))
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> nodesleuth_model::Pid {
        nodesleuth_model::Pid(self.child.id())
    }

    /// Sends it away because nothing is left to guard.
    pub fn leave(mut self) {
        // When it is gone already, that is what we want.
        let _ = self.tell(&Order::Leave);
        self.end();
    }

    fn tell(&mut self, order: &Order) -> Result<(), ActError> {
        let line = order.line()?;
        let sent = match &mut self.pipe {
            Some(pipe) => pipe.write_all(&line),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        sent.map_err(|source| ActError::GuardianGone { source })
    }

    /// Closes the pipe and sees it off. Killed only when it had nothing to do.
    fn end(&mut self) {
        self.pipe = None;
        if !matches!(wait_at_most(&mut self.child, LEAVE_LIMIT), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = wait_at_most(&mut self.child, LEAVE_LIMIT);
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        if self.pipe.take().is_some() {
            let _ = wait_at_most(&mut self.child, CLEAN_LIMIT);
        }
    }
}

fn await_ready(mut answer: ChildStdout) -> Result<(), String> {
    let mut waiting = [PollFd::new(answer.as_fd(), PollFlags::POLLIN)];
    match poll(&mut waiting, PollTimeout::from(READY_LIMIT_MILLIS)) {
        Ok(0) => return Err("no answer within 5 s".to_owned()),
        Ok(_) => {}
        Err(error) => return Err(error.to_string()),
    }
    let mut said = [0; READY.len()];
    match answer.read_exact(&mut said) {
        Ok(()) if said == READY => Ok(()),
        Ok(()) => Err("the program answered something else; it is not nodesleuth".to_owned()),
        Err(_) => {
            Err("the program ended at once; it is not nodesleuth or may not run here".to_owned())
        }
    }
}
