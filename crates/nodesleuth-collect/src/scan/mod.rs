//! Reads all files of many cgroups once, as a statistics collector does every few seconds, to see
//! what that costs on this node.
//!
//! What is measured is the kernel's work, so ours must be next to nothing: paths are made before
//! the clock starts, files are opened relative to their cgroup, one buffer serves all.

mod files;
mod reader;

use crate::census::walk::{Budget, walk};
use crate::census::{deepest_leaves, holds_others, mounted};
use crate::slow_read::{FileKind, NodeSize, Scope};
use crate::{Cancel, Node};
use nodesleuth_model::evidence::{CgroupScan, TimedReads};
use nodesleuth_model::{Missing, MissingKind, Nanos};
use reader::{Group, Limits, Reader};
use std::ffi::CString;

/// Cgroups of a sample.
const SAMPLE: usize = 40;
/// A sample ends after this much wall time.
const SAMPLE_WALL: Nanos = Nanos(100_000_000);
/// A sample ends with the first file that takes this long.
const SAMPLE_SLOW_FILE: Nanos = Nanos(20_000_000);
/// A whole scan ends with the first file that takes this long.
const SLOW_FILE: Nanos = Nanos(200_000_000);
/// Cgroups that hold others are left out where their memory.stat is predicted to take longer.
const HOLDER_LIMIT: Nanos = Nanos(5_000_000);
/// Directories looked through.
const MAX_DIRECTORIES: u64 = 200_000;
/// CPU time of looking for the directories.
const WALK_CPU: Nanos = Nanos(3_000_000_000);
/// The same for a sample.
const SAMPLE_WALK_CPU: Nanos = Nanos(50_000_000);

/// Which cgroups are scanned.
#[derive(Clone, Copy, Debug)]
pub enum ScanExtent<'a> {
    /// A sample of leaves.
    Sample,
    /// Every one; those that hold others only where their files are neither predicted to be slow
    /// nor were when they were timed, or else the scan is marked as sampled.
    All(Option<&'a TimedReads>),
}

/// Reads the usual files of cgroups, once each.
///
/// # Errors
/// When no hierarchy with such files is mounted, or none can be opened.
pub fn scan(node: &Node, extent: ScanExtent<'_>, cancel: &Cancel) -> Result<CgroupScan, Missing> {
    let hierarchies = mounted(node)?;
    let with_files = hierarchies
        .iter()
        .map(|hierarchy| (hierarchy.entry(), files::of(hierarchy.entry())))
        .filter(|(_, files)| !files.is_empty());
    let mut groups = Vec::new();
    for (hierarchy, files) in with_files {
        groups.push(Group::open(node, hierarchy, &files)?);
    }
    // The tree is that of the memory controller; the others mirror it, as far as they go.
    let tree = hierarchies.iter().map(super::census::Mounted::entry);
    let tree = tree
        .clone()
        .find(|entry| entry.has("memory"))
        .or_else(|| tree.clone().next());
    let (Some(tree), false) = (tree, groups.is_empty()) else {
        let reason = "no mounted cgroup hierarchy has statistics files";
        return Err(Missing::new(MissingKind::Absent, reason));
    };
    let (cgroups, left_out, limits) = match extent {
        ScanExtent::All(timed) => {
            let (cgroups, left_out) = every_cgroup(node, &tree.mount, timed);
            let limits = Limits {
                wall: Nanos(u64::MAX),
                slow_file: SLOW_FILE,
            };
            (cgroups, left_out, limits)
        }
        ScanExtent::Sample => {
            let limits = Limits {
                wall: SAMPLE_WALL,
                slow_file: SAMPLE_SLOW_FILE,
            };
            (sample(node, &tree.mount), true, limits)
        }
    };
    let mut scan = Reader::new(groups).read(&cgroups, &limits, cancel);
    scan.sampled |= left_out;
    Ok(scan)
}

fn sample(node: &Node, mount: &str) -> Vec<CString> {
    let budget = Budget::from_now(MAX_DIRECTORIES, SAMPLE_WALK_CPU);
    deepest_leaves(node, mount, SAMPLE, &budget)
        .iter()
        .filter_map(|path| relative(path))
        .collect()
}

/// Every cgroup that is safe to read, leaves first; and whether one was left out.
fn every_cgroup(node: &Node, mount: &str, timed: Option<&TimedReads>) -> (Vec<CString>, bool) {
    let budget = Budget::from_now(MAX_DIRECTORIES, WALK_CPU);
    let predicted = NodeSize::of(node).cost(FileKind::Stat, Scope::Subtree);
    let seen_slow = timed.is_some_and(|timed| timed.slow_cgroup_file(HOLDER_LIMIT).is_some());
    let holders_too = predicted <= HOLDER_LIMIT && !seen_slow;
    let (mut leaves, mut holders) = (Vec::new(), vec![c".".to_owned()]);
    let walked = walk(&node.path(mount), &budget, (), |met| {
        let leaf = met.leaf && !holds_others(met.name);
        let into = if leaf { &mut leaves } else { &mut holders };
        into.extend(relative(&format!("{}/{}", met.parent_path, met.name)));
    });
    if holders_too {
        leaves.append(&mut holders);
    }
    let partial = walked.map_or(true, |walked| walked.partial);
    (leaves, partial || !holders_too)
}

/// The path from the mount's folder, as the system call wants it.
fn relative(path: &str) -> Option<CString> {
    CString::new(path.trim_start_matches('/')).ok()
}

#[cfg(test)]
mod tests;
