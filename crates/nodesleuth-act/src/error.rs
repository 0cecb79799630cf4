//! What can go wrong when a node is changed: what failed, where, why, and what to do.

use nodesleuth_model::Pid;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Changing the node failed.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The demo would disturb a real kubelet.
    #[error(
        "{comm} (pid {pid}) runs on this node, and the demo would add load and, as root, cgroups \
         to it: run the demo on another machine, or with --force"
    )]
    KubeletRunning {
        /// The kubelet's process.
        pid: Pid,
        /// Its name.
        comm: String,
    },
    /// No hierarchy takes scratch cgroups.
    #[error(
        "no cgroup hierarchy here takes new cgroups ({why}); it needs root and a mount that is read-write"
    )]
    NoWritableHierarchy {
        /// What was found instead.
        why: String,
    },
    /// So many cgroups would take too much of the node's memory.
    #[error(
        "{asked} scratch cgroups would take about {need_mib} MiB of kernel memory, more than a \
         tenth of the {available_mib} MiB that are available"
    )]
    NotEnoughMemory {
        /// Cgroups asked for.
        asked: usize,
        /// What they would take.
        need_mib: u64,
        /// `MemAvailable`.
        available_mib: u64,
    },
    /// The kernel is not to be probed with scratch cgroups here.
    #[error("not probed: {why}")]
    ProbeRefused {
        /// Why.
        why: String,
    },
    /// Something of ours could not be made.
    #[error("cannot make {path}: {source}{}", hint(.source))]
    Make {
        /// What.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something of ours could not be removed.
    #[error("cannot remove {path}: {source}{}", hint(.source))]
    Remove {
        /// What.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Two remedies at once would each measure the other.
    #[error("another fix ({plan}, process {pid}) is at work on this node: wait for its end")]
    FixAtWork {
        /// Its plan.
        plan: String,
        /// Its process.
        pid: Pid,
    },
    /// Something on the node could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// What.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A path that the guardian cannot be told about.
    #[error("{path:?} holds a line break: choose another folder for temporary files (TMPDIR)")]
    LineBreak {
        /// The path.
        path: PathBuf,
    },
    /// A process of ours did not start.
    #[error("cannot start {what} ({binary} {command}): {source}")]
    Start {
        /// Which one.
        what: &'static str,
        /// The program.
        binary: PathBuf,
        /// Its hidden command.
        command: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The guardian was started and did not answer; nothing has been made.
    #[error("the guardian that cleans up after a crash did not get ready: {why}")]
    GuardianNotReady {
        /// What was seen.
        why: String,
    },
    /// The guardian ended early; whoever called takes its scratch things away and stops.
    #[error(
        "the guardian that cleans up after a crash is gone: {source}; it may have been killed, try again"
    )]
    GuardianGone {
        /// What the system said.
        source: io::Error,
    },
    /// The sick agent ended before anybody asked it to.
    #[error("the demo agent ended early ({status}); it may have been killed, try again")]
    AgentEnded {
        /// How.
        status: ExitStatus,
    },
    /// The sick agent does not go away, not even after SIGKILL.
    #[error(
        "the demo agent (pid {pid}) has not ended {seconds} s after SIGKILL: it is stuck in the kernel (see /proc/{pid}/stack)"
    )]
    AgentStuck {
        /// Its process.
        pid: Pid,
        /// How long it was waited for.
        seconds: u64,
    },
}

impl ActError {
    pub(crate) fn make(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Make {
            path: path.as_ref().to_owned(),
            source,
        }
    }

    pub(crate) fn remove(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Remove {
            path: path.as_ref().to_owned(),
            source,
        }
    }

    pub(crate) fn read(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read {
            path: path.as_ref().to_owned(),
            source,
        }
    }
}

/// What to do about it, for the refusals that people meet.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; it needs root or another folder",
        io::ErrorKind::ReadOnlyFilesystem => "; it is mounted read-only, as in a container",
        io::ErrorKind::AlreadyExists => "; `nodesleuth clean` removes what older runs left",
        io::ErrorKind::StorageFull => {
            "; free some space (for cgroups: the kernel has 65,535 at most)"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_where_why_and_what_to_do() {
        let refused = io::Error::from_raw_os_error(13);
        assert_eq!(
            ActError::make("/sys/fs/cgroup/memory/x")(refused).to_string(),
            "cannot make /sys/fs/cgroup/memory/x: Permission denied (os error 13); \
             it needs root or another folder"
        );
    }
}
