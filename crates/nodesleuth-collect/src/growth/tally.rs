//! Adds events up by the pattern of their paths.

use crate::Node;
use nodesleuth_model::Nanos;
use nodesleuth_model::evidence::{CgroupGrowth, GrowthGroup, ReleaseLag};
use nodesleuth_parse::cgroup::name_pattern;
use nodesleuth_trace::{CgroupChange, CgroupEvent};
use std::collections::BTreeMap;

/// Patterns that are told apart; further ones count as one.
const MOST: usize = 5_000;
/// Makers whose names are kept.
const MOST_MAKERS: usize = 5_000;

/// Events so far.
#[derive(Default)]
pub(super) struct Tally {
    groups: BTreeMap<String, Group>,
    /// When cgroups that are not released were removed, by id.
    removed_at: BTreeMap<u64, u64>,
    lags: Vec<u64>,
    makers: BTreeMap<u32, Option<String>>,
}

#[derive(Default)]
struct Group {
    counts: GrowthGroup,
    makers: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn add(&mut self, node: &Node, event: CgroupEvent) {
        match event.change {
            CgroupChange::Made => {
                let maker = self.maker(node, event.pid);
                self.made(event.path, maker);
            }
            CgroupChange::Removed => {
                self.removed_at.insert(event.id, event.time_ns);
                self.removed(event.path);
            }
            CgroupChange::Released => {
                let removed = self.removed_at.remove(&event.id);
                self.lags
                    .extend(removed.map(|at| event.time_ns.saturating_sub(at)));
                self.group(event.path).counts.released += 1;
            }
        }
    }

    /// Somebody made one; who, where that is known.
    pub(super) fn made(&mut self, path: String, maker: Option<String>) {
        let group = self.group(path);
        group.counts.made += 1;
        *group.makers.entry(maker.unwrap_or_default()).or_default() += 1;
    }

    /// Somebody removed one.
    pub(super) fn removed(&mut self, path: String) {
        self.group(path).counts.removed += 1;
    }

    /// The group of a path, which becomes its example.
    fn group(&mut self, path: String) -> &mut Group {
        let pattern = match pattern_of(&path) {
            pattern if self.groups.contains_key(&pattern) || self.groups.len() < MOST => pattern,
            _ => "*".to_owned(),
        };
        let group = self.groups.entry(pattern).or_default();
        group.counts.example = path;
        group
    }

    /// Paths of the groups, one each.
    pub(super) fn examples(&self) -> impl Iterator<Item = &str> {
        self.groups
            .values()
            .map(|group| group.counts.example.as_str())
    }

    /// Who made a cgroup; a process that lives shorter than our pause has no name.
    fn maker(&mut self, node: &Node, pid: u32) -> Option<String> {
        if let Some(known) = self.makers.get(&pid) {
            return known.clone();
        }
        let comm = node.text(&format!("/proc/{pid}/comm")).ok();
        let comm = comm.map(|comm| comm.trim().to_owned());
        if self.makers.len() < MOST_MAKERS {
            self.makers.insert(pid, comm.clone());
        }
        comm
    }

    /// The sums, with the `kept` groups that were made, or else removed, most.
    pub(super) fn growth(self, kept: usize) -> CgroupGrowth {
        let sum = |count: fn(&GrowthGroup) -> u64| {
            let groups = self.groups.values();
            Some(groups.map(|group| count(&group.counts)).sum())
        };
        let (made, removed) = (sum(|group| group.made), sum(|group| group.removed));
        let released = sum(|group| group.released);
        let lag = lag(self.lags);
        let mut groups: Vec<GrowthGroup> = self
            .groups
            .into_iter()
            .map(|(pattern, group)| GrowthGroup {
                pattern,
                maker: most_frequent(group.makers),
                ..group.counts
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse((group.made, group.removed)));
        groups.truncate(kept);
        CgroupGrowth {
            made,
            removed,
            released,
            lag,
            waiting: Some(self.removed_at.len() as u64),
            groups,
            ..CgroupGrowth::default()
        }
    }
}

fn pattern_of(path: &str) -> String {
    let components = path.split('/').skip(1);
    components.fold(String::new(), |pattern, component| {
        format!("{pattern}/{}", name_pattern(component))
    })
}

fn most_frequent(makers: BTreeMap<String, u64>) -> Option<String> {
    let most = makers.into_iter().max_by_key(|(_, count)| *count)?.0;
    (!most.is_empty()).then_some(most)
}

fn lag(mut lags: Vec<u64>) -> Option<ReleaseLag> {
    lags.sort_unstable();
    Some(ReleaseLag {
        cgroups: lags.len() as u64,
        median: Nanos(*lags.get(lags.len().saturating_sub(1) / 2)?),
        longest: Nanos(*lags.last()?),
    })
}
