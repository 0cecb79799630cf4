//! Versions that name one state of a repository.

use crate::source_link::GO;

/// What a page of a repository can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Release {
    /// A tag, without the folder that Go puts before tags of nested modules: `v1.20.4`, `go1.15`.
    Tag(String),
    /// A commit's first digits.
    Commit(String),
}

/// Why a version that a user gave is no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// There is no `=` with something on both sides, or the module is no import path.
    #[error("{0:?} is not MODULE=VERSION, for example k8s.io/kubernetes=v1.20.4 or go=1.15.8")]
    Form(String),
    /// No released version or commit.
    #[error(
        "{0:?} does not name a public release: give it as v1.20.4 (Go as 1.15.8; since 1.21 with \
         the third number), or as Go's pseudo-version"
    )]
    Version(String),
}

/// `MODULE=VERSION`.
pub(super) fn parse(text: &str) -> Result<(String, Release), VersionError> {
    let form = || VersionError::Form(text.to_owned());
    let (module, version) = text.split_once('=').ok_or_else(form)?;
    let is_path = |c: char| c.is_ascii_alphanumeric() || "._-~/".contains(c);
    if module.is_empty() || version.is_empty() || !module.chars().all(is_path) {
        return Err(form());
    }
    let release = if module == GO {
        go(version.strip_prefix("go").unwrap_or(version))
    } else {
        of_module(module, version)
    };
    let release = release.ok_or_else(|| VersionError::Version(text.to_owned()))?;
    Ok((module.to_owned(), release))
}

/// A release of Go by its number. The first of a series is called 1.20 until 1.20 and 1.21.0
/// after.
pub(super) fn go(number: &str) -> Option<Release> {
    let parts: Vec<&str> = number.split('.').collect();
    let (last, first) = parts.split_last()?;
    // 1.22rc1 and 1.22beta1 are tags too.
    let pre = ["rc", "beta"].iter().find_map(|word| last.split_once(word));
    let plain = pre.map_or(*last, |(number, _)| number);
    let numbers = first.iter().chain([&plain]).all(|part| is_number(part))
        && pre.is_none_or(|(_, number)| is_number(number));
    let minor: u32 = first.get(1).unwrap_or(&plain).parse().ok()?;
    let complete = parts.len() == 3 || (parts.len() == 2 && (minor < 21 || pre.is_some()));
    (numbers && complete && parts[0] == "1").then(|| Release::Tag(format!("go{number}")))
}

/// A module's version, as it stands after `@` in a path.
pub(super) fn of_module(module: &str, version: &str) -> Option<Release> {
    let version = version.strip_suffix("+incompatible").unwrap_or(version);
    let (core, pre) = match version.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (version, None),
    };
    let numbers: Vec<&str> = core.strip_prefix('v')?.split('.').collect();
    if numbers.len() != 3 || !numbers.iter().all(|number| is_number(number)) {
        return None;
    }
    let Some(pre) = pre else {
        return Some(Release::Tag(version.to_owned()));
    };
    if let Some(commit) = commit(pre) {
        return Some(Release::Commit(commit.to_owned()));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let public = ["alpha", "beta", "rc"].iter().any(|w| pre.starts_with(w));
    // Distributions put their own suffixes on Kubernetes.
    let known = public || module != "k8s.io/kubernetes";
    (known && !pre.is_empty() && pre.chars().all(plain)).then(|| Release::Tag(version.to_owned()))
}

/// The commit of `20221115180144-bcdc4570dd49`, also after `0.` or `rc.1.0.`.
fn commit(pre: &str) -> Option<&str> {
    let (before, commit) = pre.rsplit_once('-')?;
    let time = before.rsplit('.').next()?;
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let holds = time.len() == 14 && is_number(time) && commit.len() == 12;
    (holds && commit.chars().all(hex)).then_some(commit)
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
