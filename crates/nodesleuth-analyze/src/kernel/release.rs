//! Kernel release strings: which distribution's numbering they follow, and the numbers in them.
//!
//! The string's suffix decides, not the operating system's name: kind and minikube report the
//! image's system with the host's kernel, and elrepo kernels carry `.el8` but are mainline.

use regex_lite::{Captures, Regex};
use serde::Deserialize;

/// How one distribution numbers its kernels.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "FamilyText")]
pub struct Family {
    /// Short name, such as `rhel`.
    pub id: String,
    regex: Regex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyText {
    id: String,
    regex: String,
}

impl TryFrom<FamilyText> for Family {
    type Error = regex_lite::Error;

    fn try_from(text: FamilyText) -> Result<Self, Self::Error> {
        Ok(Self {
            id: text.id,
            regex: Regex::new(&text.regex)?,
        })
    }
}

/// A release string taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The family's id; `mainline` when none fits.
    pub family: String,
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
    /// Takes a release string apart; `None` when it does not begin with a version.
    #[must_use]
    pub fn parse(text: &str, families: &[Family]) -> Option<Self> {
        let base = base_version(text)?;
        let fits = families
            .iter()
            .find_map(|family| family.regex.captures(text).map(|found| (family, found)));
        let Some((family, found)) = fits else {
            return Some(Self {
                family: "mainline".to_owned(),
                base,
                ..Self::default()
            });
        };
        let number = |name: &str| group(&found, name).and_then(|text| text.parse().ok());
        let update = group(&found, "update").unwrap_or_default();
        Some(Self {
            family: family.id.clone(),
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
