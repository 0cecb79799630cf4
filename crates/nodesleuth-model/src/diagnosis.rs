//! The diagnosis: what reports print. It depends only on evidence and the catalogue.

use crate::evidence::pasted::PastedFile;
use crate::evidence::{Goroutines, HeapUse, OwnCost, target_name};
use crate::facts::Fact;
use crate::ledger::Ledger;
use crate::syscalls::SyscallSummary;
use crate::units::{Cores, Pid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diagnosis {
    /// Version of the tool that analysed, such as "nodesleuth 0.1.0".
    pub tool: String,
    /// Which of the four kinds of answer this is.
    pub outcome: Outcome,
    /// The answer in one sentence.
    pub verdict: String,
    /// Who was looked at.
    pub target: Option<TargetSummary>,
    /// Length of the window.
    pub window_seconds: f64,
    /// Why the window ended early, if it did.
    pub window_note: Option<String>,
    /// Causes and contributors, most cores first.
    pub findings: Vec<Finding>,
    /// Things that look alarming and are not, with why.
    pub red_herrings: Vec<Finding>,
    /// What burns CPU in other programs of the node, most cores first; no part of the ledger.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Finding>,
    /// States of the node that are known to cost CPU. What they cost the target was not measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<Finding>,
    /// Where the target's CPU went.
    pub ledger: Ledger,
    /// The target's system calls, when they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syscalls: Option<SyscallSummary>,
    /// The target's goroutines, when they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goroutines: Option<Goroutines>,
    /// What its heap holds, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heap: Option<HeapUse>,
    /// What is known of this kernel.
    pub advisories: Vec<Advisory>,
    /// Other processes that are hot too.
    pub others: Vec<HotProcess>,
    /// Ids of what fits what was pasted, the best answer first: findings and red herrings together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranking: Vec<String>,
    /// The single measurement that would decide most, where what was pasted leaves it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Proof>,
    /// Files that were given, with what was taken from each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PastedFile>,
    /// What was not checked, and why.
    pub not_checked: Vec<NotChecked>,
    /// Everything derived from the evidence.
    pub facts: BTreeMap<String, Fact>,
    /// What the measurement itself cost.
    pub own_cost: Option<OwnCost>,
    /// About the evidence: version differences, malformed parts.
    pub warnings: Vec<String>,
}

/// The kinds of answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// At least one cause was found.
    CauseFound,
    /// The target does not burn enough CPU to explain.
    NotHot,
    /// It is hot, and nothing in the catalogue fits the evidence.
    NotIdentified,
    /// There is no evidence about any target.
    #[default]
    NoTarget,
}

/// Who was looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetSummary {
    /// Process id.
    pub pid: Pid,
    /// Process name.
    pub comm: String,
    /// Its node, where it was asked for through a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Version or build, when the binary says it.
    pub version: Option<String>,
    /// CPU over the window: user + kernel + waited-for children. Unknown when the window was too
    /// short or the target was not there at both its ends.
    pub cores: Option<Cores>,
    /// The user part.
    pub user_cores: Option<Cores>,
    /// The kernel part.
    pub kernel_cores: Option<Cores>,
    /// Waited-for children's part.
    pub children_cores: Option<Cores>,
    /// Average since it started, where known.
    pub lifetime_cores: Option<Cores>,
    /// Seconds since it started, where known.
    pub age_seconds: Option<f64>,
}

impl TargetSummary {
    /// As people call it: `kubelet (pid 812)`, `kubelet (pid 812) on node-a`, `kubelet on node-a`.
    #[must_use]
    pub fn name(&self) -> String {
        target_name(&self.comm, self.pid, self.node.as_deref())
    }
}

/// One claim, its evidence, and what would disprove it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finding {
    /// Id of the catalogue entry.
    pub id: String,
    /// Class of causes (`facts/taxonomy.md`), such as `T01_memcg_stat_walk`.
    pub class: String,
    /// What kind of statement it is.
    pub kind: FindingKind,
    /// The claim in one line.
    pub title: String,
    /// Which part of the node it concerns.
    pub component: String,
    /// What it costs; absent for statements without a price.
    pub cores: Option<Cores>,
    /// The same as a share of the target's total, 0 to 1.
    pub share: Option<f64>,
    /// How sure.
    pub confidence: Confidence,
    /// How bad a state of the node is; of states only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Why, when what was pasted decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Why the price is what it is.
    pub pricing: Vec<String>,
    /// What was seen.
    pub evidence: Vec<Proof>,
    /// Where in the source most of it is burnt, the most expensive line first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceLine>,
    /// What would show the claim to be wrong.
    pub disproof: Vec<String>,
    /// Why it happens.
    pub explanation: String,
    /// What helps at once.
    pub remedies_now: Vec<Remedy>,
    /// What helps for good.
    pub remedies_for_good: Vec<Remedy>,
    /// How to check by hand.
    pub confirm: Vec<Proof>,
    /// Addresses.
    pub references: Vec<String>,
    /// `verified` or `reported`.
    pub standing: String,
}

/// A line of source code and what was burnt there and in what it calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceLine {
    /// The function.
    pub function: String,
    /// Path as the compiler recorded it; empty when the profile does not say.
    pub file: String,
    /// Line in it, from 1.
    pub line: Option<u64>,
    /// Its page at the version that runs, where that is known.
    pub link: Option<String>,
    /// CPU over the profile's own time.
    pub cores: Cores,
}

/// What kind of statement a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Explains CPU.
    #[default]
    Cause,
    /// Explains CPU that another cause usually drives.
    Contributor,
    /// Looks alarming and is harmless here.
    RedHerring,
    /// Looks like overload, and the CPU is not what is short.
    NotCpu,
    /// Explains CPU that another program of the node burns.
    Elsewhere,
}

/// How well what was pasted fits a known cause.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Score {
    /// Sum of the parts.
    pub points: f64,
    /// One for each symptom that was seen, and for each contradiction.
    pub parts: Vec<ScorePart>,
}

/// What one symptom adds to a score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScorePart {
    /// What was seen.
    pub what: String,
    /// What it adds; a contradiction takes away.
    pub points: f64,
    /// Whether it tells the cause apart from what looks alike.
    pub decides: bool,
    /// Printed by a tool or a program, not told by somebody.
    pub measured: bool,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Fits, but other things would look the same.
    #[default]
    Low,
    /// Deciding facts were seen, the price is an estimate.
    Medium,
    /// Deciding facts were seen and the price was measured.
    High,
}

/// How bad a state of the node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Beyond what is usual.
    #[default]
    Warning,
    /// Beyond what is known to go well.
    Bad,
}

impl Severity {
    /// As reports print it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// Whether a state of the node that is known to cost CPU is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeState {
    /// Id of the catalogue entry.
    pub id: String,
    /// For people.
    pub title: String,
    /// Whether it is there.
    pub status: StateStatus,
    /// How bad, when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Why that is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What was measured, beside the threshold.
    pub evidence: Vec<Proof>,
    /// What helps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<Remedy>,
}

/// Whether a state is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateStatus {
    /// It is.
    Seen,
    /// It is not.
    NotSeen,
    /// What it is told from could not be read.
    #[default]
    Unknown,
}

/// One observation, with the command that shows it by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Proof {
    /// What was seen or is to be seen.
    pub text: String,
    /// What to type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// Something to do about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remedy {
    /// What it does.
    pub text: String,
    /// What to type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What it may cost or break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<String>,
}

/// What is known of the running kernel about one defect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Advisory {
    /// Id of the kernel catalogue entry.
    pub id: String,
    /// For people.
    pub title: String,
    /// `affected`, `fixed` or `unknown`.
    pub status: AdvisoryStatus,
    /// Why: which rule, which measurement.
    pub reason: String,
}

/// Whether a kernel has a defect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdvisoryStatus {
    /// Has it.
    Affected,
    /// Does not have it (any more).
    Fixed,
    /// Cannot be told from what is known: measure.
    #[default]
    Unknown,
}

impl AdvisoryStatus {
    /// As catalogue files and facts spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::Unknown => "unknown",
        }
    }
}

/// Another process that is hot too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HotProcess {
    /// Process id.
    pub pid: Pid,
    /// Process name.
    pub comm: String,
    /// CPU over the window.
    pub cores: Cores,
    /// The kernel part.
    pub kernel_cores: Cores,
    /// True for a known node agent.
    pub known_agent: bool,
}

/// Something that was not checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotChecked {
    /// What.
    pub what: String,
    /// Why, and what would make it possible.
    pub why: String,
}
