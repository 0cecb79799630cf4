//! What makes a command end with exit code 2: what failed, why, and what to do.

use crate::commands::top::TopError;
use nodesleuth_act::ActError;
use nodesleuth_analyze::CatalogError;
use nodesleuth_cluster::ClusterError;
use nodesleuth_collect::CollectError;
use nodesleuth_trace::TraceError;
use nodesleuth_trace::stacks::StackError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum Failure {
    /// No target, or no such target.
    #[error(transparent)]
    #[diagnostic(help("name a process with --pid or --name; `nodesleuth top` shows who is busy"))]
    Collect(#[from] CollectError),

    /// `top` has nothing to show.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Top(#[from] TopError),

    /// System calls cannot be watched.
    #[error(transparent)]
    #[diagnostic(help("{}", trace_help(.0)))]
    Trace(#[from] TraceError),

    /// A cluster cannot be asked.
    #[error(transparent)]
    #[diagnostic(help("{}", .0.help))]
    Cluster(#[from] ClusterError),

    /// Stacks cannot be taken.
    #[error(transparent)]
    #[diagnostic(help("{}", stack_help(.0)))]
    Stacks(#[from] StackError),

    /// Something could not be made or removed on this machine.
    #[error(transparent)]
    Act(#[from] ActError),

    /// The catalogue is not valid.
    #[error("catalogue: {0}")]
    #[diagnostic(help("correct the file, or leave --catalog away"))]
    Catalog(#[from] CatalogError),

    /// A file cannot be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    #[diagnostic(help("{help}"))]
    File {
        /// "read", "write", "create".
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
        /// What to do.
        help: String,
    },

    /// A bundle cannot be understood.
    #[error("{}: {reason}", path.display())]
    #[diagnostic(help("{help}"))]
    Bundle {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do.
        help: String,
    },

    /// The command line asks for something that does not exist.
    #[error("{what}")]
    #[diagnostic(help("{help}"))]
    Usage {
        /// What.
        what: String,
        /// What to do.
        help: String,
    },

    /// Writing to stdout failed.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

fn trace_help(error: &TraceError) -> &'static str {
    match error {
        TraceError::NoProcess(_) => "`nodesleuth top` shows who is there",
        TraceError::NoEngine(_) => {
            "run as root on the node itself, or with CAP_BPF and CAP_PERFMON; \
             leave --engine away to try every way"
        }
        TraceError::ThirtyTwoBit(_) => "`strace -f -c -p PID` watches such programs",
        TraceError::Broken { .. } => "try another --engine",
    }
}

fn stack_help(error: &StackError) -> &'static str {
    match error {
        StackError::NoProcess(_) => "`nodesleuth top` shows who is there",
        StackError::Thread { .. } => "give the process's own number",
        StackError::ThirtyTwoBit(_) => "`strace -f -y -k -p PID` watches such programs",
        StackError::Frequency(_) => "99 samples a second are enough for most questions",
        StackError::NoEngine(_) => {
            "run as root on the node itself, or with CAP_BPF and CAP_PERFMON; \
             leave --engine away to try every way"
        }
        StackError::Broken { .. } => "try the other --engine",
    }
}

impl Failure {
    pub(crate) fn file(what: &'static str, path: &Path, source: io::Error) -> Self {
        let help = match source.kind() {
            io::ErrorKind::AlreadyExists => {
                "existing files are never overwritten: choose another name or remove it"
            }
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::IsADirectory => "name a file in it",
            io::ErrorKind::PermissionDenied => "check its permissions, or run as root",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "make room, or choose a path on another filesystem"
            }
            _ => "see the system's message above",
        };
        Self::File {
            what,
            path: path.to_owned(),
            source,
            help: help.to_owned(),
        }
    }

    pub(crate) fn bundle(path: &Path, reason: impl ToString, help: &str) -> Self {
        Self::Bundle {
            path: path.to_owned(),
            reason: reason.to_string(),
            help: help.to_owned(),
        }
    }

    pub(crate) fn usage(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage {
            what: what.into(),
            help: help.into(),
        }
    }

    /// The reader of our output went away (`nodesleuth … | head`): that is success.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
