//! The image of pod mode that the cluster's node has: the nodesleuth that is tried, in an empty image.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::failure::Result;
use crate::lab::cluster::build::nodesleuth_image;
use crate::lab::cluster::running::Cluster;
use crate::lab::libraries::libraries;
use crate::workspace::Workspace;

pub(crate) const IMAGE: &str = "lab.local/nodesleuth:1";

/// Made and imported once, by the first scenario that needs it.
#[derive(Debug)]
pub(crate) struct PodImage<'t> {
    workspace: &'t Workspace,
    /// One that is built already; `None`: a static one is to be built.
    binary: Option<PathBuf>,
    imported: OnceCell<()>,
}

impl<'t> PodImage<'t> {
    /// Of the binary that was given for it, or the one that is tried if that is static.
    pub(crate) fn new(
        workspace: &'t Workspace,
        tried: &Path,
        given: Option<PathBuf>,
    ) -> Result<Self> {
        let binary = match given {
            Some(given) => Some(given),
            None => libraries(tried)?.is_empty().then(|| tried.to_path_buf()),
        };
        Ok(Self {
            workspace,
            binary,
            imported: OnceCell::new(),
        })
    }

    /// Sees to it that the node has it.
    pub(crate) fn import(&self, cluster: &Cluster) -> Result<()> {
        if self.imported.get().is_some() {
            return Ok(());
        }
        let binary = match &self.binary {
            Some(binary) => binary.clone(),
            None => self.build()?,
        };
        let archive = nodesleuth_image(&binary)?.repack(cluster.places())?;
        let archive = archive.display().to_string();
        cluster.ctr(cluster.pid("containerd")?, &["images", "import", &archive])?;
        let _ = self.imported.set(());
        Ok(())
    }

    /// cargo builds what has changed since the last time.
    fn build(&self) -> Result<PathBuf> {
        eprintln!(
            "lab: building the static binary of pod mode's image, as long as a release build: six minutes on two \
             quiet cores, on busy ones up to an hour, seconds where nothing has changed (--image-binary FILE takes \
             one that is built)"
        );
        let began = Instant::now();
        let binary = self.workspace.static_binary()?;
        eprintln!("lab: built in {} s", began.elapsed().as_secs());
        Ok(binary)
    }
}
