//! Which cgroups of the memory hierarchy hold no process. One small file is read for each.

use super::walk::{Budget, Met, walk};
use crate::{Node, ReadError, cpu_time};
use nodesleuth_model::evidence::{
    CgroupOccupancy, CgroupVersion, EmptyKind, Hierarchy, PatternOccupancy,
};
use nodesleuth_model::{Missing, Nanos};
use nodesleuth_parse::cgroup::name_pattern;
use std::collections::BTreeMap;
use std::io;

const MAX_DIRECTORIES: u64 = 200_000;
/// Patterns that are told.
const KEPT: usize = 30;

/// A directory that was met; children come after their parents.
struct Seen {
    parent: Option<usize>,
    pattern: String,
    path: String,
    populated: bool,
    children: u64,
}

/// Looks which cgroups hold no process, for no more than this CPU time.
///
/// # Errors
/// When the hierarchy cannot be walked.
pub fn occupancy(
    node: &Node,
    memory: &Hierarchy,
    budget: Nanos,
) -> Result<CgroupOccupancy, Missing> {
    let began = cpu_time::of_this_thread();
    let mut seen: Vec<Seen> = Vec::new();
    let mut unread = false;
    let limits = Budget::from_now(MAX_DIRECTORIES, budget);
    let meet = |met: Met<'_, Option<usize>>| {
        let path = format!("{}/{}", met.parent_path, met.name);
        let populated = match populated(node, memory, &path) {
            Ok(populated) => populated,
            // Gone meanwhile: counted as it was met, and nothing is said against it.
            Err(error) => {
                unread |= error.source.kind() != io::ErrorKind::NotFound;
                true
            }
        };
        let above = met
            .parent
            .map_or("", |parent| seen[parent].pattern.as_str());
        let pattern = format!("{above}/{}", name_pattern(met.name));
        if let Some(parent) = *met.parent {
            seen[parent].children += 1;
        }
        seen.push(Seen {
            parent: *met.parent,
            pattern,
            path,
            populated,
            children: 0,
        });
        Some(seen.len() - 1)
    };
    let walked = walk(&node.path(&memory.mount), &limits, None, meet).map_err(|source| {
        Missing::from(ReadError {
            path: memory.mount.clone(),
            source,
        })
    })?;
    if walked.partial {
        // What is below the last ones was not looked at.
        unread = true;
    }
    for index in (0..seen.len()).rev() {
        if let (true, Some(parent)) = (seen[index].populated, seen[index].parent) {
            seen[parent].populated = true;
        }
    }
    let mut found = summed(&seen);
    found.partial = unread;
    found.cost = Nanos(cpu_time::of_this_thread().0.saturating_sub(began.0));
    Ok(found)
}

/// Whether it holds a process; on v2 also whether anything below it does.
fn populated(node: &Node, memory: &Hierarchy, path: &str) -> Result<bool, ReadError> {
    match memory.version {
        CgroupVersion::V1 => {
            let text = node.text(&format!("{}{path}/cgroup.procs", memory.mount))?;
            Ok(!text.trim().is_empty())
        }
        CgroupVersion::V2 => {
            let text = node.text(&format!("{}{path}/cgroup.events", memory.mount))?;
            Ok(!text.lines().any(|line| line.trim() == "populated 0"))
        }
    }
}

fn summed(seen: &[Seen]) -> CgroupOccupancy {
    let mut patterns: BTreeMap<&str, PatternOccupancy> = BTreeMap::new();
    for one in seen {
        let row = patterns.entry(&one.pattern).or_default();
        row.count += 1;
        if one.populated {
            continue;
        }
        row.empty += 1;
        if row.example.is_none() {
            row.example = Some(one.path.clone());
            row.kind = kind(&one.path, one.children);
        }
    }
    let mut patterns: Vec<PatternOccupancy> = patterns
        .into_iter()
        .map(|(pattern, row)| PatternOccupancy {
            pattern: pattern.to_owned(),
            ..row
        })
        .collect();
    patterns.sort_by_key(|row| std::cmp::Reverse((row.empty, row.count)));
    patterns.truncate(KEPT);
    CgroupOccupancy {
        cgroups: seen.len() as u64,
        empty: seen.iter().filter(|one| !one.populated).count() as u64,
        patterns,
        ..CgroupOccupancy::default()
    }
}

fn kind(path: &str, children: u64) -> EmptyKind {
    let name = path.rsplit('/').next().unwrap_or(path);
    // `pod<uid>` of the cgroupfs driver, `kubepods-besteffort-pod<uid>.slice` of systemd's.
    let uid = name.rsplit("pod").next().filter(|_| name.contains("pod"));
    let is_pod = uid.is_some_and(|uid| {
        uid.trim_end_matches(".slice").len() >= 32
            && uid.starts_with(|c: char| c.is_ascii_hexdigit())
    });
    if name.ends_with(".scope") {
        EmptyKind::LeakedScope
    } else if is_pod && children == 0 {
        EmptyKind::PodWithoutContainers
    } else {
        EmptyKind::EmptySubtree
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    const POD: &str = "/kubepods/pod0d6e3cb5-7c1a-4a57-9d0e-3f4f5a6b7c8d";

    fn looked_at(version: CgroupVersion, file: &str, cgroups: &[(&str, &str)]) -> CgroupOccupancy {
        let mut fake = FakeNode::new();
        for (path, text) in cgroups {
            fake = fake.file(&format!("/m{path}/{file}"), text);
        }
        let memory = Hierarchy {
            mount: "/m".to_owned(),
            version,
            ..Hierarchy::default()
        };
        occupancy(&fake.node, &memory, Nanos(1_000_000_000)).unwrap()
    }

    #[test]
    fn a_subtree_is_empty_when_nothing_in_it_holds_a_process() {
        let found = looked_at(
            CgroupVersion::V1,
            "cgroup.procs",
            &[
                ("/system.slice", ""),
                ("/system.slice/cron.service", "7\n"),
                ("/system.slice/run-r00000001.scope", ""),
                ("/system.slice/run-r00000002.scope", ""),
                ("/system.slice/run-r00000003.scope", "9\n"),
                ("/kubepods", ""),
                (POD, ""),
                ("/leak", ""),
                ("/leak/inner", ""),
            ],
        );
        assert_eq!((found.cgroups, found.empty, found.partial), (9, 6, false));
        let row = |pattern: &str| {
            let row = found.patterns.iter().find(|row| row.pattern == pattern);
            let row = row.unwrap();
            (row.count, row.empty, row.kind)
        };
        assert_eq!(
            row("/system.slice/run-r*.scope"),
            (3, 2, EmptyKind::LeakedScope)
        );
        assert_eq!(
            row("/kubepods/pod*"),
            (1, 1, EmptyKind::PodWithoutContainers)
        );
        assert_eq!(row("/leak"), (1, 1, EmptyKind::EmptySubtree));
        assert_eq!(row("/system.slice").1, 0);
        assert_eq!(found.patterns[0].pattern, "/system.slice/run-r*.scope");
    }

    #[test]
    fn v2_says_it_of_whole_subtrees_and_a_cgroup_without_the_file_is_not_called_empty() {
        let found = looked_at(
            CgroupVersion::V2,
            "cgroup.events",
            &[
                ("/a", "populated 1\nfrozen 0\n"),
                ("/a/b", "populated 0\nfrozen 0\n"),
            ],
        );
        assert_eq!((found.cgroups, found.empty), (2, 1));
        let gone = looked_at(CgroupVersion::V2, "other", &[("/a", "")]);
        assert_eq!((gone.empty, gone.partial), (0, false));
    }
}
