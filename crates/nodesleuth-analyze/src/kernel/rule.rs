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
    /// What it does to a node, in a sentence.
    pub effect: String,
    /// Where all this is known from.
    pub source: String,
    /// What helps for good.
    pub remedy: String,
    /// Whether reports of a diagnosis tell it; `nodesleuth kernel` tells all.
    #[serde(default)]
    pub in_reports: bool,
    /// The change is so large that no vendor takes it over to older kernels.
    #[serde(default)]
    pub never_backported: bool,
    /// Only kernels of this family and base version were ever concerned.
    #[serde(default)]
    pub concerns: Option<Concerned>,
    /// Mainline releases from this on do not have it.
    pub fixed_in: String,
    /// Stable releases that carry the fix, the first of each series.
    #[serde(default)]
    pub stable: Vec<String>,
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

/// Which kernels were ever concerned.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concerned {
    /// Family id.
    pub family: String,
    /// Base version begins with these numbers.
    pub base: String,
}

/// What one distribution's builds have. Every field that is given must match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Family id.
    #[serde(default)]
    pub family: Option<String>,
    /// `ID` of `/etc/os-release`.
    #[serde(default)]
    pub os_id: Option<String>,
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
    /// Smallest upstream stable level.
    #[serde(default)]
    pub stable_from: Option<u32>,
    /// What such a build has.
    pub status: AdvisoryStatus,
    /// Where that is known from.
    pub reason: String,
}

impl KernelEntry {
    /// What the table says of a release, and why.
    #[must_use]
    pub fn judge(&self, release: &Release) -> (AdvisoryStatus, String) {
        if let Some(concerned) = &self.concerns
            && !concerned.matches(release)
        {
            let reason = format!("only {} {} has it", concerned.family, concerned.base);
            return (AdvisoryStatus::Fixed, reason);
        }
        if let Some(rule) = self.rule.iter().find(|rule| rule.matches(release)) {
            return (rule.status, rule.reason.clone());
        }
        self.judge_by_base(release)
    }

    /// What follows from the version that it is based on.
    fn judge_by_base(&self, release: &Release) -> (AdvisoryStatus, String) {
        let base = release.base;
        let version = format!("{}.{}", base.0, base.1);
        let since = self.since.as_deref().map(version_of);
        if since.is_some_and(|since| base < since) {
            let reason = format!("{version} is older than the code concerned");
            return (AdvisoryStatus::Fixed, reason);
        }
        let upstream = format!("fixed in mainline {}, and this is {version}", self.fixed_in);
        if base >= version_of(&self.fixed_in) {
            return (AdvisoryStatus::Fixed, upstream);
        }
        let series = self.stable.iter().map(|first| (first, version_of(first)));
        if let Some((first, (_, _, level))) =
            { series }.find(|(_, first)| (first.0, first.1) == (base.0, base.1))
        {
            return match release.stable {
                Some(stable) if stable >= level => (
                    AdvisoryStatus::Fixed,
                    format!("stable carries the fix since {first}, and this is {version}.{stable}"),
                ),
                Some(stable) => (
                    AdvisoryStatus::Affected,
                    format!("stable carries the fix since {first}, and this is {version}.{stable}"),
                ),
                None => (
                    AdvisoryStatus::Unknown,
                    format!(
                        "stable carries the fix since {first}, and the release string hides the \
                         stable level (/proc/version tells it)"
                    ),
                ),
            };
        }
        let vendor = match release.family.as_str() {
            _ if self.never_backported => return (AdvisoryStatus::Affected, upstream),
            Release::UNKNOWN => "no distribution that is known names it so".to_owned(),
            family if release.backports => format!("{family} takes much over from newer kernels"),
            _ => return (AdvisoryStatus::Affected, upstream),
        };
        let probe = match self.probe_file {
            Some(_) => ": probe",
            None => "",
        };
        let reason = format!("{upstream}; {vendor}, so whether it has the fix is not known{probe}");
        (AdvisoryStatus::Unknown, reason)
    }
}

impl Concerned {
    fn matches(&self, release: &Release) -> bool {
        self.family == release.family && base_matches(&self.base, release.base)
    }
}

impl Rule {
    pub(crate) fn matches(&self, release: &Release) -> bool {
        let wanted = |given: Option<u32>, has: Option<u32>| given.is_none() || given == has;
        let first_update = release.update.first().copied();
        let given = |wanted: &Option<String>, has: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == has
        };
        given(&self.family, Some(&release.family))
            && given(&self.os_id, release.os_id.as_deref())
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
                .stable_from
                .is_none_or(|from| release.stable.is_some_and(|stable| stable >= from))
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
