//! Many nodes side by side: what each burns and why, and what the sick have in common.

use crate::diagnosis::Outcome;
use crate::units::Cores;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The report on many nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetReport {
    /// Version of the tool, such as "nodesleuth 0.1.0".
    pub tool: String,
    /// Length of each node's window.
    pub window_seconds: f64,
    /// The answer in one sentence.
    pub verdict: String,
    /// Nodes that were looked at, most cores first.
    pub nodes: Vec<FleetNode>,
    /// Nodes that could not be looked at.
    pub failed: Vec<FailedNode>,
    /// Hot nodes by cause, most cores first.
    pub groups: Vec<CauseGroup>,
    /// What the hot nodes have in common and the others have not, most telling first.
    pub differences: Vec<Difference>,
    /// What to know when reading it.
    pub notes: Vec<String>,
}

/// One node that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetNode {
    /// Its name.
    pub name: String,
    /// What its kubelet burnt; unknown when its counters could not be read.
    pub cores: Option<Cores>,
    /// The kernel part, where it is known.
    pub kernel_cores: Option<Cores>,
    /// Kind of answer.
    pub outcome: Outcome,
    /// The most expensive finding: id and title.
    pub cause: Option<(String, String)>,
    /// The answer in one sentence.
    pub verdict: String,
    /// Properties that nodes may share: name → value (`kernel` → `4.15.0-1057-aws`).
    pub traits: BTreeMap<String, String>,
    /// Numbers that may differ: name → value (`pods` → 31).
    pub numbers: BTreeMap<String, f64>,
}

impl FleetNode {
    /// Whether it burns enough to be explained.
    #[must_use]
    pub fn is_hot(&self) -> bool {
        matches!(self.outcome, Outcome::CauseFound | Outcome::NotIdentified) && self.cores.is_some()
    }
}

/// One node that could not be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailedNode {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub help: String,
}

/// Hot nodes with one cause.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CauseGroup {
    /// Id of the finding, empty for "not identified".
    pub id: String,
    /// For people.
    pub title: String,
    /// What these nodes' kubelets burn together.
    pub cores: Cores,
    /// Their names, most cores first.
    pub nodes: Vec<String>,
}

/// Something that hot nodes have and others have not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Difference {
    /// Name of the property.
    pub name: String,
    /// Value, or range of values, of the hot ones.
    pub hot: String,
    /// How many of the hot ones.
    pub hot_count: u64,
    /// Of how many for which it is known.
    pub hot_of: u64,
    /// What the others have, for numbers.
    pub others: String,
    /// How many of the others have it too.
    pub other_count: u64,
    /// Of how many for which it is known.
    pub other_of: u64,
}
