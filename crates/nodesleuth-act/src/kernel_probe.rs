//! Times the memory statistics of a parent of a few hundred scratch cgroups against those of one
//! of them: a kernel that walks pays for each, whatever its vendor took over from newer ones.

use crate::ActError;
use crate::guardian::Guardian;
use crate::name::Purpose;
use crate::removal::Leftover;
use crate::scratch::{Hierarchy, ScratchCgroups, writable_hierarchies};
use nodesleuth_collect::{Cancel, Node, SlowReader, SystemClock, census};
use nodesleuth_model::evidence::{CgroupVersion, ReadOutcome};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Missing, Nanos};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Scratch cgroups: a walk over them takes 0.1 ms on a fast machine and a leaf's file 0.04 ms.
const CGROUPS: usize = 400;
/// With more dying ones than this the node is not to be loaded further.
const MOST_DYING: u64 = 1_000;
/// Cgroups that are removed there may never go.
const LEAKING: &str = "3.10.";
const REPEATS: u32 = 5;
const READ_LIMIT: Duration = Duration::from_secs(5);
const FILES: [&str; 2] = ["memory.stat", "memory.numa_stat"];

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct KernelProbe {
    /// Scratch cgroups below the parent.
    pub cgroups: u64,
    /// One entry a file that could be timed.
    pub files: Vec<ProbedFile>,
    /// Files that could not, and why.
    pub failed: Vec<String>,
    /// Dying memory cgroups before.
    pub dying_before: u64,
    /// Dying memory cgroups right after; removals show in the count with a delay.
    pub dying_after: Option<u64>,
    /// What could not be removed.
    pub leftovers: Vec<Leftover>,
}

/// One file's reading times, the fastest of five.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbedFile {
    /// Its name.
    pub name: String,
    /// Of a cgroup with nothing below it.
    pub leaf: Nanos,
    /// Of the parent of all.
    pub parent: Nanos,
}

/// Makes scratch cgroups in the memory hierarchy, times their parent's files and removes them.
/// `binary` is our own program.
///
/// # Errors
/// When this is a kernel on which removed cgroups may never go, more than 1,000 are dying already,
/// that cannot be told, or no cgroups can be made here. Nothing is left behind then.
pub fn probe_kernel(node: &Node, binary: &Path, cancel: &Cancel) -> Result<KernelProbe, ActError> {
    let dying_before = may_probe(node, cancel)?;
    let hierarchy = memory_hierarchy(node)?;
    let mut guardian = Guardian::start(binary)?;
    let mut scratch = ScratchCgroups::plan(node, hierarchy, Purpose::Probe)?;
    guardian.watch(scratch.ward())?;
    let mut probe = match measure(node, binary, cancel, &mut scratch) {
        Ok(probe) => probe,
        Err(error) => {
            scratch.remove();
            guardian.leave();
            return Err(error);
        }
    };
    let removal = scratch.remove();
    if removal.is_complete() {
        guardian.leave();
    }
    probe.leftovers = removal.leftovers;
    probe.dying_before = dying_before;
    probe.dying_after = dying(node, cancel).ok();
    Ok(probe)
}

/// The number of dying ones, if the node may be probed.
fn may_probe(node: &Node, cancel: &Cancel) -> Result<u64, ActError> {
    let refused = |why: String| ActError::ProbeRefused { why };
    let release = node.text("/proc/sys/kernel/osrelease").unwrap_or_default();
    if release.starts_with(LEAKING) {
        let release = release.trim();
        return Err(refused(format!(
            "on {release} removed cgroups may never go, and each takes one of 65,535 ids"
        )));
    }
    let dying = dying(node, cancel)
        .map_err(|missing| refused(format!("dying cgroups cannot be counted: {missing}")))?;
    if dying > MOST_DYING {
        return Err(refused(format!(
            "{} memory cgroups are dying already; --probe times the files that are there",
            grouped(dying)
        )));
    }
    Ok(dying)
}

fn dying(node: &Node, cancel: &Cancel) -> Result<u64, Missing> {
    let census = census(node, &SystemClock, cancel)?;
    let memory = census.memory().ok_or_else(|| {
        let reason = "no hierarchy carries the memory controller";
        Missing::new(nodesleuth_model::MissingKind::Absent, reason)
    })?;
    Ok(memory.dying.require("dying memory cgroups")?.count)
}

/// The first that takes cgroups and carries the memory controller.
fn memory_hierarchy(node: &Node) -> Result<Hierarchy, ActError> {
    let mut hierarchies = writable_hierarchies(node)?.into_iter();
    let carries = |hierarchy: &Hierarchy| match hierarchy.version {
        CgroupVersion::V1 => true,
        CgroupVersion::V2 => node
            .text(&format!("{}/cgroup.controllers", hierarchy.mount))
            .is_ok_and(|text| text.split_whitespace().any(|name| name == "memory")),
    };
    hierarchies
        .find(carries)
        .ok_or_else(|| ActError::NoWritableHierarchy {
            why: "none of them carries the memory controller".to_owned(),
        })
}

fn measure(
    node: &Node,
    binary: &Path,
    cancel: &Cancel,
    scratch: &mut ScratchCgroups,
) -> Result<KernelProbe, ActError> {
    scratch.make(node, CGROUPS)?;
    if scratch.hierarchy().version == CgroupVersion::V2 {
        count_memory(scratch.path())?;
    }
    let leaf = scratch
        .leaf()
        .ok_or_else(|| ActError::read(scratch.path())(std::io::ErrorKind::NotFound.into()))?;
    let reader = SlowReader::new(binary, cancel);
    let mut probe = KernelProbe {
        cgroups: scratch.count() as u64,
        ..KernelProbe::default()
    };
    for name in FILES {
        let time = |folder: &Path| took(&reader, &folder.join(name));
        match time(&leaf).and_then(|leaf| Ok((leaf, time(scratch.path())?))) {
            Ok((leaf, parent)) => probe.files.push(ProbedFile {
                name: name.to_owned(),
                leaf,
                parent,
            }),
            Err(why) => probe.failed.push(format!("{name}: {why}")),
        }
    }
    Ok(probe)
}

/// v2 counts memory only for the children of a cgroup that says so.
fn count_memory(path: &Path) -> Result<(), ActError> {
    let mut folders = vec![path.to_owned()];
    let entries = fs::read_dir(path).map_err(ActError::read(path))?;
    folders.extend(entries.flatten().map(|entry| entry.path()));
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        let file = folder.join("cgroup.subtree_control");
        fs::write(&file, "+memory").map_err(ActError::make(&file))?;
    }
    Ok(())
}

fn took(reader: &SlowReader, path: &Path) -> Result<Nanos, String> {
    match reader.read(path, REPEATS, READ_LIMIT) {
        ReadOutcome::Read { wall, .. } => Ok(wall),
        ReadOutcome::TimedOut { after, .. } => Err(format!("no answer within {after}")),
        ReadOutcome::Skipped { reason } | ReadOutcome::Failed { reason } => Err(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::fake_node;

    fn refusal(release: &str, counted: u64) -> String {
        let (folder, node) = fake_node();
        let write = |path: &str, text: String| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/sys/kernel/osrelease", format!("{release}\n"));
        write(
            "proc/cgroups",
            format!("#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t{counted}\t1\n"),
        );
        fs::create_dir_all(folder.path().join("proc/self/ns")).unwrap();
        let no_binary = Path::new("/nowhere");
        probe_kernel(&node, no_binary, &Cancel::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_node_in_trouble_is_not_probed() {
        let leaking = refusal("3.10.0-957.el7.x86_64", 3);
        assert!(leaking.contains("may never go"), "{leaking}");
        let sick = refusal("4.15.0-112-generic", 20_031);
        assert!(sick.contains("are dying already"), "{sick}");
        // Nothing refused: it goes on to start a guardian.
        let healthy = refusal("4.15.0-112-generic", 3);
        assert!(healthy.contains("the guardian"), "{healthy}");
    }
}
