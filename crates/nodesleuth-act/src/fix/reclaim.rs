//! Where `reclaim-subtree` works: the lowest cgroup below which dying ones hold most of their
//! memory, what file of it frees memory on this kernel, and who lives there.

use super::Step;
use super::look::Seen;
use super::prepare::{Refusal, Subtree};
use nodesleuth_collect::Node;
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{CgroupVersion, Hierarchy};
use std::fs;
use std::io;
use std::path::Path;

/// The subtree holds at least this share of what dying cgroups hold.
const SHARE: f64 = 0.9;
/// Directories that are asked for a process before the answer is "somebody may live there".
const MAX_ASKED: usize = 20_000;

/// The subtree named by the user, or the lowest that holds the bytes.
pub(super) fn subtree(node: &Node, seen: &Seen, named: Option<&str>) -> Result<Subtree, Refusal> {
    let census = seen.census.as_ref();
    let memory = census.and_then(|census| census.memory()).ok_or_else(|| {
        Refusal::new("no hierarchy carries the memory controller, so no subtree can be reclaimed")
    })?;
    let path = match named {
        Some(named) => below_mount(node, memory, named)?,
        None => lowest(seen)?,
    };
    if path.is_empty() {
        return Err(Refusal::new(
            "what dying cgroups hold is spread over the whole tree, and the kernel does not reclaim \
             the root cgroup",
        )
        .next_plan());
    }
    Ok(Subtree {
        mount: memory.mount.clone(),
        path,
        version: memory.version,
    })
}

fn lowest(seen: &Seen) -> Result<String, Refusal> {
    let held = seen.held.as_ref().ok_or_else(|| {
        let why = seen.look.missing.join("; ");
        Refusal::new(format!(
            "below which cgroup dying ones hold memory is not known ({why})"
        ))
        .help("name it with --subtree")
        .next_plan()
    })?;
    let (path, _) = held.lowest_holding(SHARE).ok_or_else(|| {
        Refusal::new("no cgroup was found below which dying ones hold page cache or memory")
            .help("slab objects may pin them")
            .next_plan()
    })?;
    Ok(path.to_owned())
}

/// A subtree may be named with or without the mount before it.
fn below_mount(node: &Node, memory: &Hierarchy, named: &str) -> Result<String, Refusal> {
    let inside = named.strip_prefix(&memory.mount).unwrap_or(named);
    let path = inside.trim_end_matches('/');
    let clean = path.split('/').all(|part| part != "..");
    let folder = format!("{}{path}", memory.mount);
    if clean && (path.is_empty() || path.starts_with('/')) && node.path(&folder).is_dir() {
        return Ok(path.to_owned());
    }
    Err(Refusal::new(format!("there is no cgroup {folder}"))
        .help("name it as `nodesleuth cgroups` shows it, such as /kubepods/besteffort"))
}

/// The write that frees memory below the subtree on this kernel.
pub(super) fn step(node: &Node, subtree: &Subtree) -> Result<Step, Refusal> {
    let cgroup = subtree.folder();
    let has = |file: &str| node.path(format!("{cgroup}/{file}")).exists();
    match subtree.version {
        CgroupVersion::V1 if has("memory.force_empty") => Ok(Step::ForceEmpty { cgroup }),
        CgroupVersion::V2 if has("memory.reclaim") => {
            let current = format!("{cgroup}/memory.current");
            let text = node.text(&current).unwrap_or_default();
            let bytes = text.trim().parse().map(Bytes).map_err(|_| {
                Refusal::new(format!(
                    "{current} does not say how much there is to reclaim"
                ))
            })?;
            Ok(Step::Reclaim { cgroup, bytes })
        }
        CgroupVersion::V1 => Err(lacks("memory.force_empty (since 3.16)").next_plan()),
        CgroupVersion::V2 => Err(lacks("memory.reclaim (since 5.19)").next_plan()),
    }
}

fn lacks(file: &str) -> Refusal {
    Refusal::new(format!(
        "this kernel has no {file}, the only file that frees a subtree; lowering its limit instead \
         could kill processes and is never done"
    ))
}

/// The first cgroup at or below the subtree with a process in it.
pub(super) fn inhabited(node: &Node, subtree: &Subtree) -> io::Result<Option<String>> {
    let mut asked = 0;
    let found = first_inhabited(&node.path(subtree.folder()), &mut asked)?;
    Ok(found.map(|below| format!("{}{below}", subtree.path)))
}

fn first_inhabited(folder: &Path, asked: &mut usize) -> io::Result<Option<String>> {
    *asked += 1;
    let procs = fs::read_to_string(folder.join("cgroup.procs"));
    let refused = procs
        .as_ref()
        .is_err_and(|error| error.kind() != io::ErrorKind::NotFound);
    if *asked > MAX_ASKED || refused || procs.is_ok_and(|text| !text.trim().is_empty()) {
        return Ok(Some(String::new()));
    }
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Some(below) = first_inhabited(&entry.path(), asked)?
        {
            return Ok(Some(format!(
                "/{}{below}",
                entry.file_name().to_string_lossy()
            )));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::{CgroupCensus, DyingHolder, DyingMemory};

    fn node_with(files: &[(&str, &str)]) -> (tempfile::TempDir, Node) {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let node = Node::at(folder.path());
        (folder, node)
    }

    fn seen(holders: &[(&str, u64)]) -> Seen {
        let memory = Hierarchy {
            controllers: vec!["memory".to_owned()],
            mount: "/cg/memory".to_owned(),
            ..Hierarchy::default()
        };
        let holders: Vec<DyingHolder> = holders
            .iter()
            .map(|(path, bytes)| DyingHolder {
                path: (*path).to_owned(),
                bytes: Some(Bytes(*bytes)),
                ..DyingHolder::default()
            })
            .collect();
        Seen {
            census: Some(CgroupCensus {
                hierarchies: vec![memory],
                ..CgroupCensus::default()
            }),
            held: Some(DyingMemory {
                total: Bytes(holders.iter().filter_map(|it| Some(it.bytes?.0)).sum()),
                holders,
                ..DyingMemory::default()
            }),
            ..Seen::default()
        }
    }

    fn at(version: CgroupVersion) -> Subtree {
        Subtree {
            mount: "/cg/memory".to_owned(),
            path: "/kubepods".to_owned(),
            version,
        }
    }

    #[test]
    fn the_lowest_cgroup_that_holds_the_bytes_is_taken_unless_one_is_named() {
        let (_folder, node) = node_with(&[("cg/memory/system.slice/cgroup.procs", "")]);
        let seen = seen(&[("/kubepods/besteffort", 95), ("/system.slice", 5)]);
        let path = |named| subtree(&node, &seen, named).map(|it| it.path);
        assert_eq!(path(None).unwrap(), "/kubepods/besteffort");
        assert_eq!(path(Some("/system.slice")).unwrap(), "/system.slice");
        assert_eq!(
            path(Some("/cg/memory/system.slice/")).unwrap(),
            "/system.slice"
        );
        for wrong in ["/nowhere", "system.slice", "/../memory/system.slice"] {
            let refusal = path(Some(wrong)).unwrap_err();
            assert!(refusal.why.starts_with("there is no cgroup"), "{refusal:?}");
        }
    }

    #[test]
    fn the_root_is_never_reclaimed() {
        let (_folder, node) = node_with(&[]);
        let refusal = subtree(&node, &seen(&[("/a", 50), ("/b", 50)]), None).unwrap_err();
        assert!(refusal.why.contains("whole tree") && refusal.offers_next);
        assert!(subtree(&node, &seen(&[]), None).is_err());
    }

    #[test]
    fn a_kernel_without_the_file_is_offered_the_next_plan_and_no_limit_is_written() {
        let (_folder, node) = node_with(&[("cg/memory/kubepods/memory.force_empty", "")]);
        assert!(matches!(
            step(&node, &at(CgroupVersion::V1)),
            Ok(Step::ForceEmpty { .. })
        ));
        let refusal = step(&node, &at(CgroupVersion::V2)).unwrap_err();
        assert!(refusal.why.contains("memory.reclaim") && refusal.offers_next);
        let (_folder, node) = node_with(&[
            ("cg/memory/kubepods/memory.reclaim", ""),
            ("cg/memory/kubepods/memory.current", "81920\n"),
        ]);
        let found = step(&node, &at(CgroupVersion::V2)).unwrap();
        assert_eq!(
            found.to_string(),
            "echo 81920 > /cg/memory/kubepods/memory.reclaim"
        );
    }

    #[test]
    fn whoever_lives_below_is_named() {
        let (_folder, node) = node_with(&[
            ("cg/memory/kubepods/cgroup.procs", ""),
            ("cg/memory/kubepods/pod1/cgroup.procs", ""),
            ("cg/memory/kubepods/pod1/c1/cgroup.procs", "4711\n"),
        ]);
        let found = inhabited(&node, &at(CgroupVersion::V1)).unwrap();
        assert_eq!(found.as_deref(), Some("/kubepods/pod1/c1"));
        fs::write(node.path("/cg/memory/kubepods/pod1/c1/cgroup.procs"), "").unwrap();
        assert_eq!(inhabited(&node, &at(CgroupVersion::V1)).unwrap(), None);
    }
}
