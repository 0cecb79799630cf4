//! The pods that are bound to the node.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The pods that are bound to the node, counted. Names are not kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodePods {
    /// All of them, those that ended included.
    pub pods: u64,
    /// By phase (`Running`, `Pending`, …).
    pub phases: BTreeMap<String, u64>,
    /// Pods that are being deleted.
    pub terminating: u64,
    /// Containers of pods that have not ended.
    pub containers: u64,
    /// Restarts of these since their pods began.
    pub restarts: u64,
    /// Probes that run a command in a container.
    pub exec_probes: u64,
    /// How many of these run a second, from their periods.
    pub exec_probe_rate: f64,
    /// Probes over the network (HTTP, TCP, gRPC) that run a second.
    pub network_probe_rate: f64,
    /// Volumes that the kubelet keeps up to date (config maps, secrets, projected, downward API).
    pub synced_volumes: u64,
    /// Creation times of the pods, seconds since the Unix epoch, newest first; at most
    /// [`Self::MOST_CREATED`].
    pub created_unix_seconds: Vec<i64>,
    /// Where the list came from.
    pub source: String,
}

impl NodePods {
    /// So many creation times are kept.
    pub const MOST_CREATED: usize = 64;
}
