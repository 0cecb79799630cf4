//! What the kubelet's `/metrics/cadvisor` says: which cgroups cAdvisor follows, how old its figures
//! are. The answer comes from a cache, so the time it takes measures encoding only; the ages of the
//! figures are the outside reading of slow housekeeping.

use super::PatternCount;
use crate::units::{Bytes, Nanos};
use serde::{Deserialize, Serialize};

/// One reading of `/metrics/cadvisor`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerStats {
    /// Cgroups with series of their own.
    pub cgroups: u64,
    /// Those of them that are containers with an image.
    pub containers: u64,
    /// Sample lines.
    pub series: u64,
    /// Size of the text.
    pub size: Bytes,
    /// Time from the request to the end of the answer.
    pub answered_in: Nanos,
    /// The node's clock when it answered (its `Date` header, whole seconds), milliseconds since
    /// the Unix epoch.
    pub node_unix_millis: Option<i64>,
    /// When cAdvisor took the figures of some of the cgroups: at most [`Self::MOST_STAMPS`], chosen
    /// by a hash of their names so that two readings choose alike. Sorted by hash.
    pub stamps: Vec<Stamp>,
    /// Name patterns of the cgroups, most frequent first, at most twelve.
    pub patterns: Vec<PatternCount>,
    /// CPU of the cgroup that the kubelet runs in, if it has one of a known name.
    pub agent: Option<AgentCgroup>,
    /// CPU of the cgroup that the container runtime runs in with its shims, likewise.
    pub runtime: Option<AgentCgroup>,
    /// cAdvisor reports that it failed to read something (`container_scrape_error`).
    pub scrape_error: Option<bool>,
    /// Why only the beginning of the text came: then all counts are lower bounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
}

/// When the figures of one cgroup were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// Hash of the cgroup's name.
    pub cgroup: u32,
    /// Milliseconds since the Unix epoch.
    pub unix_millis: i64,
}

/// CPU of a program's cgroup since it was made, children included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentCgroup {
    /// Its path, such as `/system.slice/kubelet.service`.
    pub path: String,
    /// When cAdvisor read it, milliseconds since the Unix epoch.
    pub unix_millis: Option<i64>,
    /// User and kernel together.
    pub total_seconds: Option<f64>,
    /// User part.
    pub user_seconds: Option<f64>,
    /// Kernel part.
    pub kernel_seconds: Option<f64>,
}

impl ContainerStats {
    /// So many cgroups' times are kept.
    pub const MOST_STAMPS: usize = 256;
}
