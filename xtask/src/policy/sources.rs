//! Where dependencies come from: crates.io with a checksum, or this workspace.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::failure::{Result, While};
use crate::policy::metadata::Metadata;
use crate::workspace::Workspace;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Cargo.lock, as far as it is looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

pub(crate) fn read_lock(workspace: &Workspace) -> Result<Lock> {
    let path = workspace.root().join("Cargo.lock");
    let text = fs::read_to_string(&path).doing(|| format!("reading {}", path.display()))?;
    toml::from_str(&text).doing(|| format!("parsing {}", path.display()))
}

pub(crate) fn violations(metadata: &Metadata, lock: &Lock, root: &Path) -> Vec<String> {
    let outside = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_none() && !package.manifest_path.starts_with(root))
        .map(|package| format!("source: {} is a path outside the workspace", package.name));
    lock.package
        .iter()
        .filter_map(locked_violation)
        .chain(outside)
        .collect()
}

fn locked_violation(locked: &Locked) -> Option<String> {
    let name = format!("{} {}", locked.name, locked.version);
    match (locked.source.as_deref(), &locked.checksum) {
        (None, _) | (Some(CRATES_IO), Some(_)) => None,
        (Some(CRATES_IO), None) => Some(format!("source: {name} has no checksum in Cargo.lock")),
        (Some(other), _) => Some(format!("source: {name} comes from {other}, not crates.io")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_registries_git_and_missing_checksums_are_named() {
        let lock: Lock = toml::from_str(&format!(
            "[[package]]\nname = 'ours'\nversion = '1.0.0'\n\
             [[package]]\nname = 'good'\nversion = '1.0.0'\nsource = '{CRATES_IO}'\nchecksum = 'ab'\n\
             [[package]]\nname = 'bare'\nversion = '1.0.0'\nsource = '{CRATES_IO}'\n\
             [[package]]\nname = 'forked'\nversion = '1.0.0'\nsource = 'git+https://git.test/x#1'\n"
        ))
        .unwrap();

        let found: Vec<_> = lock.package.iter().filter_map(locked_violation).collect();

        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("bare") && found[1].contains("forked"));
    }
}
