//! The demo's sick agent: an ordinary process that does what sick agents do, for at most ten
//! minutes, and never outlives us.

mod child;
mod disk_usage;
mod housekeeping;

pub use child::child_main;

use crate::waiting::wait_at_most;
use crate::{ActError, Identity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid as RawPid;
use nodesleuth_collect::Node;
use nodesleuth_model::Pid;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// The hidden command.
pub const COMMAND: &str = "__agent";

/// How long it may take to end after SIGTERM.
const TERM_LIMIT: Duration = Duration::from_secs(2);
/// How long after SIGKILL: a read in the kernel must first come to its end.
const KILL_LIMIT: Duration = Duration::from_secs(20);

/// What the agent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Read the statistics of all cgroups under this one, every second, as cAdvisor does.
    Housekeeping(PathBuf),
    /// Walk this tree again and again, as a disk-usage collector does.
    DiskUsage(PathBuf),
}

/// The running agent; dropping ends it.
#[derive(Debug)]
pub struct DemoAgent {
    child: Child,
    /// It was waited for in vain; that is not done twice.
    stuck: bool,
}

impl DemoAgent {
    /// Starts it: `binary` is a program whose `main` calls [`crate::hidden::run`].
    ///
    /// It ends with the *thread* that called this (the kernel's rule for parent-death signals):
    /// call it on a thread that stays.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(binary: &Path, work: &Work) -> Result<Self, ActError> {
        let (kind, path) = match work {
            Work::Housekeeping(path) => (child::HOUSEKEEPING, path),
            Work::DiskUsage(path) => (child::DISK_USAGE, path),
        };
        let child = Command::new(binary)
            .args([COMMAND, kind])
            .arg(std::process::id().to_string())
            .arg(path)
            // A group of its own: Ctrl-C ends the observation, not what is observed.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| ActError::Start {
                what: "the demo agent",
                binary: binary.to_owned(),
                command: COMMAND,
                source,
            })?;
        Ok(Self {
            child,
            stuck: false,
        })
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid(self.child.id())
    }

    /// Who it is, for the guardian.
    ///
    /// # Errors
    /// When `/proc` does not say, or it has ended.
    pub fn identity(&mut self) -> Result<Identity, ActError> {
        self.check()?;
        let found = Identity::of(&Node::live(), self.pid())
            .map_err(|error| ActError::read(error.path)(error.source))?;
        let gone =
            || ActError::read(format!("/proc/{}", self.pid()))(io::ErrorKind::NotFound.into());
        found.ok_or_else(gone)
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When it has ended by itself.
    pub fn check(&mut self) -> Result<(), ActError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(ActError::AgentEnded { status }),
            _ => Ok(()),
        }
    }

    /// Ends it: SIGTERM, then SIGKILL, and waits; its exit status.
    ///
    /// # Errors
    /// When it is stuck in the kernel beyond all patience.
    pub fn stop(&mut self) -> Result<ExitStatus, ActError> {
        let ended = self.signal_and_wait(Signal::SIGTERM, TERM_LIMIT);
        let ended = ended.or_else(|| self.signal_and_wait(Signal::SIGKILL, KILL_LIMIT));
        self.stuck = ended.is_none();
        ended.ok_or(ActError::AgentStuck {
            pid: self.pid(),
            seconds: KILL_LIMIT.as_secs(),
        })
    }

    /// Our child is not reaped before we wait for it, so its pid cannot be somebody else's.
    fn signal_and_wait(&mut self, signal: Signal, limit: Duration) -> Option<ExitStatus> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Some(status);
        }
        let _ = kill(
            RawPid::from_raw(i32::try_from(self.child.id()).ok()?),
            signal,
        );
        let limit = if self.stuck { Duration::ZERO } else { limit };
        wait_at_most(&mut self.child, limit).ok().flatten()
    }
}

impl Drop for DemoAgent {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}
