//! Where things are: the checkout, its build results, the lab's cache, and the shared folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::policy::metadata;

/// A cold release build takes six minutes on two quiet cores, and many times that on busy ones.
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);

#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace this program was started for.
    pub(crate) fn find() -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        match manifest_dir.parent() {
            Some(root) if root.join("Cargo.lock").exists() => Ok(Self {
                root: root.to_path_buf(),
            }),
            _ => Err(Failure::new(
                "looking for the workspace",
                format!("no Cargo.lock beside {}", manifest_dir.display()),
            )
            .remedy("run it as `cargo xtask …` from inside the checkout")),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Captures and conformance suites outside the repository, if they are on this machine.
    pub(crate) fn shared(&self) -> Option<PathBuf> {
        let shared = self.root.parent()?.join("shared");
        shared.is_dir().then_some(shared)
    }

    /// What the lab keeps between runs; independent of where cargo builds.
    pub(crate) fn lab_dir(&self) -> Result<PathBuf> {
        let dir = self.root.join("target/lab");
        fs::create_dir_all(&dir).doing(|| format!("making {}", dir.display()))?;
        Ok(dir)
    }

    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }

    /// Builds the released binary and says where it is.
    pub(crate) fn release_binary(&self) -> Result<PathBuf> {
        let mut build = self.cargo();
        build.args(["build", "--release", "--package", "nodesleuth"]);
        bounded::succeed(&mut build, BUILD_LIMIT)?;
        let target = metadata::read_without_dependencies(self)?.target_directory;
        Ok(target.join("release/nodesleuth"))
    }

    /// The binary that somebody named, else the released one, built.
    pub(crate) fn release_binary_or(&self, named: Option<&Path>) -> Result<PathBuf> {
        match named {
            Some(named) => named
                .canonicalize()
                .doing(|| format!("looking for {}", named.display())),
            None => self.release_binary(),
        }
    }

    /// Builds the released binary so that it needs no library, for images, and says where it is.
    /// Its dependencies are built apart from those of the other: it takes as long once more.
    pub(crate) fn static_binary(&self) -> Result<PathBuf> {
        const TARGET: &str = "x86_64-unknown-linux-gnu";
        let mut build = self.cargo();
        build
            .args(["build", "--release", "--package", "nodesleuth"])
            .args(["--target", TARGET])
            .env("RUSTFLAGS", "-C target-feature=+crt-static");
        bounded::succeed(&mut build, BUILD_LIMIT)?;
        let target = metadata::read_without_dependencies(self)?.target_directory;
        Ok(target.join(TARGET).join("release/nodesleuth"))
    }

    /// Builds the binary of the tests and says where it is.
    pub(crate) fn debug_binary(&self) -> Result<PathBuf> {
        let mut build = self.cargo();
        build.args(["build", "--quiet", "--package", "nodesleuth"]);
        bounded::succeed(&mut build, BUILD_LIMIT)?;
        let target = metadata::read_without_dependencies(self)?.target_directory;
        Ok(target.join("debug/nodesleuth"))
    }
}
