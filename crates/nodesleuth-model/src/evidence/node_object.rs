//! The Node object of the API server.

use crate::units::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the API server knows of a node. Addresses, annotations and labels other than the
/// allow-listed are not kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeObject {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.creationTimestamp`, seconds since the Unix epoch.
    pub created_unix_seconds: Option<i64>,
    /// `status.nodeInfo.kernelVersion`, as `uname -r`.
    pub kernel_release: String,
    /// `status.nodeInfo.osImage`.
    pub os_image: String,
    /// `status.nodeInfo.architecture`, as Go names it.
    pub architecture: String,
    /// `status.nodeInfo.kubeletVersion`.
    pub kubelet_version: String,
    /// `status.nodeInfo.containerRuntimeVersion`, such as `containerd://1.7.2`.
    pub runtime_version: String,
    /// `status.capacity.cpu` in cores.
    pub cpus: Option<f64>,
    /// `status.capacity.memory`.
    pub memory: Option<Bytes>,
    /// `status.capacity.pods`.
    pub pods: Option<u64>,
    /// Conditions: type → status and reason.
    pub conditions: BTreeMap<String, NodeCondition>,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// Allow-listed labels (instance type, zone, architecture, operating system, pool).
    pub labels: BTreeMap<String, String>,
    /// `status.daemonEndpoints.kubeletEndpoint.Port`.
    pub kubelet_port: Option<u16>,
}

/// One condition of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeCondition {
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word, such as `KubeletReady`.
    pub reason: String,
}

impl NodeObject {
    /// Whether its condition `Ready` is `True`; `None` when it has no such condition.
    #[must_use]
    pub fn ready(&self) -> Option<bool> {
        let ready = self.conditions.get("Ready")?;
        Some(ready.status == "True")
    }
}
