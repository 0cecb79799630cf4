//! Kernel release strings: which distribution's numbering they follow, and the numbers in them.
//!
//! The string's suffix decides, not the operating system's name: kind and minikube report the
//! image's system with the host's kernel, and elrepo kernels carry `.el8` but are mainline.

use nodesleuth_model::evidence::Host;
use regex_lite::{Captures, Regex};
use serde::Deserialize;

/// How one distribution numbers its kernels.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "FamilyText")]
pub struct Family {
    /// Short name, such as `rhel`.
    pub id: String,
    regex: Regex,
    backports: bool,
    hides_stable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyText {
    id: String,
    regex: String,
    #[serde(default)]
    backports: bool,
    #[serde(default)]
    hides_stable: bool,
}

impl TryFrom<FamilyText> for Family {
    type Error = regex_lite::Error;

    fn try_from(text: FamilyText) -> Result<Self, Self::Error> {
        Ok(Self {
            id: text.id,
            regex: Regex::new(&text.regex)?,
            backports: text.backports,
            hides_stable: text.hides_stable,
        })
    }
}

/// A release string taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The family's id; [`Release::UNKNOWN`] when none fits.
    pub family: String,
    /// Whether the family takes so much from newer kernels that its base version does not tell
    /// what is missing.
    pub backports: bool,
    /// Upstream stable level (the 287 of 5.4.287), where it is known.
    pub stable: Option<u32>,
    /// `ID` of `/etc/os-release`; a hint, since containers bring their own.
    pub os_id: Option<String>,
    /// Upstream version that it is based on.
    pub base: (u32, u32, u32),
    /// The distribution's build number (`4.18.0-193.28.1.el8_2`: 193).
    pub build: Option<u32>,
    /// Numbers after the build number (28, 1).
    pub update: Vec<u32>,
    /// Distribution release (`el8`: 8, `amzn2`: 2).
    pub distro: Option<u32>,
    /// Its minor release (`el8_2`: 2).
    pub minor: Option<u32>,
}

impl Release {
    /// Family of a release whose suffix is of no distribution that is known.
    pub const UNKNOWN: &str = "unknown";

    /// That of a node. Debian and Ubuntu hide the stable level in the release and tell it
    /// elsewhere.
    #[must_use]
    pub fn of(host: &Host, families: &[Family]) -> Option<Self> {
        let mut release = Self::parse(&host.kernel_release, families)?;
        release.stable = release.stable.or_else(|| stable_level(host, release.base));
        release.os_id = host.os.value().map(|os| os.id.clone());
        Some(release)
    }

    /// Takes a release string apart; `None` when it does not begin with a version.
    #[must_use]
    pub fn parse(text: &str, families: &[Family]) -> Option<Self> {
        let base = base_version(text)?;
        let fits = families
            .iter()
            .find_map(|family| family.regex.captures(text).map(|found| (family, found)));
        let Some((family, found)) = fits else {
            return Some(Self {
                family: Self::UNKNOWN.to_owned(),
                base,
                stable: Some(base.2),
                ..Self::default()
            });
        };
        let number = |name: &str| group(&found, name).and_then(|text| text.parse().ok());
        let update = group(&found, "update").unwrap_or_default();
        Some(Self {
            family: family.id.clone(),
            backports: family.backports,
            stable: (!family.hides_stable).then_some(base.2),
            os_id: None,
            base,
            build: number("build"),
            update: update
                .split('.')
                .filter_map(|part| part.parse().ok())
                .collect(),
            distro: number("distro"),
            minor: number("minor"),
        })
    }
}

/// `Ubuntu 5.4.0-216.236-generic 5.4.287` of `/proc/version_signature`, or Debian's package
/// version in `uname -v`: `#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-05-01)`.
fn stable_level(host: &Host, base: (u32, u32, u32)) -> Option<u32> {
    let signature = host.version_signature.as_deref().unwrap_or_default();
    let of_ubuntu = signature.split_whitespace().nth(2);
    let mut words = host.kernel_version.split_whitespace();
    let of_debian = words.find(|word| *word == "Debian").and(words.next());
    let level = base_version(of_ubuntu.or(of_debian)?)?;
    ((level.0, level.1) == (base.0, base.1)).then_some(level.2)
}

fn group<'t>(found: &Captures<'t>, name: &str) -> Option<&'t str> {
    found.name(name).map(|text| text.as_str())
}

fn base_version(text: &str) -> Option<(u32, u32, u32)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let mut numbers = text[..end].split('.').map(|part| part.parse().ok());
    let major = numbers.next()??;
    let minor = numbers.next()??;
    Some((major, minor, numbers.next().flatten().unwrap_or(0)))
}
