//! One mounted hierarchy: its directories against what the kernel counts.

use super::dying::{Round, from_stat, unseen};
use super::patterns::Patterns;
use super::walk::{Budget, Walked, walk};
use crate::collectors::{malformed, parsed};
use crate::{Node, ReadError};
use nodesleuth_model::evidence::{CgroupVersion, Hierarchy};
use nodesleuth_model::{Missing, MissingKind, Observed};
use nodesleuth_parse::cgroup::stat::{self, CgroupStat};
use nodesleuth_parse::cgroup::{HierarchyMount, hierarchies};
use nodesleuth_parse::proc::cgroups::{self, Controller};
use nodesleuth_parse::proc::mountinfo;

const TABLE: &str = "/proc/cgroups";

/// A hierarchy under census.
pub(crate) struct Mounted {
    root: String,
    entry: Hierarchy,
    round: Option<Round>,
}

/// What `/proc/cgroups` says now.
pub(super) fn kernel_counts(node: &Node) -> Result<Vec<Controller>, Missing> {
    parsed(node, TABLE, cgroups::parse)
}

/// The kernel's number of a hierarchy, 0 for v2; `None` when it does not tell.
pub(crate) fn kernel_hierarchy(node: &Node, hierarchy: &Hierarchy) -> Option<u32> {
    if hierarchy.version == CgroupVersion::V2 {
        return Some(0);
    }
    let table = kernel_counts(node).ok()?;
    let row = table.iter().find(|row| hierarchy.has(&row.name))?;
    Some(row.hierarchy)
}

/// Every mounted hierarchy, not counted yet.
pub(crate) fn mounted(node: &Node) -> Result<Vec<Mounted>, Missing> {
    let mounts = parsed(node, "/proc/self/mountinfo", mountinfo::parse)?;
    let controllers = kernel_counts(node).unwrap_or_default();
    let mut found = hierarchies(&mounts, &controllers);
    // A table without the controller's row hides the controller; its mount still names it.
    let by_options = hierarchies(&mounts, &[]);
    for nameless in found
        .iter_mut()
        .filter(|mount| mount.controllers.is_empty())
    {
        if let Some(named) = by_options
            .iter()
            .find(|named| named.mount == nameless.mount)
        {
            nameless.controllers.clone_from(&named.controllers);
        }
    }
    if found.is_empty() {
        return Err(Missing::new(
            MissingKind::Absent,
            "no cgroup hierarchy is mounted",
        ));
    }
    Ok(found
        .into_iter()
        .map(|mount| Mounted::new(node, mount))
        .collect())
}

impl Mounted {
    fn new(node: &Node, mount: HierarchyMount) -> Self {
        let controllers = match mount.version {
            CgroupVersion::V1 => mount.controllers,
            CgroupVersion::V2 => {
                let listed = node.text(&format!("{}/cgroup.controllers", mount.mount));
                listed
                    .unwrap_or_default()
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect()
            }
        };
        let entry = Hierarchy {
            controllers,
            version: mount.version,
            mount: mount.mount,
            ..Hierarchy::default()
        };
        Self {
            root: mount.root,
            entry,
            round: None,
        }
    }

    /// The entry as it is known so far.
    pub(crate) fn entry(&self) -> &Hierarchy {
        &self.entry
    }

    pub(super) fn into_entry(self) -> Hierarchy {
        self.entry
    }

    pub(super) fn has(&self, controller: &str) -> bool {
        self.entry.has(controller)
    }

    /// Whether a second count could be smaller.
    pub(super) fn may_lag(&self) -> bool {
        self.round.is_some_and(|round| round.dying() > 0)
    }

    /// Walks it and compares with the kernel's count.
    pub(super) fn count(
        &mut self,
        node: &Node,
        budget: &Budget,
        before: &Result<Vec<Controller>, Missing>,
        namespaced: bool,
    ) {
        let mut patterns = Patterns::default();
        let root = node.path(&self.entry.mount);
        let walked =
            walk(&root, budget, String::new(), |met| patterns.count(met)).map_err(|source| {
                ReadError {
                    path: self.entry.mount.clone(),
                    source,
                }
            });
        self.entry.patterns = patterns.most_frequent();
        if let Ok(walked) = &walked {
            self.entry.max_depth = walked.max_depth;
            self.entry.partial = walked.partial;
        }
        self.entry.live = walked
            .as_ref()
            .map(|walked| walked.directories)
            .map_err(missing_of)
            .into();
        let whole = self.root == "/" && !namespaced;
        match self.entry.version {
            CgroupVersion::V1 => self.compare(node, &walked, before, whole),
            CgroupVersion::V2 => self.ask(node, whole),
        }
    }

    /// v1: directories against `/proc/cgroups`.
    fn compare(
        &mut self,
        node: &Node,
        walked: &Result<Walked, ReadError>,
        before: &Result<Vec<Controller>, Missing>,
        whole: bool,
    ) {
        let counted = before.clone().and_then(|table| self.row(&table));
        self.entry.kernel_count = counted.clone().into();
        self.entry.dying = match (counted, walked) {
            (Err(missing), _) => Observed::Unavailable(missing),
            (_, Err(error)) => Observed::Unavailable(missing_of(error)),
            (Ok(_), _) if !whole => unseen(None),
            (Ok(_), Ok(walked)) if walked.partial => Observed::Unavailable(Missing::new(
                MissingKind::OverBudget,
                "the directories were not all counted, so dying ones cannot be told from live ones",
            )),
            (Ok(kernel_before), Ok(walked)) => {
                let round = self.round(node, walked, kernel_before);
                self.round = Some(round);
                Observed::Value(round.count())
            }
        };
    }

    fn round(&self, node: &Node, walked: &Walked, kernel_before: u64) -> Round {
        let after = kernel_counts(node).and_then(|table| self.row(&table));
        Round {
            directories: walked.directories,
            kernel_before,
            kernel_after: after.unwrap_or(kernel_before),
        }
    }

    /// The kernel's count for this hierarchy: that of any of its controllers.
    fn row(&self, table: &[Controller]) -> Result<u64, Missing> {
        let mine = table.iter().find(|row| row.enabled && self.has(&row.name));
        mine.map(|row| row.num_cgroups).ok_or_else(|| {
            let reason = match self.entry.controllers.as_slice() {
                [name] if name.starts_with("name=") => {
                    format!("{TABLE} counts controllers; a hierarchy without one is not in it")
                }
                names => format!("{TABLE} has no row for {}", names.join(",")),
            };
            Missing::new(MissingKind::Unsupported, reason)
        })
    }

    /// v2: the kernel keeps both numbers.
    fn ask(&mut self, node: &Node, whole: bool) {
        let path = format!("{}/cgroup.stat", self.entry.mount);
        let stat = node.text(&path).map_err(Missing::from);
        let stat = stat
            .and_then(|text| stat::parse(&text).map_err(malformed))
            .map_err(old_kernel);
        self.entry.kernel_count = match &stat {
            Ok(stat) => Observed::Value(all_of(stat)),
            Err(missing) => Observed::Unavailable(missing.clone()),
        };
        self.entry.dying = match stat {
            Ok(stat) if !whole => unseen(Some(stat.nr_dying_descendants)),
            Ok(stat) => Observed::Value(from_stat(&stat)),
            Err(missing) => Observed::Unavailable(missing),
        };
    }

    /// Counts once more and keeps the smaller number of dying ones.
    pub(super) fn count_again(
        &mut self,
        node: &Node,
        budget: &Budget,
        before: &Result<Vec<Controller>, Missing>,
    ) {
        let walked = walk(&node.path(&self.entry.mount), budget, (), |_| ());
        let kernel = before.clone().and_then(|table| self.row(&table));
        let (Ok(walked), Ok(kernel)) = (walked, kernel) else {
            return;
        };
        let again = self.round(node, &walked, kernel);
        if !walked.partial
            && self
                .round
                .is_some_and(|first| again.dying() < first.dying())
        {
            self.entry.dying = Observed::Value(again.count());
            self.entry.live = Observed::Value(again.directories);
            self.entry.kernel_count = Observed::Value(again.kernel_before.min(again.kernel_after));
            self.round = Some(again);
        }
    }
}

/// Live, dying and the root.
fn all_of(stat: &CgroupStat) -> u64 {
    stat.nr_descendants
        .saturating_add(stat.nr_dying_descendants)
        .saturating_add(1)
}

fn missing_of(error: &ReadError) -> Missing {
    Missing::from(ReadError {
        path: error.path.clone(),
        source: error.source.kind().into(),
    })
}

fn old_kernel(missing: Missing) -> Missing {
    match missing.kind {
        MissingKind::Absent => Missing {
            kind: MissingKind::Unsupported,
            reason: format!("{} (needs kernel 4.14)", missing.reason),
            ..missing
        },
        _ => missing,
    }
}
