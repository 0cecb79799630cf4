//! From a plan to steps on this node, or the reason why there are none. Reads only.

use super::look::{Look, Seen};
use super::{EmptyCgroups, Plan, Step, empty_cgroups, filesystems, reclaim};
use crate::fix::look::Looker;
use nodesleuth_collect::Node;
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{CgroupCensus, CgroupVersion, DyingHolder};
use serde::Serialize;
use std::time::Duration;

/// Units that systemd would stop in one go.
const UNITS_A_STEP: usize = 50;
/// Cgroups that one process removes: each may first have memory to be emptied of.
const CGROUPS_A_STEP: usize = 100;
/// Units of these kinds are somebody's transient ones; others have files and owners.
const UNIT_SUFFIXES: [&str; 1] = [".scope"];

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which remedy.
    pub plan: Plan,
    /// The subtree to reclaim, instead of the lowest that holds the bytes.
    pub subtree: Option<String>,
    /// Reclaim a subtree although somebody lives in it.
    pub include_live: bool,
    /// Which empty cgroups to remove.
    pub pattern: String,
    /// How long a cgroup has to be empty.
    pub settle: Duration,
}

/// A cgroup and everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subtree {
    /// Where its hierarchy is mounted.
    pub mount: String,
    /// Its path below the mount.
    pub path: String,
    /// v1 or v2.
    pub version: CgroupVersion,
}

impl Subtree {
    /// Its folder on the node.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("{}{}", self.mount, self.path)
    }
}

/// Why a plan cannot be carried out on this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What is in the way.
    pub why: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the next plan may do what this one cannot.
    pub offers_next: bool,
}

impl Refusal {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            help: None,
            offers_next: false,
        }
    }

    pub(super) fn help(mut self, help: &str) -> Self {
        self.help = Some(help.to_owned());
        self
    }

    pub(super) fn next_plan(mut self) -> Self {
        self.offers_next = true;
        self
    }
}

/// A plan on this node.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// What was seen before.
    pub before: Look,
    /// Kernel release, as `uname -r` prints it.
    pub release: Option<String>,
    /// v1 or v2: where the memory controller is.
    pub version: Option<CgroupVersion>,
    /// What is going to be done, in order; empty when there is nothing.
    pub steps: Vec<Step>,
    /// Where, if in one subtree.
    pub subtree: Option<Subtree>,
    /// tmpfs among what dying cgroups hold: no step frees it.
    pub shmem: Option<Bytes>,
    /// Dirty pages among it: they are written out first.
    pub dirty: Option<Bytes>,
    /// Empty cgroups that were found.
    pub empty: Option<EmptyCgroups>,
    /// What is to be known before it is done.
    pub notes: Vec<String>,
}

/// Looks at the node and plans.
pub(super) fn prepare(looker: &Looker<'_>, request: &Request) -> Result<Prepared, Refusal> {
    if request.plan == Plan::ReclaimSubtree {
        looker.let_statistics_settle();
    }
    let seen = looker.look_to_plan();
    match request.plan {
        Plan::HousekeepingInterval => Ok(of_look(&seen)),
        Plan::RemoveEmptyCgroups => remove_empty(looker, request, &seen),
        Plan::ReclaimSubtree => reclaim_subtree(looker, request, &seen),
        Plan::DropPageCache => drop_caches(looker.node, &seen, 1),
        Plan::DropSlab => drop_caches(looker.node, &seen, 2),
        Plan::DropAll => drop_caches(looker.node, &seen, 3),
    }
}

fn of_look(seen: &Seen) -> Prepared {
    let memory = seen.census.as_ref().and_then(CgroupCensus::memory);
    Prepared {
        before: seen.look.clone(),
        release: seen.release.clone(),
        version: memory.map(|memory| memory.version),
        ..Prepared::default()
    }
}

/// Dirty pages, and inodes whose access time is not written, keep their cgroup: page cache is
/// written out before it is dropped.
fn drop_caches(node: &Node, seen: &Seen, what: u8) -> Result<Prepared, Refusal> {
    let mut prepared = of_look(seen);
    if what != 2 {
        write_out(node, &mut prepared)?;
    }
    prepared.steps.push(Step::DropCaches { what });
    prepared.shmem = held_sum(seen, "", |holder| holder.shmem);
    prepared.dirty = held_sum(seen, "", |holder| holder.dirty);
    Ok(prepared)
}

fn write_out(node: &Node, prepared: &mut Prepared) -> Result<(), Refusal> {
    let filesystems = filesystems::on_local_devices(node)
        .map_err(|error| Refusal::new(format!("dirty pages cannot be written out: {error}")))?;
    if filesystems.is_empty() {
        let note = "no filesystem on a local device is seen from here: dirty pages stay";
        prepared.notes.push(note.to_owned());
    }
    let steps = filesystems
        .into_iter()
        .map(|filesystem| Step::WriteOut { filesystem });
    prepared.steps.extend(steps);
    Ok(())
}

fn reclaim_subtree(
    looker: &Looker<'_>,
    request: &Request,
    seen: &Seen,
) -> Result<Prepared, Refusal> {
    let node = looker.node;
    let subtree = reclaim::subtree(node, seen, request.subtree.as_deref())?;
    let step = reclaim::step(node, &subtree)?;
    let mut prepared = of_look(seen);
    let known = (seen.census.as_ref(), seen.timed.as_ref());
    let missing = &mut prepared.before.missing;
    prepared.before.subtree = Some(looker.below(&subtree, known, missing));
    live_in(node, &subtree, request.include_live, &mut prepared)?;
    prepared.shmem = held_sum(seen, &subtree.path, |holder| holder.shmem);
    prepared.dirty = held_sum(seen, &subtree.path, |holder| holder.dirty);
    // Unknown is not none.
    if prepared.dirty != Some(Bytes(0)) {
        write_out(node, &mut prepared)?;
    }
    prepared.steps.push(step);
    prepared.subtree = Some(subtree);
    Ok(prepared)
}

fn live_in(
    node: &Node,
    subtree: &Subtree,
    include_live: bool,
    prepared: &mut Prepared,
) -> Result<(), Refusal> {
    let inhabited = reclaim::inhabited(node, subtree).map_err(|error| {
        Refusal::new(format!(
            "who lives in {} cannot be told: {error}",
            subtree.path
        ))
    })?;
    let Some(cgroup) = inhabited else {
        return Ok(());
    };
    if include_live {
        prepared.notes.push(format!(
            "processes live in it (one in {cgroup}): their page cache goes too, and where there is \
             swap some of their memory"
        ));
        return Ok(());
    }
    Err(Refusal::new(format!(
        "processes live in {} (one in {cgroup}), and reclaiming it takes their page cache too",
        subtree.path
    ))
    .help("--include-live does it all the same"))
}

fn held_sum(seen: &Seen, below: &str, of: impl Fn(&DyingHolder) -> Option<Bytes>) -> Option<Bytes> {
    let held = seen.held.as_ref()?;
    let inside = held.holders.iter().filter(|holder| {
        let rest = holder.path.strip_prefix(below);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let sum = inside
        .map(|holder| of(holder).map(|bytes| bytes.0))
        .try_fold(0, |sum, bytes| Some(sum + bytes?))?;
    (!held.partial).then_some(Bytes(sum))
}

fn remove_empty(looker: &Looker<'_>, request: &Request, seen: &Seen) -> Result<Prepared, Refusal> {
    let pattern = empty_cgroups::Pattern::new(&request.pattern).ok_or_else(|| {
        Refusal::new(format!(
            "{:?} is no pattern of cgroup names",
            request.pattern
        ))
        .help("such as 'run-r*.scope' or '/system.slice/run-r*.scope'")
    })?;
    let census = seen.census.as_ref().ok_or_else(|| {
        let why = seen.look.missing.join("; ");
        Refusal::new(format!(
            "the cgroups of this node could not be counted ({why})"
        ))
    })?;
    let (node, clock) = (looker.node, looker.clock);
    let found = empty_cgroups::find(node, clock, &census.hierarchies, &pattern, request.settle);
    let mut prepared = of_look(seen);
    prepared.steps = removal_steps(looker.node, &found.folders);
    prepared.notes.extend(found.not_searched.iter().cloned());
    prepared.empty = Some(found);
    Ok(prepared)
}

/// systemd's own units are stopped by systemd, which then removes their cgroups; what is left is
/// removed.
fn removal_steps(node: &Node, folders: &[String]) -> Vec<Step> {
    let mut steps = Vec::new();
    // sd_booted(3) asks the same.
    if node.path("/run/systemd/system").is_dir() {
        let mut units: Vec<String> = folders.iter().filter_map(|it| unit(it)).collect();
        units.sort_unstable();
        units.dedup();
        let batches = units.chunks(UNITS_A_STEP);
        steps.extend(batches.map(|units| Step::StopUnits {
            units: units.to_vec(),
        }));
    }
    let batches = folders.chunks(CGROUPS_A_STEP);
    steps.extend(batches.map(|cgroups| Step::RemoveCgroups {
        cgroups: cgroups.to_vec(),
    }));
    steps
}

fn unit(folder: &str) -> Option<String> {
    let name = folder.rsplit('/').next()?;
    UNIT_SUFFIXES
        .iter()
        .any(|suffix| name.ends_with(suffix))
        .then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::DyingMemory;

    #[test]
    fn systemd_stops_its_own_units_and_only_where_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let node = Node::at(folder.path());
        let folders = [
            "/cg/cpu/run-r1.scope",
            "/cg/memory/run-r1.scope",
            "/cg/memory/x",
        ]
        .map(str::to_owned);
        let kinds = |node: &Node| -> Vec<String> {
            removal_steps(node, &folders)
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(kinds(&node), ["rmdir /cg/cpu/run-r1.scope (and 2 more)"]);
        std::fs::create_dir_all(node.path("/run/systemd/system")).unwrap();
        assert_eq!(kinds(&node)[0], "systemctl stop run-r1.scope");
    }

    #[test]
    fn a_sum_with_an_unknown_part_is_unknown() {
        let holder = |path: &str, shmem| DyingHolder {
            path: path.to_owned(),
            shmem,
            ..DyingHolder::default()
        };
        let seen = |partial| Seen {
            held: Some(DyingMemory {
                holders: vec![
                    holder("/a/b", Some(Bytes(4096))),
                    holder("/a/c", Some(Bytes(4096))),
                    holder("/ab", None),
                ],
                partial,
                ..DyingMemory::default()
            }),
            ..Seen::default()
        };
        let sum = |seen: &Seen, below| held_sum(seen, below, |holder| holder.shmem);
        assert_eq!(sum(&seen(false), "/a"), Some(Bytes(8192)));
        assert_eq!(sum(&seen(false), ""), None);
        assert_eq!(sum(&seen(true), "/a"), None);
        assert_eq!(sum(&Seen::default(), ""), None);
    }
}
