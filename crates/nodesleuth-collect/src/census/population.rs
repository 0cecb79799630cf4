//! Which cgroups of a hierarchy hold a process, themselves or below. One small file is read for each
//! that is asked.

use super::walk::{Budget, Met, walk};
use crate::{Node, ReadError};
use nodesleuth_model::evidence::{CgroupVersion, Hierarchy};
use nodesleuth_model::{Missing, Nanos};
use std::io;

/// `errno` of a cgroup that was removed between opening and reading a file of it.
const NO_DEVICE: i32 = 19;

/// How far is looked.
#[derive(Clone, Copy, Debug)]
pub struct PopulationLimits {
    /// Directories that are met at most.
    pub directories: u64,
    /// CPU time that it may cost.
    pub cpu: Nanos,
}

/// A cgroup that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopulatedCgroup {
    /// Its path below the mount.
    pub path: String,
    /// The one above it, by its place among those that were met; none below the root.
    pub parent: Option<usize>,
    /// Whether it was asked.
    pub asked: bool,
    /// Whether it or any that was met below it holds a process, or may hold one: what was not
    /// asked, could not be read or has gone meanwhile counts as inhabited.
    pub populated: bool,
    /// Cgroups right below it.
    pub children: u64,
}

/// What was met: parents before their children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Every cgroup but the root.
    pub cgroups: Vec<PopulatedCgroup>,
    /// Why not all were looked at.
    pub incomplete: Option<String>,
}

/// Meets every cgroup of a hierarchy and looks whether those that `asks` wants hold a process;
/// `asks` is handed a path and whether the cgroup above it was asked.
///
/// # Errors
/// When the hierarchy cannot be walked.
pub fn population(
    node: &Node,
    hierarchy: &Hierarchy,
    limits: PopulationLimits,
    asks: impl Fn(&str, bool) -> bool,
) -> Result<Population, Missing> {
    let mut found = Population::default();
    let mut leaves = Vec::new();
    let budget = Budget::from_now(limits.directories, limits.cpu);
    let meet = |met: Met<'_, Option<usize>>| {
        let path = format!("{}/{}", met.parent_path, met.name);
        let parent = *met.parent;
        let above = parent.is_some_and(|parent| found.cgroups[parent].asked);
        let asked = asks(&path, above);
        let populated = !asked
            || is_populated(node, hierarchy, &path).unwrap_or_else(|error| {
                if !is_gone(&error.source) {
                    found.incomplete.get_or_insert(error.to_string());
                }
                true
            });
        if let Some(parent) = parent {
            found.cgroups[parent].children += 1;
        }
        found.cgroups.push(PopulatedCgroup {
            path,
            parent,
            asked,
            populated,
            children: 0,
        });
        leaves.push(met.leaf);
        Some(found.cgroups.len() - 1)
    };
    let mount = &hierarchy.mount;
    let walked = walk(&node.path(mount), &budget, None, meet).map_err(|source| {
        Missing::from(ReadError {
            path: mount.clone(),
            source,
        })
    })?;
    if walked.partial {
        let why = format!("not every cgroup below {mount} could be looked at within the limits");
        found.incomplete.get_or_insert(why);
        // Somebody may live in what was not met.
        for (cgroup, leaf) in found.cgroups.iter_mut().zip(leaves) {
            cgroup.populated |= !leaf;
        }
    }
    found.carry_up();
    Ok(found)
}

impl Population {
    /// Whoever holds an inhabited cgroup is inhabited.
    fn carry_up(&mut self) {
        for index in (0..self.cgroups.len()).rev() {
            let cgroup = &self.cgroups[index];
            if let (true, Some(parent)) = (cgroup.populated, cgroup.parent) {
                self.cgroups[parent].populated = true;
            }
        }
    }
}

/// Whether it holds a process; on v2 also whether anything below it does.
fn is_populated(node: &Node, hierarchy: &Hierarchy, path: &str) -> Result<bool, ReadError> {
    let folder = format!("{}{path}", hierarchy.mount);
    match hierarchy.version {
        CgroupVersion::V1 => {
            let text = node.text(&format!("{folder}/cgroup.procs"))?;
            Ok(!text.trim().is_empty())
        }
        CgroupVersion::V2 => {
            let text = node.text(&format!("{folder}/cgroup.events"))?;
            Ok(!text.lines().any(|line| line.trim() == "populated 0"))
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(NO_DEVICE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{FakeNode, fifo};

    const LIMITS: PopulationLimits = PopulationLimits {
        directories: 1_000,
        cpu: Nanos(1_000_000_000),
    };

    fn v1() -> Hierarchy {
        Hierarchy {
            mount: "/m".to_owned(),
            ..Hierarchy::default()
        }
    }

    fn states(population: &Population) -> Vec<(&str, bool)> {
        let cgroups = population.cgroups.iter();
        let mut states: Vec<_> = cgroups
            .map(|cgroup| (cgroup.path.as_str(), cgroup.populated))
            .collect();
        states.sort_unstable();
        states
    }

    #[test]
    fn whoever_holds_an_inhabited_cgroup_is_inhabited() {
        let fake = FakeNode::new()
            .file("/m/a/cgroup.procs", "")
            .file("/m/a/busy/cgroup.procs", "7\n")
            .file("/m/a/idle/cgroup.procs", "");
        let found = population(&fake.node, &v1(), LIMITS, |_, _| true).unwrap();
        assert_eq!(
            states(&found),
            [("/a", true), ("/a/busy", true), ("/a/idle", false)]
        );
        assert_eq!(found.cgroups[0].children, 2);
        assert_eq!(found.incomplete, None);
    }

    #[test]
    fn what_is_not_asked_is_not_read_and_not_called_empty() {
        let fake = FakeNode::new()
            .folder("/m/other")
            .file("/m/leak/cgroup.procs", "")
            .file("/m/leak/inner/cgroup.procs", "");
        // Reading it would hang this test.
        fifo(&fake.node.path("/m/other"), "cgroup.procs");
        let asks = |path: &str, above: bool| above || path == "/leak";
        let found = population(&fake.node, &v1(), LIMITS, asks).unwrap();
        assert_eq!(
            states(&found),
            [("/leak", false), ("/leak/inner", false), ("/other", true)]
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_and_what_is_over_the_limit_too() {
        let fake = FakeNode::new()
            .folder("/m/a/cgroup.procs")
            .file("/m/b/cgroup.procs", "");
        let found = population(&fake.node, &v1(), LIMITS, |_, _| true).unwrap();
        assert_eq!(
            states(&found),
            [("/a", true), ("/a/cgroup.procs", true), ("/b", false)]
        );
        assert!(found.incomplete.unwrap().contains("/m/a/cgroup.procs"));
        let few = PopulationLimits {
            directories: 2,
            ..LIMITS
        };
        let cut = population(&fake.node, &v1(), few, |_, _| true).unwrap();
        assert!(cut.incomplete.is_some());
        // Its only cgroup may hold others that were not met.
        let deep = FakeNode::new()
            .file("/m/a/cgroup.procs", "")
            .file("/m/a/b/cgroup.procs", "7\n");
        let cut = population(&deep.node, &v1(), few, |_, _| true).unwrap();
        assert_eq!(states(&cut), [("/a", true)]);
        assert!(population(&FakeNode::new().node, &v1(), LIMITS, |_, _| true).is_err());
    }
}
