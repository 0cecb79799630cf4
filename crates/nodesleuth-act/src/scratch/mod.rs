//! What the demo's agent works on: cgroups where we may make some, else a tree of small files.
//!
//! Both are planned first (so that the guardian knows their path), then made, and removed when
//! dropped.

mod capacity;
mod cgroups;
mod hierarchy;
mod tree;

pub use cgroups::ScratchCgroups;
pub use hierarchy::{Hierarchy, writable_hierarchies};
pub use tree::ScratchTree;

pub(crate) use hierarchy::{cgroup_mounts, mounts};

#[cfg(test)]
pub(crate) use hierarchy::tests::fake_node;

use crate::name::{Purpose, ScratchName};
use crate::removal::{self, Contents, Removal};
use std::path::Path;

/// Removes a scratch cgroup tree by its path; anything that has another name stays.
pub(crate) fn remove_cgroups(path: &Path) -> Removal {
    match ScratchName::of_path(path) {
        Some(_) => removal::remove(path, Contents::Cgroups, removal::TIME_LIMIT),
        None => Removal::default(),
    }
}

/// Removes a temporary folder of ours by its path; anything that has another name stays.
///
/// Of a demo's only what the demo makes; the lab keeps all sorts of things in its folder.
pub(crate) fn remove_folder(path: &Path) -> Removal {
    let contents = match ScratchName::of_path(path).map(|name| name.purpose) {
        Some(Purpose::Demo) => Contents::Files(tree::is_our_file),
        Some(Purpose::Lab) => Contents::Anything,
        // A probe makes cgroups only.
        Some(Purpose::Probe) | None => return Removal::default(),
    };
    removal::remove(path, contents, removal::TIME_LIMIT)
}
