//! One known cause, as its TOML file says it.

use super::{Condition, Symptom, Template};
use serde::Deserialize;

/// One known cause.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Stable id in kebab-case; it names the problem, not the remedy.
    pub id: String,
    /// Class of causes, such as `T01_memcg_stat_walk`.
    pub class: String,
    /// What kind of statement it makes.
    #[serde(default)]
    pub kind: EntryKind,
    /// The claim in one line.
    pub title: Template,
    /// The same without facts: said when one of `title`'s is unknown.
    #[serde(default)]
    pub plain_title: Option<Template>,
    /// Which part of the node it concerns.
    pub component: String,
    /// `verified` (seen in our lab or stated with evidence upstream) or `reported`.
    pub standing: Standing,
    /// Why it happens.
    pub explanation: String,
    /// What would show the claim to be wrong.
    pub disproof: Vec<String>,
    /// Addresses.
    #[serde(default)]
    pub references: Vec<String>,
    /// Ids or classes that look alike.
    #[serde(default)]
    pub look_alikes: Vec<String>,
    /// Ordered frame patterns, root to leaf; any one of the lists is enough. Their share of the
    /// profile is the fact `signature.share` inside this entry. A list may name functions of the
    /// kernel (`copy_page_range`): it counts only where stacks of the machine were sampled.
    #[serde(default)]
    pub signature: Vec<Vec<String>>,
    /// What files from outside show: outputs of other tools, logs, tickets.
    #[serde(default)]
    pub symptoms: Vec<Symptom>,
    /// What speaks against it there.
    #[serde(default)]
    pub contradictions: Vec<Symptom>,
    /// What must hold in evidence that was collected.
    #[serde(default)]
    pub when: Option<Condition>,
    /// What rules it out.
    #[serde(default)]
    pub unless: Option<Condition>,
    /// What makes a state of the node bad instead of one to keep an eye on.
    #[serde(default)]
    pub severe: Option<Condition>,
    /// Whether `nodesleuth kernel` tells it of this machine. Its facts need no window and no target.
    #[serde(default)]
    pub in_kernel: bool,
    /// What makes it certain although its price is an estimate.
    #[serde(default)]
    pub sure: Option<Condition>,
    /// Fact in cores: what it makes another program burn. Its source is how that was priced.
    #[serde(default)]
    pub burns: Option<String>,
    /// Which ledger parts it claims.
    #[serde(default)]
    pub claims: Vec<ClaimRule>,
    /// What was seen: shown when all its facts are known.
    #[serde(default)]
    pub evidence: Vec<ProofRule>,
    /// How to check by hand.
    #[serde(default)]
    pub confirm: Vec<ProofRule>,
    /// What helps.
    #[serde(default)]
    pub remedies: Remedies,
    /// Which file it came from.
    #[serde(skip)]
    pub file: String,
}

/// What kind of statement an entry makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// Explains CPU.
    #[default]
    Cause,
    /// Explains CPU that another cause usually drives.
    Contributor,
    /// Looks alarming and is harmless when its conditions hold.
    RedHerring,
    /// Says that there is nothing to explain.
    NotHot,
    /// Looks like overload, and the CPU is not what is short.
    NotCpu,
    /// Explains CPU that another program of the node burns; `burns` prices it.
    Elsewhere,
}

impl EntryKind {
    /// Whether it says where CPU goes.
    #[must_use]
    pub fn explains_cpu(self) -> bool {
        matches!(self, Self::Cause | Self::Contributor)
    }
}

/// How well an entry is established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Seen in our lab or stated with evidence upstream.
    Verified,
    /// Told by users.
    Reported,
}

impl Entry {
    /// Whether it is a state of the node that is known to cost CPU, and whose price for a target
    /// nothing measures.
    #[must_use]
    pub fn is_state(&self) -> bool {
        self.kind.explains_cpu() && self.claims.is_empty() && self.when.is_some()
    }
}

impl Standing {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Reported => "reported",
        }
    }
}

/// A claim on a ledger part.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// Part of the `owner` view; a trailing `*` stands for all parts that begin so.
    pub part: String,
    /// Fact in cores that bounds the claim; without it the whole part is claimed.
    #[serde(default)]
    pub limit: Option<String>,
    /// Parts of the `calls` view that it takes from too, such as `cgroup-file:memory.stat` or
    /// `call:futex`, or of the view of kernel functions, such as `kernel:memcg-stat-walk`; a
    /// trailing `*` as above. It takes as much as both views have left, and that is measured.
    /// Without such a view nothing is claimed.
    #[serde(default)]
    pub through: Vec<String>,
    /// The limit is a proportion, not a measurement: what is taken raises no confidence.
    #[serde(default)]
    pub estimate: bool,
    /// Claims the part in proportion to how much of all allocation these parts make: garbage
    /// collection follows allocation.
    #[serde(default)]
    pub by_allocation_of: Vec<String>,
    /// Claimed only when this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Why the price is what it is.
    #[serde(default)]
    pub why: Option<Template>,
}

/// An observation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofRule {
    /// What is seen.
    pub text: Template,
    /// What to type.
    #[serde(default)]
    pub command: Option<Template>,
}

/// What helps.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remedies {
    /// At once.
    #[serde(default)]
    pub now: Vec<RemedyRule>,
    /// For good.
    #[serde(default)]
    pub for_good: Vec<RemedyRule>,
}

/// One remedy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemedyRule {
    /// What it does.
    pub text: Template,
    /// What to type.
    #[serde(default)]
    pub command: Option<Template>,
    /// What it may cost or break.
    #[serde(default)]
    pub risk: Option<String>,
    /// Offered only when this holds.
    #[serde(default)]
    pub when: Option<Condition>,
}
