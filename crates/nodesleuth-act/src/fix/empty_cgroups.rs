//! Cgroups that somebody left behind: no process in them or below, at two readings a minute apart.

use crate::ActError;
use crate::scratch::cgroup_mounts;
use nodesleuth_collect::{Clock, Node};
use regex_lite::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

/// Directories that are visited at most; more is a tree that nobody can look through in time.
const MAX_DIRECTORIES: usize = 500_000;
/// Kernel nesting is bounded by memory only; ours by this.
const MAX_DEPTH: usize = 64;

/// Empty cgroups of one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmptyCgroups {
    /// Folders, children before their parents.
    pub folders: Vec<String>,
    /// How many follow the pattern in all.
    pub matching: usize,
    /// Hierarchies that could not be looked through, and why.
    pub not_searched: Vec<String>,
}

/// Which cgroups by name: `*` stands for any run of letters without a slash. A pattern that begins
/// with a slash is that of a whole path below the mount, any other that of the last name.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Regex,
    whole_path: bool,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Option<Self> {
        let literal: Vec<String> = text.split('*').map(regex_lite::escape).collect();
        // A pattern of stars alone would mean every cgroup of the node.
        if text.chars().all(|c| matches!(c, '*' | '/')) {
            return None;
        }
        let regex = Regex::new(&format!("^{}$", literal.join("[^/]*"))).ok()?;
        Some(Self {
            regex,
            whole_path: text.starts_with('/'),
        })
    }

    fn fits(&self, path: &str) -> bool {
        if self.whole_path {
            return self.regex.is_match(path);
        }
        path.rsplit('/')
            .next()
            .is_some_and(|name| self.regex.is_match(name))
    }
}

/// Cgroups of this pattern that have no process at two readings, `settle` apart.
///
/// # Errors
/// When the mounts cannot be read.
pub(super) fn find(
    node: &Node,
    clock: &dyn Clock,
    pattern: &Pattern,
    settle: Duration,
) -> Result<EmptyCgroups, ActError> {
    let first = find_once(node, pattern)?;
    if first.folders.is_empty() {
        return Ok(first);
    }
    clock.wait(settle);
    let second = find_once(node, pattern)?;
    let still: BTreeSet<&String> = second.folders.iter().collect();
    Ok(EmptyCgroups {
        folders: first
            .folders
            .into_iter()
            .filter(|folder| still.contains(folder))
            .collect(),
        matching: second.matching,
        not_searched: second.not_searched,
    })
}

fn find_once(node: &Node, pattern: &Pattern) -> Result<EmptyCgroups, ActError> {
    let mut found = EmptyCgroups::default();
    for mount in cgroup_mounts(node)? {
        let mut search = Search {
            root: &node.path(&mount),
            mount: &mount,
            pattern,
            visited: 0,
            found: &mut found,
        };
        if let Err(error) = search.visit("", 0, false) {
            found.not_searched.push(format!("{mount}: {error}"));
        }
    }
    Ok(found)
}

struct Search<'a> {
    root: &'a Path,
    mount: &'a str,
    pattern: &'a Pattern,
    visited: usize,
    found: &'a mut EmptyCgroups,
}

impl Search<'_> {
    /// Whether there is no process at or below this cgroup; asked only inside one that follows the
    /// pattern, since it costs a read each.
    fn visit(&mut self, path: &str, depth: usize, inside: bool) -> io::Result<bool> {
        self.visited += 1;
        if self.visited > MAX_DIRECTORIES || depth > MAX_DEPTH {
            return Err(io::Error::other("more cgroups than are looked through"));
        }
        let folder = self.root.join(path.trim_start_matches('/'));
        let fits = !path.is_empty() && self.pattern.fits(path);
        let inside = inside || fits;
        self.found.matching += usize::from(fits);
        let mut empty = !inside || is_empty(&folder)?;
        let before = self.found.folders.len();
        for name in children(&folder)? {
            empty &= self.visit(&format!("{path}/{name}"), depth + 1, inside)?;
        }
        if inside && empty {
            self.found.folders.push(format!("{}{path}", self.mount));
        } else if fits {
            // Empty ones below a cgroup that lives are its own business.
            self.found.folders.truncate(before);
        }
        Ok(empty)
    }
}

/// A cgroup that vanishes meanwhile has no children.
fn children(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if is_gone(&error) => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Nobody in it, threads included. What cannot be read counts as somebody.
fn is_empty(folder: &Path) -> io::Result<bool> {
    match fs::read_to_string(folder.join("cgroup.procs")) {
        Ok(text) => Ok(text.trim().is_empty()),
        // A threaded cgroup refuses this question (EOPNOTSUPP): it is in use.
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(false),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_gone(error: &io::Error) -> bool {
    // ENODEV: it was removed between opening and reading.
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(19)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::fake_node;
    use nodesleuth_collect::SystemClock;
    use nodesleuth_model::BootNanos;
    use std::sync::Mutex;

    fn make(root: &Path, cgroup: &str, procs: &str) {
        let folder = root.join(cgroup);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cgroup.procs"), procs).unwrap();
    }

    /// A clock whose wait changes the node.
    struct Meanwhile<F>(Mutex<Vec<Duration>>, F);

    impl<F: Fn() + Sync> Clock for Meanwhile<F> {
        fn boot(&self) -> BootNanos {
            BootNanos(0)
        }
        fn utc_unix_nanos(&self) -> u64 {
            0
        }
        fn wait(&self, time: Duration) {
            self.0.lock().unwrap().push(time);
            (self.1)();
        }
    }

    fn scopes() -> Pattern {
        Pattern::new("*.scope").unwrap()
    }

    #[test]
    fn only_what_is_empty_at_both_readings_counts_children_first() {
        let (folder, node) = fake_node();
        let memory = folder.path().join("cg/memory");
        make(&memory, "system.slice", "");
        make(&memory, "system.slice/run-r1.scope", "");
        make(&memory, "system.slice/run-r1.scope/inner", "");
        make(&memory, "system.slice/run-r2.scope", "812\n");
        make(&memory, "system.slice/run-r3.scope", "");
        make(&memory, "system.slice/run-r4.scope", "");
        make(&memory, "system.slice/run-r4.scope/busy", "77\n");
        make(&memory, "system.slice/run-r4.scope/idle", "");
        let refilled = memory.join("system.slice/run-r3.scope/cgroup.procs");
        let clock = Meanwhile(Mutex::default(), || fs::write(&refilled, "9\n").unwrap());
        let settle = Duration::from_secs(60);
        let found = find(&node, &clock, &scopes(), settle).unwrap();
        assert_eq!(
            found.folders,
            [
                "/cg/memory/system.slice/run-r1.scope/inner",
                "/cg/memory/system.slice/run-r1.scope"
            ]
        );
        assert_eq!(found.matching, 4);
        assert_eq!(*clock.0.lock().unwrap(), [settle]);
    }

    #[test]
    fn a_whole_path_and_a_name_are_told_apart() {
        let path = Pattern::new("/system.slice/run-r*.scope").unwrap();
        assert!(path.fits("/system.slice/run-r1234.scope"));
        assert!(!path.fits("/user.slice/system.slice/run-r1.scope"));
        assert!(!path.fits("/system.slice/run-r1/x.scope"));
        assert!(scopes().fits("/a/b/c.scope") && !scopes().fits("/a/b.scope/c"));
        assert!(Pattern::new("a.b").unwrap().fits("/a.b"));
        assert!(!Pattern::new("a.b").unwrap().fits("/axb"));
        for everything in ["*", "/*", "/*/*", ""] {
            assert!(Pattern::new(everything).is_none(), "{everything:?}");
        }
    }

    #[test]
    fn every_hierarchy_is_looked_through() {
        let (folder, node) = fake_node();
        for hierarchy in ["cg/cpu", "cg/memory", "cg/unified"] {
            make(&folder.path().join(hierarchy), "x.scope", "");
        }
        let found = find(&node, &SystemClock, &scopes(), Duration::ZERO).unwrap();
        assert_eq!(found.folders.len(), 3, "{found:?}");
    }

    #[test]
    fn a_hierarchy_that_cannot_be_read_is_said() {
        let (folder, node) = fake_node();
        fs::remove_dir(folder.path().join("cg/cpu")).unwrap();
        fs::write(folder.path().join("cg/cpu"), "no folder").unwrap();
        let found = find_once(&node, &scopes()).unwrap();
        assert!(found.not_searched[0].starts_with("/cg/cpu: "), "{found:?}");
    }
}
