//! Walks the directories of one hierarchy, without reading a file in them.
//!
//! A cgroup directory holds dozens of files, so listing it is dear. Its link count is two and one
//! for each subdirectory (kernfs and the older cgroupfs both keep it so): a leaf is recognised by
//! one stat and never listed. Other filesystems may say 1, which means nothing, and are listed.

use crate::cpu_time;
use nodesleuth_model::Nanos;
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The CPU clock is looked at once in so many directories.
const LOOK_EVERY: u64 = 256;
/// Links of a directory without subdirectories.
const LEAF_LINKS: u64 = 2;

/// What a walk may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Directories of one hierarchy.
    pub(crate) directories: u64,
    /// CPU time of the thread at which every walk ends.
    pub(crate) cpu_until: Nanos,
}

impl Budget {
    /// So many directories and this much CPU from now on.
    pub(crate) fn from_now(directories: u64, cpu: Nanos) -> Self {
        Self {
            directories,
            cpu_until: Nanos(cpu_time::of_this_thread().0 + cpu.0),
        }
    }

    fn is_spent(&self, seen: u64) -> bool {
        seen >= self.directories
            || (seen % LOOK_EVERY == LOOK_EVERY - 1 && cpu_time::of_this_thread() > self.cpu_until)
    }
}

/// A directory that was met.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Met<'a, T> {
    /// What was returned for its parent.
    pub(crate) parent: &'a T,
    /// Path of its parent below the mount, "" for the mount itself.
    pub(crate) parent_path: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// Whether it certainly has no subdirectory.
    pub(crate) leaf: bool,
}

/// How a walk went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Directories, the root included.
    pub(crate) directories: u64,
    /// Deepest nesting; 0 when there is only the root.
    pub(crate) max_depth: u32,
    /// Something was not looked at.
    pub(crate) partial: bool,
}

struct Pending<T> {
    path: String,
    depth: u32,
    kept: T,
}

/// Meets every directory below `root` once. What `meet` returns is handed to it again with that
/// directory's own subdirectories.
///
/// # Errors
/// When the root itself cannot be listed; what else is refused makes the walk partial, and what is
/// removed meanwhile is passed over.
pub(crate) fn walk<T>(
    root: &Path,
    budget: &Budget,
    kept_for_root: T,
    mut meet: impl FnMut(Met<'_, T>) -> T,
) -> io::Result<Walked> {
    let mut walked = Walked {
        directories: 1,
        ..Walked::default()
    };
    let mut pending = vec![Pending {
        path: String::new(),
        depth: 0,
        kept: kept_for_root,
    }];
    while let Some(folder) = pending.pop() {
        // A root without a trailing separator, and paths that begin with one.
        let entries = match fs::read_dir(below(root, &folder.path)) {
            Ok(entries) => entries,
            Err(error) if folder.depth == 0 => return Err(error),
            Err(error) => {
                walked.partial |= error.kind() != io::ErrorKind::NotFound;
                continue;
            }
        };
        for entry in entries {
            let Some((entry, links)) = entry.and_then(subdirectory).unwrap_or_default() else {
                continue;
            };
            if budget.is_spent(walked.directories) {
                walked.partial = true;
                return Ok(walked);
            }
            walked.directories += 1;
            walked.max_depth = walked.max_depth.max(folder.depth + 1);
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let leaf = links == LEAF_LINKS;
            let kept = meet(Met {
                parent: &folder.kept,
                parent_path: &folder.path,
                name: &name,
                leaf,
            });
            if !leaf {
                let path = format!("{}/{name}", folder.path);
                pending.push(Pending {
                    path,
                    depth: folder.depth + 1,
                    kept,
                });
            }
        }
    }
    Ok(walked)
}

fn below(root: &Path, path: &str) -> std::path::PathBuf {
    root.join(path.strip_prefix('/').unwrap_or(path))
}

/// A directory in another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subdirectory {
    /// Its name.
    pub(crate) name: String,
    /// Whether it certainly has no subdirectory.
    pub(crate) leaf: bool,
}

/// The directories in one directory; what is removed meanwhile is left out.
///
/// # Errors
/// When it cannot be listed.
pub(crate) fn subdirectories(folder: &Path) -> io::Result<Vec<Subdirectory>> {
    let found = fs::read_dir(folder)?.filter_map(|entry| {
        let (entry, links) = entry.and_then(subdirectory).unwrap_or_default()?;
        Some(Subdirectory {
            name: entry.file_name().to_string_lossy().into_owned(),
            leaf: links == LEAF_LINKS,
        })
    });
    Ok(found.collect())
}

/// The entry and its link count, if it is a directory and still there.
fn subdirectory(entry: DirEntry) -> io::Result<Option<(DirEntry, u64)>> {
    if !entry.file_type()?.is_dir() {
        return Ok(None);
    }
    let links = entry.metadata()?.nlink();
    Ok(Some((entry, links)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    const ALL: Budget = Budget {
        directories: 1_000,
        cpu_until: Nanos(u64::MAX),
    };

    fn met(fake: &FakeNode, budget: &Budget) -> (Walked, Vec<String>) {
        let mut paths = Vec::new();
        let walked = walk(fake.root(), budget, (), |met| {
            paths.push(format!("{}/{}", met.parent_path, met.name));
        });
        paths.sort();
        (walked.unwrap(), paths)
    }

    #[test]
    fn every_directory_is_met_once_and_files_are_not() {
        let fake = FakeNode::new()
            .folder("/a/b/c")
            .folder("/a/d")
            .file("/a/memory.stat", "x");
        let (walked, paths) = met(&fake, &ALL);
        assert_eq!(paths, ["/a", "/a/b", "/a/b/c", "/a/d"]);
        assert_eq!(
            walked,
            Walked {
                directories: 5,
                max_depth: 3,
                partial: false
            }
        );
    }

    #[test]
    fn what_is_kept_for_a_directory_reaches_its_children() {
        let fake = FakeNode::new().folder("/a/b/c");
        let mut kept = Vec::new();
        let meet = |met: Met<'_, String>| {
            kept.push(format!("{}>{}", met.parent, met.name));
            met.name.to_uppercase()
        };
        walk(fake.root(), &ALL, "ROOT".to_owned(), meet).unwrap();
        assert_eq!(kept, ["ROOT>a", "A>b", "B>c"]);
    }

    #[test]
    fn a_walk_over_budget_is_cut_and_says_so() {
        let fake = FakeNode::new().folder("/a").folder("/b").folder("/c");
        let (walked, paths) = met(
            &fake,
            &Budget {
                directories: 3,
                ..ALL
            },
        );
        assert_eq!(
            (walked.directories, walked.partial, paths.len()),
            (3, true, 2)
        );
    }

    #[test]
    fn a_directory_removed_between_listing_and_reading_does_not_end_the_walk() {
        let fake = FakeNode::new().folder("/a/b/c").folder("/z/y/x");
        let mut names = Vec::new();
        let walked = walk(fake.root(), &ALL, (), |met| {
            if names.is_empty() {
                fake.remove(&format!("/{}", met.name));
            }
            names.push(met.name.to_owned());
        });
        assert!(!walked.unwrap().partial);
        assert!(names.len() >= 4, "{names:?}");
    }

    #[test]
    fn a_root_that_is_not_there_is_an_error() {
        let fake = FakeNode::new();
        assert!(walk(&fake.root().join("cgroup"), &ALL, (), |_| ()).is_err());
    }
}
