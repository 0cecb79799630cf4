//! Which mounted cgroup hierarchies take new cgroups, best for the demo first.

use crate::ActError;
use nodesleuth_collect::Node;
use nodesleuth_model::evidence::CgroupVersion;
use nodesleuth_parse::cgroup::{HierarchyMount, hierarchies};
use nodesleuth_parse::proc::{cgroups, mountinfo};
use std::fmt;

const MOUNTS: &str = "/proc/self/mountinfo";
const CONTROLLERS: &str = "/proc/cgroups";

/// A hierarchy in which scratch cgroups can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// Where it is mounted, as the node names it.
    pub mount: String,
    /// v1 or v2.
    pub version: CgroupVersion,
}

impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            CgroupVersion::V1 => write!(f, "the v1 memory hierarchy {}", self.mount),
            CgroupVersion::V2 => write!(f, "the v2 hierarchy {}", self.mount),
        }
    }
}

/// Hierarchies that are mounted read-write and carry memory statistics: v1's memory hierarchy
/// where there is one, then v2. Whether the kernel lets us is only known by trying.
///
/// # Errors
/// When there is none, or the mounts cannot be read.
pub fn writable_hierarchies(node: &Node) -> Result<Vec<Hierarchy>, ActError> {
    let all = mounts(node)?;
    let mut found: Vec<Hierarchy> = seen(node, &all, is_writable)
        .into_iter()
        .filter(|mount| {
            let memory = mount.controllers.iter().any(|name| name == "memory");
            mount.version == CgroupVersion::V2 || memory
        })
        .map(|mount| Hierarchy {
            mount: mount.mount,
            version: mount.version,
        })
        .collect();
    found.sort_by_key(|hierarchy| hierarchy.version == CgroupVersion::V2);
    if found.is_empty() {
        let why = if seen(node, &all, |_| true).is_empty() {
            "none is mounted"
        } else {
            "those that count memory are mounted read-only or elsewhere"
        };
        return Err(ActError::NoWritableHierarchy {
            why: why.to_owned(),
        });
    }
    Ok(found)
}

/// Mount points of all hierarchies, read-only ones included.
///
/// # Errors
/// When the mounts cannot be read.
pub(crate) fn cgroup_mounts(node: &Node) -> Result<Vec<String>, ActError> {
    let all = mounts(node)?;
    Ok(seen(node, &all, |_| true)
        .into_iter()
        .map(|mount| mount.mount)
        .collect())
}

/// All mounts.
///
/// # Errors
/// When they cannot be read.
pub(crate) fn mounts(node: &Node) -> Result<Vec<mountinfo::Mount>, ActError> {
    let text = node
        .text(MOUNTS)
        .map_err(|error| ActError::read(error.path)(error.source))?;
    mountinfo::parse(&text).map_err(|error| {
        ActError::read(MOUNTS)(std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    })
}

fn seen(
    node: &Node,
    mounts: &[mountinfo::Mount],
    wanted: impl Fn(&mountinfo::Mount) -> bool,
) -> Vec<HierarchyMount> {
    // Without the list of controllers, mount options are told apart by what is known of them.
    let controllers = node
        .text(CONTROLLERS)
        .ok()
        .and_then(|text| cgroups::parse(&text).ok());
    let mounts: Vec<_> = mounts
        .iter()
        .filter(|mount| wanted(mount))
        .cloned()
        .collect();
    hierarchies(&mounts, &controllers.unwrap_or_default())
}

fn is_writable(mount: &mountinfo::Mount) -> bool {
    let writable = |options: &str| options.split(',').any(|option| option == "rw");
    writable(&mount.options) && writable(&mount.super_options)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    const MEMORY: &str = "35 31 0:32 / /cg/memory rw,relatime - cgroup cgroup rw,memory";
    const CPU: &str = "32 31 0:29 / /cg/cpu rw,relatime - cgroup cgroup rw,cpu";
    const UNIFIED: &str = "41 31 0:38 / /cg/unified rw,relatime - cgroup2 cgroup2 rw";

    /// A node with these mounts; its cgroup filesystems are plain folders.
    fn node_with(lines: &[&str]) -> (TempDir, Node) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for directory in [
            "proc/self",
            "proc/sys/kernel/random",
            "cg/memory",
            "cg/cpu",
            "cg/unified",
            "tmp",
        ] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        fs::write(root.join("proc/self/mountinfo"), lines.join("\n")).unwrap();
        let boot_id = "fe607dd2-44f7-4432-8719-f392a8f22699\n";
        fs::write(root.join("proc/sys/kernel/random/boot_id"), boot_id).unwrap();
        let node = Node::at(root);
        (folder, node)
    }

    /// A hybrid node as old distributions have it.
    pub(crate) fn fake_node() -> (TempDir, Node) {
        node_with(&[CPU, UNIFIED, MEMORY])
    }

    fn mounts_of(lines: &[&str]) -> Vec<String> {
        let (_folder, node) = node_with(lines);
        let found = writable_hierarchies(&node).unwrap_or_default();
        found.into_iter().map(|hierarchy| hierarchy.mount).collect()
    }

    #[test]
    fn v1_memory_comes_first_then_v2_and_never_another_controller() {
        assert_eq!(
            mounts_of(&[CPU, UNIFIED, MEMORY]),
            ["/cg/memory", "/cg/unified"]
        );
        assert_eq!(mounts_of(&[CPU, UNIFIED]), ["/cg/unified"]);
    }

    #[test]
    fn a_read_only_mount_is_passed_over() {
        let read_only = MEMORY.replace("rw,relatime", "ro,relatime");
        assert_eq!(mounts_of(&[&read_only, UNIFIED]), ["/cg/unified"]);
        let frozen = UNIFIED.replace("cgroup2 rw", "cgroup2 ro");
        let (_folder, node) = node_with(&[CPU, &frozen]);
        let error = writable_hierarchies(&node).unwrap_err().to_string();
        assert!(error.contains("read-only"), "{error}");
    }

    #[test]
    fn a_node_without_cgroups_says_so() {
        let (_folder, node) = node_with(&["1 0 8:1 / / rw - ext4 /dev/sda rw"]);
        let error = writable_hierarchies(&node).unwrap_err().to_string();
        assert!(error.contains("none is mounted"), "{error}");
    }

    #[test]
    fn all_mounts_are_searched_also_read_only_ones() {
        let read_only = MEMORY.replace("rw,relatime", "ro,relatime");
        let (_folder, node) = node_with(&[CPU, &read_only]);
        assert_eq!(cgroup_mounts(&node).unwrap(), ["/cg/cpu", "/cg/memory"]);
    }
}
