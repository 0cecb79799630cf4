//! One node through the API server: what its kubelet says of itself, and its CPU profile, in one
//! window.

mod derived;
pub(crate) mod pages;
mod profile;
mod run;
mod time;

use crate::stop::Stop;
use crate::{Cluster, ClusterError};
use nodesleuth_collect::{Cancel, Clock, Collected, Progress};
use pages::Node;
pub use run::NodeSeen;
pub(crate) use run::Run;
use std::time::Duration;

/// How a node is looked at.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Length of the window and of the CPU profile.
    pub window: Duration,
    /// Longest profile that is taken in one request; longer ones are put together from several.
    pub longest_slice: Duration,
    /// Ask the API server for the node's pods; else the kubelet.
    pub pods_from_api_server: bool,
    /// Longest time for everything that is asked of the node, the window included. What does not come
    /// in it is missing from the evidence.
    pub limit: Duration,
    /// How long beyond its length a profile may take to come, and how long one is waited for that
    /// somebody else takes.
    pub patience: Duration,
    /// So many nodes are asked at the same time.
    pub in_flight: usize,
    /// Ask for the kubelet's goroutines, after the window.
    pub goroutines: bool,
    /// Ask what its heap holds, after the window.
    pub heap: bool,
    /// Version of the tool, such as "nodesleuth 0.1.0".
    pub tool: String,
}

/// How many nodes are asked at the same time as this one: their windows all end at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// None: everything is asked for.
    Alone,
    /// Some: what no report on many uses is not asked for, and pods are listed once.
    Some,
    /// So many that what is asked before the window would eat up the time behind it: a window begins
    /// with its counters, and the rest is asked once, when there is room.
    Crowd,
}

impl Company {
    /// More are a crowd: three hundred still had time for all of it, not much of it left.
    const MOST: usize = 100;

    /// Of so many nodes.
    pub(crate) fn of(in_flight: usize) -> Self {
        match in_flight {
            0 | 1 => Self::Alone,
            2..=Self::MOST => Self::Some,
            _ => Self::Crowd,
        }
    }
}

impl NodeOptions {
    /// Front ends cut idle connections after a minute at the earliest.
    pub const LONGEST_SLICE: Duration = Duration::from_secs(50);
    /// What one node may take beyond its window: a kubelet with 10,000 leaked cgroups took 18 s for
    /// each page of metrics, twice.
    pub const SPARE: Duration = Duration::from_secs(60);
    /// Others' profiles usually take 30 s.
    pub const PATIENCE: Duration = Duration::from_secs(35);
}

/// Checks that this is the name of a node: it becomes a part of paths.
///
/// # Errors
/// When it is none.
pub fn node_name(name: &str) -> Result<String, ClusterError> {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let fits = !name.is_empty()
        && name.len() <= 253
        && name.chars().all(inside)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.contains("..");
    match fits {
        true => Ok(name.to_owned()),
        false => Err(ClusterError::new(
            format!("{name:?} is not the name of a node"),
            "`kubectl get nodes` lists their names",
        )),
    }
}

impl Cluster {
    /// Watches one node's kubelet for a window.
    ///
    /// # Errors
    /// When the node cannot be asked at all. What else is refused is part of the evidence.
    pub fn collect(
        &self,
        name: &str,
        options: &NodeOptions,
        clock: &dyn Clock,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Collected, ClusterError> {
        let name = node_name(name)?;
        let node = Node::new(&self.requester, &name, clock);
        let stop = Stop::of(cancel);
        let run = Run::new(&node, options, &stop, progress);
        let seen = self.block_on(stop.told_during(run.collect()));
        seen.map(NodeSeen::checked)
            .map_err(|refusal| ClusterError::refused(&format!("node {name}"), &refusal))
    }
}
