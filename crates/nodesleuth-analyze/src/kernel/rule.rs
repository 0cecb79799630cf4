//! One kernel defect: in which mainline release it was fixed and what distributions did.

use super::Release;
use nodesleuth_model::diagnosis::AdvisoryStatus;
use serde::Deserialize;

/// One kernel defect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelEntry {
    /// Stable id.
    pub id: String,
    /// For people.
    pub title: String,
    /// Mainline releases from this on do not have it.
    pub fixed_in: String,
    /// Mainline releases before this do not have it either.
    #[serde(default)]
    pub since: Option<String>,
    /// Only on cgroup v1.
    #[serde(default)]
    pub only_v1: bool,
    /// Commits that fixed it.
    #[serde(default)]
    pub commits: Vec<String>,
    /// File whose reading time tells, under the root of the memory hierarchy.
    #[serde(default)]
    pub probe_file: Option<String>,
    /// What distributions did, tried in order; the first that matches wins.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// What one distribution's builds have. Every field that is given must match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Family id.
    pub family: String,
    /// Base version begins with these numbers, such as "4.18.0" or "5.4".
    #[serde(default)]
    pub base: Option<String>,
    /// Distribution release.
    #[serde(default)]
    pub distro: Option<u32>,
    /// Smallest build number.
    #[serde(default)]
    pub build_from: Option<u32>,
    /// First build number that no longer matches.
    #[serde(default)]
    pub build_below: Option<u32>,
    /// Whether the string names a minor release (`el8_2`).
    #[serde(default)]
    pub has_minor: Option<bool>,
    /// How many numbers follow the build number.
    #[serde(default)]
    pub updates: Option<usize>,
    /// Smallest first number after the build number.
    #[serde(default)]
    pub update_from: Option<u32>,
    /// What such a build has.
    pub status: AdvisoryStatus,
    /// Where that is known from.
    pub reason: String,
}

impl KernelEntry {
    /// What the table says of a release, and why.
    #[must_use]
    pub fn judge(&self, release: &Release) -> (AdvisoryStatus, String) {
        if let Some(rule) = self.rule.iter().find(|rule| rule.matches(release)) {
            return (rule.status, rule.reason.clone());
        }
        let base = release.base;
        let version = format!("{}.{}", base.0, base.1);
        if self
            .since
            .as_deref()
            .is_some_and(|since| base < version_of(since))
        {
            return (
                AdvisoryStatus::Fixed,
                format!("{version} is older than the code concerned"),
            );
        }
        if base >= version_of(&self.fixed_in) {
            let reason = format!("fixed in mainline {}, and this is {version}", self.fixed_in);
            return (AdvisoryStatus::Fixed, reason);
        }
        let reason = format!("fixed in mainline {}, and this is {version}", self.fixed_in);
        (AdvisoryStatus::Affected, reason)
    }
}

impl Rule {
    pub(crate) fn matches(&self, release: &Release) -> bool {
        let wanted = |given: Option<u32>, has: Option<u32>| given.is_none() || given == has;
        let first_update = release.update.first().copied();
        self.family == release.family
            && self
                .base
                .as_deref()
                .is_none_or(|base| base_matches(base, release.base))
            && wanted(self.distro, release.distro)
            && self
                .build_from
                .is_none_or(|from| release.build.is_some_and(|build| build >= from))
            && self
                .build_below
                .is_none_or(|below| release.build.is_some_and(|build| build < below))
            && self
                .has_minor
                .is_none_or(|has| has == release.minor.is_some())
            && self
                .updates
                .is_none_or(|count| count == release.update.len())
            && self
                .update_from
                .is_none_or(|from| first_update.is_some_and(|update| update >= from))
    }
}

fn base_matches(wanted: &str, base: (u32, u32, u32)) -> bool {
    let numbers = [base.0, base.1, base.2];
    wanted
        .split('.')
        .zip(numbers)
        .all(|(text, number)| text.parse() == Ok(number))
}

/// Major, minor and patch of a mainline version; what is left away is 0.
pub(crate) fn version_of(text: &str) -> (u32, u32, u32) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}
