//! Metrics, counts, versions, prose, and what the user stated.

use super::FileId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A sample of a Prometheus metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metric {
    /// Where it was read.
    pub file: FileId,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

/// Something that was counted or configured, with its number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PastedCount {
    /// Where it was read.
    pub file: FileId,
    /// What was counted, in lower case with dots and underscores: `services`, `mounts`,
    /// `cgroup.memory`, `memory.stat.total_cache`, `maxPods`.
    pub what: String,
    /// The number, in `unit`.
    pub value: f64,
    /// `bytes`, `seconds`, `share`, `per second`, or "" for a count of things.
    pub unit: String,
    /// True when a tool printed it, false when somebody wrote it.
    pub measured: bool,
}

/// Version of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PastedVersion {
    /// Where it was read.
    pub file: FileId,
    /// `kernel`, `kubelet`, `docker`, `containerd`, `runc`, `go`, `systemd`, `os`, `cilium` …
    pub component: String,
    /// The version, without a leading `v`.
    pub version: String,
    /// True when a tool printed it, false when somebody wrote it.
    pub measured: bool,
}

/// One sentence or line of prose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProseLine {
    /// Where it was read.
    pub file: FileId,
    /// The text, white space collapsed.
    pub text: String,
}

/// What the user stated with `--fact NAME=VALUE`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatedFact {
    /// Its name: one of the facts table, or a component such as `kernel`.
    pub name: String,
    /// Its value as typed.
    pub value: String,
}
