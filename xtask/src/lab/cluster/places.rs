//! Where the cluster's programs are kept, and where what it runs on is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Result, While};
use crate::workspace::Workspace;

/// Folders of this checkout.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// Built or fetched once.
    cache: PathBuf,
    /// Files of the repository: configuration, workloads, images.
    config: PathBuf,
}

impl Places {
    pub(crate) fn of(workspace: &Workspace) -> Result<Self> {
        let cache = workspace.lab_dir()?.join("cluster");
        fs::create_dir_all(&cache).doing(|| format!("making {}", cache.display()))?;
        Ok(Self::at(cache, workspace.root().join("lab/cluster")))
    }

    pub(crate) fn at(cache: PathBuf, config: PathBuf) -> Self {
        Self { cache, config }
    }

    /// Something that is built or fetched once.
    pub(crate) fn cached(&self, name: &str) -> PathBuf {
        self.cache.join(name)
    }

    /// The tree that Debian's packages are unpacked to.
    pub(crate) fn debian(&self) -> PathBuf {
        self.cached("debian")
    }

    /// A program that is built here.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.cached("bin").join(name)
    }

    /// What a running cluster writes; gone once it is down.
    pub(crate) fn state(&self) -> PathBuf {
        self.cached("state")
    }

    /// What the last cluster's programs said.
    pub(crate) fn logs(&self) -> PathBuf {
        self.cached("log")
    }

    /// A file of the repository.
    pub(crate) fn config(&self, name: &str) -> PathBuf {
        self.config.join(name)
    }

    /// Where the cluster's programs look for others.
    pub(crate) fn search_path(&self) -> String {
        let debian = self.debian();
        let debian = debian.display();
        format!("{debian}/usr/bin:{debian}/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin")
    }

    /// A configuration file with the folders in it named, written into the state.
    pub(crate) fn render(&self, name: &str, to: &Path) -> Result<()> {
        write(to, &self.rendered(name)?)
    }

    /// The kubelet's, with one more line.
    pub(crate) fn write_kubelet_config(&self, line: Option<&str>) -> Result<()> {
        let name = "kubelet.yaml";
        let text = format!("{}{}\n", self.rendered(name)?, line.unwrap_or_default());
        write(&self.state().join(name), &text)
    }

    fn rendered(&self, name: &str) -> Result<String> {
        let from = self.config(name);
        let text = fs::read_to_string(&from).doing(|| format!("reading {}", from.display()))?;
        Ok(text
            .replace("@STATE@", &self.state().display().to_string())
            .replace("@DEBIAN@", &self.debian().display().to_string()))
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).doing(|| format!("writing {}", file.display()))
}
