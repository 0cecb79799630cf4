//! What the kubelet's `/metrics` says of the kubelet.

use crate::units::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One reading of the kubelet's `/metrics`. Counters are since the kubelet's start; a metric that
/// was not there is absent, not zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeletMetrics {
    /// CPU of all its threads, user and kernel together, without children.
    pub cpu_seconds: Option<f64>,
    /// When it started, seconds since the Unix epoch.
    pub start_unix_seconds: Option<f64>,
    /// Resident memory.
    pub resident: Option<Bytes>,
    /// Open descriptors.
    pub open_fds: Option<u64>,
    /// Soft limit on them.
    pub max_fds: Option<u64>,
    /// Goroutines.
    pub goroutines: Option<u64>,
    /// Threads that Go made.
    pub threads: Option<u64>,
    /// Go toolchain, such as "go1.19.8".
    pub go_version: Option<String>,
    /// Garbage collections.
    pub collections: Option<u64>,
    /// Bytes allocated on the heap, freed ones included.
    pub allocated_bytes: Option<f64>,
    /// The kubelet's version, such as "v1.20.2".
    pub version: Option<String>,
    /// Pods that run.
    pub running_pods: Option<u64>,
    /// Containers that run.
    pub running_containers: Option<u64>,
    /// Calls to the container runtime, by operation.
    pub runtime_operations: BTreeMap<String, CallTotals>,
    /// Listing all containers of the runtime to see what changed (PLEG).
    pub relists: Option<CallTotals>,
    /// Time between two of these.
    pub relist_intervals: Option<CallTotals>,
    /// Creating, updating and removing pod cgroups, by operation.
    pub cgroup_operations: BTreeMap<String, CallTotals>,
    /// Requests that its HTTP server answered, by path.
    pub http_requests: BTreeMap<String, CallTotals>,
}

/// How often something was done, and how long all of it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallTotals {
    /// How often.
    pub count: u64,
    /// Wall time of all together, where it is known.
    pub seconds: Option<f64>,
    /// How many of them failed, where it is known.
    pub failed: Option<u64>,
}
