//! The parts of `cargo metadata --format-version 1` that the tasks use.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::bounded;
use crate::failure::{Result, While};
use crate::workspace::Workspace;

/// It may have to download the sources of every dependency first.
const LIMIT: Duration = Duration::from_secs(300);

#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
    pub(crate) target_directory: PathBuf,
    /// Absent when asked for without dependencies.
    pub(crate) resolve: Option<Resolve>,
}

impl Metadata {
    /// Our own crates.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }

    pub(crate) fn package(&self, id: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.id == id)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) license: Option<String>,
    /// None for a path.
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: PathBuf,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line in a manifest.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// Which table the dependency is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "Option<String>")]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

impl From<Option<String>> for Kind {
    fn from(kind: Option<String>) -> Self {
        match kind.as_deref() {
            Some("dev") => Self::Dev,
            Some("build") => Self::Build,
            _ => Self::Normal,
        }
    }
}

/// The dependency graph as cargo resolved it.
#[derive(Debug, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Edge {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EdgeKind {
    pub(crate) kind: Kind,
}

/// Everything, exactly as Cargo.lock says.
pub(crate) fn read(workspace: &Workspace) -> Result<Metadata> {
    ask(workspace, &["--locked"])
}

/// Our own crates only; quick, and needs no network.
pub(crate) fn read_without_dependencies(workspace: &Workspace) -> Result<Metadata> {
    ask(workspace, &["--no-deps"])
}

fn ask(workspace: &Workspace, arguments: &[&str]) -> Result<Metadata> {
    let mut command = workspace.cargo();
    command
        .args(["metadata", "--format-version", "1"])
        .args(arguments);
    let json = bounded::output(&mut command, LIMIT)?.success("cargo metadata")?;
    serde_json::from_str(&json).doing(|| "reading cargo metadata".to_owned())
}
