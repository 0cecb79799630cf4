//! Which stack belongs to which part of the ledger.

use serde::Deserialize;

/// All part rules, tried in order: the first that matches a stack owns it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// The rules.
    #[serde(default)]
    pub part: Vec<PartRule>,
    /// Frame patterns of leaf functions that enter the kernel: the kernel's share of a Go profile.
    #[serde(default)]
    pub syscall_leaves: Vec<String>,
    /// Functions that allocate memory: who calls them makes the garbage.
    #[serde(default)]
    pub allocators: Vec<String>,
}

/// Which kernel part a sampled stack belongs to; the first that matches owns it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelParts {
    /// The rules; their patterns are matched against a stack's kernel frames alone.
    #[serde(default)]
    pub part: Vec<PartRule>,
}

/// Id and title of kernel time that no rule matches.
const OTHER_IN_KERNEL: (&str, &str) = ("other-in-kernel", "everything else in the kernel");

impl KernelParts {
    /// Ids in the order of the rules, the one for the rest last.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let rules = self.part.iter().map(|part| part.id.as_str());
        rules.chain([OTHER_IN_KERNEL.0])
    }

    /// Title of a part, its id when nobody knows it.
    #[must_use]
    pub fn title<'a>(&'a self, id: &'a str) -> &'a str {
        let rules = self
            .part
            .iter()
            .map(|part| (part.id.as_str(), part.title.as_str()));
        let mut all = rules.chain([OTHER_IN_KERNEL]);
        all.find(|part| part.0 == id).map_or(id, |part| part.1)
    }
}

/// One part.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartRule {
    /// Stable id.
    pub id: String,
    /// For people.
    pub title: String,
    /// Ordered frame patterns, root to leaf; any one of the lists is enough.
    pub frames: Vec<Vec<String>>,
}

/// Parts that exist without a rule: id and title.
pub(crate) const FIXED_PARTS: &[(&str, &str)] = &[
    ("user", "user mode"),
    ("kernel", "kernel mode"),
    ("unsplit", "user and kernel mode, not told apart from here"),
    ("children", "children that were waited for"),
    ("other-in-profile", "everything else in the profile"),
    (
        "outside-profile-kernel",
        "not in the profile: kernel time, long syscalls likely",
    ),
    ("outside-profile-other", "not in the profile: the rest"),
    (
        "outside-profile-unsplit",
        "not in the profile: long syscalls likely",
    ),
    ("other-calls", "other system calls"),
    (
        "outside-stacks-kernel",
        "kernel time of which no stack was sampled",
    ),
    (
        "outside-calls",
        "kernel mode, not in the system calls that were counted",
    ),
];

impl Parts {
    /// Title of a part, its id when nobody knows it.
    #[must_use]
    pub fn title<'a>(&'a self, id: &'a str) -> &'a str {
        let rule = self
            .part
            .iter()
            .find(|part| part.id == id)
            .map(|part| part.title.as_str());
        let fixed = || {
            FIXED_PARTS
                .iter()
                .find(|part| part.0 == id)
                .map(|part| part.1)
        };
        rule.or_else(fixed).unwrap_or(id)
    }

    /// Whether a claim's part names at least one part.
    #[must_use]
    pub fn knows(&self, pattern: &str) -> bool {
        let matches = |id: &str| part_matches(pattern, id);
        self.part.iter().any(|part| matches(&part.id))
            || FIXED_PARTS.iter().any(|part| matches(part.0))
    }
}

/// Whether a claim's part pattern names this part.
pub(crate) fn part_matches(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => id.starts_with(prefix),
        None => pattern == id,
    }
}
