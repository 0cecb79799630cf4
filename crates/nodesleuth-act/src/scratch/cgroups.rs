//! Many empty cgroups under one parent, with names as a leaking agent leaves them.

use super::{Hierarchy, capacity};
use crate::ActError;
use crate::guardian::Ward;
use crate::name::{Purpose, ScratchName};
use crate::removal::Removal;
use nodesleuth_collect::Node;
use std::fs;
use std::path::{Path, PathBuf};

/// Cgroups in one directory: enough to be many, few enough to list quickly.
const PER_BATCH: usize = 500;

/// Scratch cgroups; dropping removes them.
#[derive(Debug)]
pub struct ScratchCgroups {
    path: PathBuf,
    hierarchy: Hierarchy,
    count: usize,
    exists: bool,
}

impl ScratchCgroups {
    /// Decides on the path; makes nothing yet.
    ///
    /// # Errors
    /// When `/proc` does not say who we are.
    pub fn plan(node: &Node, hierarchy: Hierarchy, purpose: Purpose) -> Result<Self, ActError> {
        let name = ScratchName::own(node, purpose)?.to_string();
        let path = node.path(&hierarchy.mount).join(name);
        Ok(Self {
            path,
            hierarchy,
            count: 0,
            exists: false,
        })
    }

    /// Their common parent.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where they are.
    #[must_use]
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// How many there are, parents not counted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// One of them, once they are made.
    #[must_use]
    pub fn leaf(&self) -> Option<PathBuf> {
        let first = self.path.join("batch-00").join(leaf_name(0));
        (self.count > 0).then_some(first)
    }

    /// What the guardian is to be told before [`ScratchCgroups::make`].
    #[must_use]
    pub fn ward(&self) -> Ward {
        Ward::Cgroups(self.path.clone())
    }

    /// Makes `count` of them.
    ///
    /// # Errors
    /// When they would take too much memory or the kernel refuses; dropping removes the ones made.
    pub fn make(&mut self, node: &Node, count: usize) -> Result<(), ActError> {
        capacity::check(node, count)?;
        make_directory(&self.path)?;
        self.exists = true;
        for index in 0..count {
            let batch = self.path.join(format!("batch-{:02}", index / PER_BATCH));
            if index % PER_BATCH == 0 {
                make_directory(&batch)?;
            }
            make_directory(&batch.join(leaf_name(index)))?;
            self.count += 1;
        }
        Ok(())
    }

    /// Removes them, children first, and says what stayed.
    pub fn remove(&mut self) -> Removal {
        if !self.exists {
            return Removal::default();
        }
        let removal = super::remove_cgroups(&self.path);
        self.exists = !removal.is_complete();
        removal
    }
}

impl Drop for ScratchCgroups {
    fn drop(&mut self) {
        self.remove();
    }
}

fn make_directory(path: &Path) -> Result<(), ActError> {
    fs::create_dir(path).map_err(ActError::make(path))
}

/// The name that systemd gives the transient scope of a mount helper, as leaked by kubelets;
/// always the same one for the same index.
fn leaf_name(index: usize) -> String {
    let index = index as u64;
    format!(
        "run-r{:016x}{:016x}.scope",
        mixed(2 * index),
        mixed(2 * index + 1)
    )
}

/// Splitmix64: spreads a counter over all 64 bits.
fn mixed(counter: u64) -> u64 {
    let mut z = (counter + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::fake_node;
    use std::collections::BTreeSet;

    fn planned(node: &Node) -> ScratchCgroups {
        let hierarchy = crate::scratch::writable_hierarchies(node)
            .unwrap()
            .remove(0);
        ScratchCgroups::plan(node, hierarchy, Purpose::Demo).unwrap()
    }

    fn entries(path: &Path) -> Vec<PathBuf> {
        let mut entries: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        entries
    }

    #[test]
    fn names_look_leaked_and_never_repeat() {
        let names: BTreeSet<_> = (0..5_000).map(leaf_name).collect();
        assert_eq!(names.len(), 5_000);
        assert!(
            names
                .iter()
                .all(|name| name.len() == "run-r.scope".len() + 32)
        );
        assert_eq!(leaf_name(7), leaf_name(7));
    }

    #[test]
    fn no_directory_holds_more_than_a_batch() {
        let (_folder, node) = fake_node();
        let mut scratch = planned(&node);
        scratch.make(&node, 1_201).unwrap();
        let batches = entries(scratch.path());
        let sizes: Vec<_> = batches.iter().map(|batch| entries(batch).len()).collect();
        assert_eq!(sizes, [500, 500, 201]);
        assert_eq!(scratch.count(), 1_201);
    }

    #[test]
    fn removal_leaves_the_hierarchy_as_it_was() {
        let (_folder, node) = fake_node();
        let mut scratch = planned(&node);
        let mount = scratch.path().parent().unwrap().to_owned();
        let before = entries(&mount);
        scratch.make(&node, 12).unwrap();
        assert_eq!(scratch.remove().removed, 12 + 1 + 1);
        assert_eq!(entries(&mount), before);
        assert_eq!(scratch.remove(), Removal::default());
    }

    #[test]
    fn dropping_removes_also_what_was_made_only_in_part() {
        let (_folder, node) = fake_node();
        let mut scratch = planned(&node);
        let path = scratch.path().to_owned();
        // A name of the second batch is taken.
        fs::create_dir(&path).unwrap();
        assert!(scratch.make(&node, 1).is_err());
        assert!(
            path.exists(),
            "somebody else's folder of this name is not ours to remove"
        );
        fs::remove_dir(&path).unwrap();
        scratch.make(&node, 501).unwrap();
        drop(scratch);
        assert!(!path.exists());
    }
}
