//! Which cgroups of the memory hierarchy hold no process, by the pattern of their names.

use super::population::{PopulatedCgroup, PopulationLimits, population};
use crate::{Node, cpu_time};
use nodesleuth_model::evidence::{CgroupOccupancy, EmptyKind, Hierarchy, PatternOccupancy};
use nodesleuth_model::{Missing, Nanos};
use nodesleuth_parse::cgroup::name_pattern;
use std::collections::BTreeMap;

const MAX_DIRECTORIES: u64 = 200_000;
/// Patterns that are told.
const KEPT: usize = 30;

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
    let limits = PopulationLimits {
        directories: MAX_DIRECTORIES,
        cpu: budget,
    };
    let population = population(node, memory, limits, |_, _| true)?;
    let mut found = summed(&population.cgroups);
    found.partial = population.incomplete.is_some();
    found.cost = Nanos(cpu_time::of_this_thread().0.saturating_sub(began.0));
    Ok(found)
}

/// The pattern of each one's path.
fn patterns(seen: &[PopulatedCgroup]) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::with_capacity(seen.len());
    for cgroup in seen {
        let above = cgroup.parent.map_or("", |parent| patterns[parent].as_str());
        let name = cgroup.path.rsplit('/').next().unwrap_or_default();
        patterns.push(format!("{above}/{}", name_pattern(name)));
    }
    patterns
}

fn summed(seen: &[PopulatedCgroup]) -> CgroupOccupancy {
    let names = patterns(seen);
    let mut patterns: BTreeMap<&str, PatternOccupancy> = BTreeMap::new();
    for (one, pattern) in seen.iter().zip(&names) {
        let row = patterns.entry(pattern).or_default();
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
    use nodesleuth_model::evidence::CgroupVersion;

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
