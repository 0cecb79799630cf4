//! From where the evidence was collected.

use serde::{Deserialize, Serialize};

/// From where the evidence was collected, which decides what could be seen at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vantage {
    /// The way to the node.
    pub via: Via,
    /// The node's name in its cluster, where it was asked for by that name.
    pub node: Option<String>,
}

/// The way to a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// On the node itself.
    #[default]
    Host,
    /// Through the API server, without anything on the node: what the kubelet says of itself.
    Api,
    /// By a pod on the node.
    Pod,
}
