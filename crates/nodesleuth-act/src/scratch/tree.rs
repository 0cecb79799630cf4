//! A temporary tree of many empty files, for an agent that walks it as disk-usage collectors do.
//!
//! The files of a folder are one inode with many names. With 50,000 inodes the demo would hurt
//! its machine: ext4 passes over inodes that were deleted in the last minutes one by one, so
//! after one demo every new file in these block groups, anybody's, took 0.2 to 0.6 ms of CPU
//! (measured on 6.18: a second tree of 50,000 inodes took 5 to 28 s instead of one).

use crate::ActError;
use crate::guardian::Ward;
use crate::name::{Purpose, ScratchName};
use crate::removal::Removal;
use nodesleuth_collect::Node;
use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const FILES_PER_FOLDER: usize = 100;
const FOLDERS_PER_LAYER: usize = 50;
const FILE_PREFIX: &str = "data-";

/// A scratch tree; dropping removes it.
#[derive(Debug)]
pub struct ScratchTree {
    path: PathBuf,
    files: usize,
    exists: bool,
}

impl ScratchTree {
    /// Decides on the path inside `folder` (a folder for temporary files); makes nothing yet.
    ///
    /// # Errors
    /// When `/proc` does not say who we are, or the folder is relative to one that is gone.
    pub fn plan(node: &Node, folder: &Path, purpose: Purpose) -> Result<Self, ActError> {
        let name = ScratchName::own(node, purpose)?.to_string();
        // The guardian works in another directory.
        let folder = std::path::absolute(folder).map_err(ActError::read(folder))?;
        Ok(Self {
            path: folder.join(name),
            files: 0,
            exists: false,
        })
    }

    /// Its root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many files it has, names of the same inode counted each.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files
    }

    /// What the guardian is to be told before [`ScratchTree::make`].
    #[must_use]
    pub fn ward(&self) -> Ward {
        Ward::Tree(self.path.clone())
    }

    /// Makes `files` empty files in nested folders that only we can enter.
    ///
    /// # Errors
    /// When the system refuses (no space, no inodes); dropping removes what was made.
    pub fn make(&mut self, files: usize) -> Result<(), ActError> {
        make_folder(&self.path)?;
        self.exists = true;
        let (mut layer, mut folder) = (PathBuf::new(), PathBuf::new());
        for index in 0..files {
            let (folder_index, file) = (index / FILES_PER_FOLDER, index % FILES_PER_FOLDER);
            if file == 0 {
                if folder_index % FOLDERS_PER_LAYER == 0 {
                    layer = self
                        .path
                        .join(format!("layer-{:02}", folder_index / FOLDERS_PER_LAYER));
                    make_folder(&layer)?;
                }
                folder = layer.join(format!("dir-{:02}", folder_index % FOLDERS_PER_LAYER));
                make_folder(&folder)?;
            }
            make_file(&folder, file)?;
            self.files += 1;
        }
        Ok(())
    }

    /// Removes it and says what stayed: files that somebody else put there do.
    pub fn remove(&mut self) -> Removal {
        if !self.exists {
            return Removal::default();
        }
        let removal = super::remove_folder(&self.path);
        self.exists = !removal.is_complete();
        removal
    }
}

impl Drop for ScratchTree {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Whether a file of this name in a demo tree was made by us: `data-` and two digits.
pub(super) fn is_our_file(name: &[u8]) -> bool {
    name.strip_prefix(FILE_PREFIX.as_bytes())
        .is_some_and(|digits| digits.len() == 2 && digits.iter().all(u8::is_ascii_digit))
}

fn make_folder(path: &Path) -> Result<(), ActError> {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(ActError::make(path))
}

/// The folder's first file, or one more name for it; filesystems without hard links get a file.
fn make_file(folder: &Path, index: usize) -> Result<(), ActError> {
    let path = |index: usize| folder.join(format!("{FILE_PREFIX}{index:02}"));
    if index > 0 && fs::hard_link(path(0), path(index)).is_ok() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    let made = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path(index));
    made.map(drop).map_err(ActError::make(path(index)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn tree_of(files: usize) -> (tempfile::TempDir, ScratchTree) {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = ScratchTree::plan(&Node::live(), folder.path(), Purpose::Demo).unwrap();
        tree.make(files).unwrap();
        (folder, tree)
    }

    #[test]
    fn the_tree_is_ours_alone_and_nested() {
        let (_folder, tree) = tree_of(5_001);
        assert_eq!(
            tree.path().metadata().unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert!(tree.path().join("layer-00/dir-49/data-99").is_file());
        let second_layer = tree.path().join("layer-01/dir-00/data-00");
        assert_eq!(second_layer.metadata().unwrap().nlink(), 1);
        assert_eq!(
            tree.path()
                .join("layer-00/dir-00/data-42")
                .metadata()
                .unwrap()
                .nlink(),
            100
        );
        assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 2);
    }

    #[test]
    fn dropping_leaves_nothing() {
        let (folder, tree) = tree_of(250);
        drop(tree);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_somebody_put_there_stays_and_is_named() {
        let (_folder, mut tree) = tree_of(3);
        let notes = tree.path().join("layer-00/notes.txt");
        fs::write(&notes, "mine").unwrap();
        let removal = tree.remove();
        assert_eq!((removal.removed, removal.left), (3 + 1, 1));
        assert_eq!(removal.leftovers[0].path, notes);
        fs::remove_file(notes).unwrap();
        assert!(tree.remove().is_complete());
    }

    #[test]
    fn a_relative_folder_means_the_same_to_the_guardian() {
        let tree = ScratchTree::plan(&Node::live(), Path::new("x"), Purpose::Demo).unwrap();
        assert!(tree.path().is_absolute());
    }

    #[test]
    fn only_our_file_names_are_ours() {
        assert!(is_our_file(b"data-07"));
        for foreign in [
            "data-7", "data-007", "data-0x", "data-", "notes", "data-07 ",
        ] {
            assert!(!is_our_file(foreign.as_bytes()), "{foreign:?}");
        }
    }
}
