//! One collection: choose the target, start every collector, wait for the window, finish them.

use crate::{Cancel, Clock, Node, Progress};
use nodesleuth_model::{Cores, Evidence, Pid};
use std::path::PathBuf;
use std::time::Duration;

/// What to collect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Length of the window.
    pub window: Duration,
    /// Who to watch.
    pub target: TargetChoice,
    /// Addresses or files of profiles.
    pub profiles: Vec<String>,
    /// Our own binary, for reads that need a process of their own.
    pub read_child: Option<PathBuf>,
    /// Kernel time that possibly slow reads may cost in all.
    pub slow_read_budget: Duration,
    /// From how many cores on a process counts as hot.
    pub hot_cores: Cores,
}

/// Who to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetChoice {
    /// This process.
    Pid(Pid),
    /// The busiest process of this name.
    Name(String),
    /// The busiest known node agent that is hot.
    BusiestAgent,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The evidence.
    pub evidence: Evidence,
    /// Raw profiles: file name in the bundle and bytes.
    pub profiles: Vec<(String, Vec<u8>)>,
}

/// Why nothing could be collected at all.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// `--pid` names nobody.
    #[error("there is no process {0}")]
    NoSuchPid(Pid),
    /// `--name` names nobody.
    #[error("no process is called {name:?}{hint}")]
    NoSuchName {
        /// As given.
        name: String,
        /// Similar names that exist, as "; similar: …", or nothing.
        hint: String,
    },
    /// No known agent burns CPU.
    #[error("no known node agent is hot")]
    NothingHot {
        /// The busiest processes, most cores first, for the caller to show.
        busiest: Vec<(Pid, String, Cores)>,
    },
    /// The node's process table cannot be read.
    #[error("cannot read the process table: {0}")]
    NoProcesses(String),
}

/// Collects evidence about one target of this node.
///
/// # Errors
/// Only when there is no target; everything else that fails is part of the evidence.
pub fn collect(
    node: &Node,
    clock: &dyn Clock,
    options: &Options,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Collected, CollectError> {
    let _ = (node, clock, options, cancel, progress);
    Err(CollectError::NoProcesses("not built yet".to_owned()))
}
