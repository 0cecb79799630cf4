//! What interrupted runs left on this node: found by name, removed when its owner is gone.
//!
//! Looked at are the top level of every cgroup hierarchy and of the folders for temporary files,
//! for names of ours that belong to us or root. Whose owner still runs is left alone; processes
//! are never ended. An owner in another PID namespace cannot be seen from here: on a node with
//! demos in containers, clean up where they ran.

use crate::ActError;
use crate::name::{BootTag, ScratchName};
use crate::removal::Removal;
use crate::scratch;
use nix::unistd::Uid;
use nodesleuth_collect::Node;
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Something that belongs to nobody any more. Only [`find_orphans`] makes these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    path: PathBuf,
    name: ScratchName,
    kind: OrphanKind,
}

/// What an orphan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrphanKind {
    /// A tree of scratch cgroups.
    Cgroups,
    /// A temporary folder.
    Folder,
}

/// What a search came to.
#[derive(Debug, Default)]
pub struct Search {
    /// What can be removed.
    pub orphans: Vec<Orphan>,
    /// Names of ours whose owner still runs.
    pub in_use: Vec<PathBuf>,
    /// Where could not be looked, and why.
    pub not_searched: Vec<ActError>,
}

impl Orphan {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who made it, when and for what.
    #[must_use]
    pub fn name(&self) -> &ScratchName {
        &self.name
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> OrphanKind {
        self.kind
    }
}

/// Looks for orphans of older runs, of this boot or an earlier one.
///
/// # Errors
/// When `/proc` does not say which boot this is; then nothing can be told to be an orphan.
pub fn find_orphans(node: &Node) -> Result<Search, ActError> {
    let boot = BootTag::current(node)?;
    let mut search = Search::default();
    match scratch::cgroup_mounts(node) {
        Ok(mounts) => {
            for mount in mounts {
                look(
                    node,
                    &boot,
                    &node.path(mount),
                    OrphanKind::Cgroups,
                    &mut search,
                );
            }
        }
        Err(error) => search.not_searched.push(error),
    }
    for folder in temporary_folders(node) {
        look(node, &boot, &folder, OrphanKind::Folder, &mut search);
    }
    search.orphans.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(search)
}

/// Removes an orphan and says what stayed: a cgroup with a process in it does.
pub fn remove(orphan: &Orphan) -> Removal {
    match orphan.kind {
        OrphanKind::Cgroups => scratch::remove_cgroups(&orphan.path),
        OrphanKind::Folder => scratch::remove_folder(&orphan.path),
    }
}

/// Ours, and `/tmp` for runs that had no `TMPDIR`.
fn temporary_folders(node: &Node) -> Vec<PathBuf> {
    let mut folders = vec![node.path("/tmp")];
    if node.is_live() {
        folders.push(std::env::temp_dir());
    }
    folders.sort();
    folders.dedup();
    folders
}

fn look(node: &Node, boot: &BootTag, place: &Path, kind: OrphanKind, search: &mut Search) {
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) => return search.not_searched.push(ActError::read(place)(error)),
    };
    for entry in entries {
        match entry.and_then(|entry| ours(&entry)) {
            Ok(Some((path, name))) if name.owner_is_alive(node, boot) => search.in_use.push(path),
            Ok(Some((path, name))) => search.orphans.push(Orphan { path, name, kind }),
            Ok(None) => {}
            Err(error) => search.not_searched.push(ActError::read(place)(error)),
        }
    }
}

/// A real folder (no link) with a name of ours that belongs to us or root.
fn ours(entry: &DirEntry) -> io::Result<Option<(PathBuf, ScratchName)>> {
    let path = entry.path();
    let Some(name) = ScratchName::of_path(&path) else {
        return Ok(None);
    };
    let status = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let owner = Uid::from_raw(status.uid());
    let belongs = owner == Uid::effective() || owner.is_root();
    Ok((status.is_dir() && belongs).then_some((path, name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Purpose;
    use crate::scratch::{ScratchCgroups, fake_node, writable_hierarchies};
    use std::os::unix::fs::symlink;

    /// Of another boot, so nobody can own it any more.
    const DEAD: &str = "nodesleuth-demo-00000000-1-1";

    fn paths(search: &Search) -> Vec<&Path> {
        search.orphans.iter().map(Orphan::path).collect()
    }

    #[test]
    fn orphans_are_found_in_every_hierarchy_and_the_temporary_folder() {
        let (folder, node) = fake_node();
        let lab = "nodesleuth-lab-00000000-7";
        let made = [
            format!("cg/cpu/{DEAD}/a/b"),
            format!("cg/memory/{lab}"),
            format!("tmp/{lab}"),
        ];
        for path in &made {
            fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        fs::write(folder.path().join(format!("tmp/{lab}/package.deb")), "x").unwrap();
        let search = find_orphans(&node).unwrap();
        assert_eq!(search.orphans.len(), 3);
        for orphan in &search.orphans {
            assert!(remove(orphan).is_complete(), "{orphan:?}");
            assert!(!orphan.path().exists());
        }
        assert_eq!(
            paths(&find_orphans(&node).unwrap()),
            <[&Path; 0]>::default()
        );
    }

    #[test]
    fn what_a_live_owner_has_is_in_use() {
        let (_folder, node) = fake_node();
        let hierarchy = writable_hierarchies(&node).unwrap().remove(0);
        let mut scratch = ScratchCgroups::plan(&node, hierarchy, Purpose::Demo).unwrap();
        scratch.make(&node, 3).unwrap();
        // The fake node's /proc has us under our pid, as the real one does.
        let me = std::process::id().to_string();
        let process = node.path("/proc").join(&me);
        fs::create_dir(&process).unwrap();
        fs::copy(format!("/proc/{me}/stat"), process.join("stat")).unwrap();
        let search = find_orphans(&node).unwrap();
        assert_eq!(search.in_use, [scratch.path()]);
        assert!(search.orphans.is_empty());
        fs::remove_dir_all(process).unwrap();
        assert_eq!(paths(&find_orphans(&node).unwrap()), [scratch.path()]);
    }

    #[test]
    fn what_is_not_exactly_ours_is_never_found() {
        let (folder, node) = fake_node();
        let tmp = folder.path().join("tmp");
        fs::create_dir(tmp.join("nodesleuth-demo-00000000-1-1-backup")).unwrap();
        fs::create_dir_all(tmp.join("deeper").join(DEAD)).unwrap();
        fs::write(tmp.join("nodesleuth-demo-00000000-2"), "a file").unwrap();
        symlink(folder.path().join("cg"), tmp.join(DEAD)).unwrap();
        let search = find_orphans(&node).unwrap();
        assert_eq!(paths(&search), <[&Path; 0]>::default());
    }

    #[test]
    fn a_place_that_cannot_be_read_is_reported() {
        let (folder, node) = fake_node();
        fs::remove_dir(folder.path().join("tmp")).unwrap();
        let search = find_orphans(&node).unwrap();
        let tmp = folder.path().join("tmp").display().to_string();
        assert!(search.not_searched[0].to_string().contains(&tmp));
        fs::remove_file(folder.path().join("proc/self/mountinfo")).unwrap();
        let search = find_orphans(&node).unwrap();
        assert_eq!(search.not_searched.len(), 2);
    }
}
