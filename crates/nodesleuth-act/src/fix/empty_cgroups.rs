//! Cgroups that somebody left behind: no process in them or below, at two readings a minute apart.

use nodesleuth_collect::{Clock, Node, PopulatedCgroup, PopulationLimits, population};
use nodesleuth_model::Nanos;
use nodesleuth_model::evidence::Hierarchy;
use regex_lite::Regex;
use std::collections::BTreeSet;
use std::time::Duration;

/// More is a tree that nobody can look through in time.
const LIMITS: PopulationLimits = PopulationLimits {
    directories: 500_000,
    cpu: Nanos(10_000_000_000),
};

/// Empty cgroups of one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmptyCgroups {
    /// Folders, children before their parents.
    pub folders: Vec<String>,
    /// How many follow the pattern in all.
    pub matching: usize,
    /// Hierarchies that could not be looked through, or not everywhere, and why.
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
pub(super) fn find(
    node: &Node,
    clock: &dyn Clock,
    hierarchies: &[Hierarchy],
    pattern: &Pattern,
    settle: Duration,
) -> EmptyCgroups {
    let first = find_once(node, hierarchies, pattern);
    if first.folders.is_empty() {
        return first;
    }
    clock.wait(settle);
    let second = find_once(node, hierarchies, pattern);
    let still: BTreeSet<&String> = second.folders.iter().collect();
    EmptyCgroups {
        folders: first
            .folders
            .into_iter()
            .filter(|folder| still.contains(folder))
            .collect(),
        matching: second.matching,
        not_searched: second.not_searched,
    }
}

fn find_once(node: &Node, hierarchies: &[Hierarchy], pattern: &Pattern) -> EmptyCgroups {
    let mut found = EmptyCgroups::default();
    for hierarchy in hierarchies {
        let mount = &hierarchy.mount;
        // A read each, so only inside one that follows the pattern.
        let asks = |path: &str, inside: bool| inside || pattern.fits(path);
        match population(node, hierarchy, LIMITS, asks) {
            Err(missing) => found.not_searched.push(format!("{mount}: {missing}")),
            Ok(population) => {
                let why = population.incomplete;
                found
                    .not_searched
                    .extend(why.map(|why| format!("{mount}: {why}")));
                found.add(mount, &population.cgroups, pattern);
            }
        }
    }
    found
}

impl EmptyCgroups {
    /// Adds those below a mount, children before their parents.
    fn add(&mut self, mount: &str, met: &[PopulatedCgroup], pattern: &Pattern) {
        let fitting = met.iter().filter(|cgroup| pattern.fits(&cgroup.path));
        self.matching += fitting.count();
        // Empty ones below a cgroup that lives are its own business: the topmost of the pattern
        // decides.
        let mut left_behind: Vec<bool> = Vec::with_capacity(met.len());
        for cgroup in met {
            let above = cgroup.parent.filter(|parent| met[*parent].asked);
            let empty = !cgroup.populated;
            left_behind.push(cgroup.asked && above.map_or(empty, |above| left_behind[above]));
        }
        let folders = met.iter().zip(left_behind).filter(|(_, left)| *left);
        let mut folders: Vec<String> = folders
            .map(|(cgroup, _)| format!("{mount}{}", cgroup.path))
            .collect();
        // A child's path sorts behind its parent's.
        folders.sort_unstable_by(|a, b| b.cmp(a));
        self.folders.append(&mut folders);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::fake_node;
    use nodesleuth_collect::{Cancel, SystemClock, census};
    use nodesleuth_model::BootNanos;
    use std::fs;
    use std::path::Path;
    use std::sync::Mutex;

    fn make(root: &Path, cgroup: &str, procs: &str) {
        let folder = root.join(cgroup);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cgroup.procs"), procs).unwrap();
        let populated = u8::from(!procs.is_empty());
        let events = format!("populated {populated}\n");
        fs::write(folder.join("cgroup.events"), events).unwrap();
    }

    fn hierarchies(node: &Node) -> Vec<Hierarchy> {
        census(node, &SystemClock, &Cancel::default())
            .unwrap()
            .hierarchies
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
        let found = find(&node, &clock, &hierarchies(&node), &scopes(), settle);
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
        let hierarchies = hierarchies(&node);
        let found = find(&node, &SystemClock, &hierarchies, &scopes(), Duration::ZERO);
        assert_eq!(found.folders.len(), 3, "{found:?}");
    }

    #[test]
    fn a_hierarchy_that_cannot_be_read_is_said() {
        let (folder, node) = fake_node();
        fs::remove_dir(folder.path().join("cg/cpu")).unwrap();
        fs::write(folder.path().join("cg/cpu"), "no folder").unwrap();
        let found = find_once(&node, &hierarchies(&node), &scopes());
        assert!(found.not_searched[0].starts_with("/cg/cpu: "), "{found:?}");
    }
}
