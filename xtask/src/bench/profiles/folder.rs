//! A temporary folder of synthetic profiles.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::bench::profiles::synthetic::{self, Shape};
use crate::failure::{Result, While};

pub(crate) const DEPTH: u64 = 30;

#[derive(Debug)]
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Result<Self> {
        let made = tempfile::tempdir().doing(|| "making a temporary folder".to_owned());
        made.map(Self)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path in it; a file that is there is removed, since nothing of ours overwrites.
    pub(crate) fn fresh(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        // It need not be there.
        let _ = std::fs::remove_file(&path);
        path
    }

    /// Writes a profile of that many samples.
    pub(crate) fn profile(&self, samples: usize, seed: u64) -> Result<PathBuf> {
        let path = self.path().join(format!("{samples}-{seed}.pb.gz"));
        let shape = Shape {
            samples,
            depth: DEPTH,
            seed,
        };
        synthetic::save(shape, &path)?;
        Ok(path)
    }
}
