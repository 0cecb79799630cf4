//! What the kubelet's `/stats/summary` says of the node.

use crate::units::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `/stats/summary`: the kubelet's account of its node, from caches some seconds old.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatsSummary {
    /// The node's name.
    pub node: String,
    /// CPU of the whole node.
    pub node_cpu: Option<CpuUsage>,
    /// System containers by name (`kubelet`, `runtime`, `pods`, …), where the kubelet has them.
    pub system: BTreeMap<String, CpuUsage>,
    /// Pods listed.
    pub pods: u64,
    /// Their containers.
    pub containers: u64,
    /// CPU of the pods' containers together, cores.
    pub containers_cores: Option<f64>,
    /// Working set of the node.
    pub working_set: Option<Bytes>,
    /// Inodes in use on the node's filesystem.
    pub inodes_used: Option<u64>,
    /// Tasks (processes and threads) of the node.
    pub tasks: Option<u64>,
}

/// CPU of something at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CpuUsage {
    /// When it was read, seconds since the Unix epoch.
    pub unix_seconds: Option<i64>,
    /// Rate as the kubelet computed it, cores.
    pub cores: Option<f64>,
    /// Since the start, core seconds.
    pub core_seconds: Option<f64>,
}
