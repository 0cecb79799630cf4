//! Births and deaths of cgroups by name, for where the kernel's tracepoints are refused: inotify on
//! the directories in which cgroups are made.
//!
//! It does not say who made one, nor when the kernel lets it go, and a directory that held no
//! cgroup when the watch began is not watched unless its name says that it is there to hold some.

use super::tally::Tally;
use crate::Node;
use crate::census::holds_others;
use crate::census::walk::{Budget, subdirectories, walk};
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use nodesleuth_model::Nanos;
use nodesleuth_model::evidence::Hierarchy;
use std::collections::{BTreeMap, BTreeSet};

/// Directories that are watched at most; the kernel keeps about a kilobyte for each.
const MOST: usize = 2_000;
/// Looking for them costs no more.
const WALK: (u64, Nanos) = (200_000, Nanos(1_000_000_000));

/// Watches directories of one hierarchy.
pub(super) struct Names<'a> {
    node: &'a Node,
    mount: &'a str,
    inotify: Inotify,
    most: usize,
    watched: BTreeMap<WatchDescriptor, String>,
    /// Made since the watch began and still there: one may be both listed and told.
    alive: BTreeSet<String>,
    /// Directories that were not watched, for want of room or because the kernel refused.
    pub(super) not_watched: u64,
    /// Times that the kernel had no room for what happened.
    pub(super) overflows: u64,
}

impl<'a> Names<'a> {
    /// Begins to watch the directories that hold cgroups or are there to hold some, highest first.
    ///
    /// # Errors
    /// When inotify is refused, also for the hierarchy's root.
    pub(super) fn open(node: &'a Node, memory: &'a Hierarchy) -> Result<Self, String> {
        Self::with_room(node, memory, MOST)
    }

    fn with_room(node: &'a Node, memory: &'a Hierarchy, most: usize) -> Result<Self, String> {
        let flags = InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC;
        let mut names = Self {
            node,
            mount: &memory.mount,
            inotify: Inotify::init(flags).map_err(|error| format!("inotify: {error}"))?,
            most,
            watched: BTreeMap::new(),
            alive: BTreeSet::new(),
            not_watched: 0,
            overflows: 0,
        };
        names
            .watch("")
            .map_err(|error| format!("inotify on {}: {error}", memory.mount))?;
        for path in holders(node, &memory.mount) {
            names.watch_if_room(&path);
        }
        Ok(names)
    }

    /// Directories that are watched now.
    pub(super) fn watched(&self) -> u64 {
        self.watched.len() as u64
    }

    /// Counts what has happened since the last time.
    pub(super) fn poll(&mut self, tally: &mut Tally) {
        // EAGAIN: nothing more has happened.
        while let Ok(events) = self.inotify.read_events() {
            for event in events {
                self.take(&event, tally);
            }
        }
    }

    fn take(&mut self, event: &InotifyEvent, tally: &mut Tally) {
        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
            self.overflows += 1;
        }
        if event.mask.contains(AddWatchFlags::IN_IGNORED) {
            self.watched.remove(&event.wd);
        }
        let (Some(folder), Some(name)) = (self.watched.get(&event.wd), &event.name) else {
            return;
        };
        if !event.mask.contains(AddWatchFlags::IN_ISDIR) {
            return;
        }
        let path = format!("{folder}/{}", name.to_string_lossy());
        if event.mask.contains(AddWatchFlags::IN_CREATE) {
            self.born(path, tally);
        } else if event.mask.contains(AddWatchFlags::IN_DELETE) {
            self.alive.remove(&path);
            tally.removed(path);
        }
    }

    /// Counts a new directory, and those that were made in it before it was watched.
    fn born(&mut self, path: String, tally: &mut Tally) {
        let mut new = vec![path];
        while let Some(path) = new.pop() {
            if !self.alive.insert(path.clone()) {
                continue;
            }
            self.watch_if_room(&path);
            let folder = self.node.path(format!("{}{path}", self.mount));
            let inside = subdirectories(&folder).unwrap_or_default();
            new.extend(inside.iter().map(|child| format!("{path}/{}", child.name)));
            tally.made(path, None);
        }
    }

    fn watch_if_room(&mut self, path: &str) {
        if self.watched.len() >= self.most {
            self.not_watched += 1;
            return;
        }
        match self.watch(path) {
            // Removed meanwhile.
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(_) => self.not_watched += 1,
        }
    }

    fn watch(&mut self, path: &str) -> nix::Result<()> {
        let flags = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_DELETE | AddWatchFlags::IN_ONLYDIR;
        let folder = self.node.path(format!("{}{path}", self.mount));
        let watch = self.inotify.add_watch(&folder, flags)?;
        self.watched.insert(watch, path.to_owned());
        Ok(())
    }
}

/// Directories with others in them, or there for others, the highest first.
fn holders(node: &Node, mount: &str) -> Vec<String> {
    let (directories, cpu) = WALK;
    let mut found = Vec::new();
    // What cannot be walked is not watched; the census before says why.
    let _ = walk(
        &node.path(mount),
        &Budget::from_now(directories, cpu),
        (),
        |met| {
            if !met.leaf || holds_others(met.name) {
                found.push(format!("{}/{}", met.parent_path, met.name));
            }
        },
    );
    found.sort_by_key(|path| path.matches('/').count());
    found
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "tests make and remove cgroups of a fake node"
)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;
    use nodesleuth_model::evidence::CgroupGrowth;
    use std::fs;

    fn memory() -> Hierarchy {
        Hierarchy {
            mount: "/m".to_owned(),
            ..Hierarchy::default()
        }
    }

    fn seen(names: &mut Names<'_>) -> CgroupGrowth {
        let mut tally = Tally::default();
        names.poll(&mut tally);
        tally.growth(9)
    }

    #[test]
    fn what_is_made_and_removed_in_a_watched_directory_is_counted_by_name() {
        let fake = FakeNode::new()
            .folder("/m/system.slice/cron.service")
            .folder("/m/kubepods");
        let memory = memory();
        let mut names = Names::open(&fake.node, &memory).unwrap();
        assert_eq!(names.watched(), 3, "the root, a slice, a holder of pods");
        for n in 0..4 {
            fake.add_folder(&format!("/m/system.slice/run-r0000000{n}.scope"));
        }
        fs::remove_dir(fake.node.path("/m/system.slice/run-r00000002.scope")).unwrap();
        // Its container is made before anybody can watch it, and counts once.
        fake.add_folder("/m/kubepods/pod1/c1");
        let growth = seen(&mut names);
        assert_eq!((growth.made, growth.removed), (Some(6), Some(1)));
        let scopes = &growth.groups[0];
        assert_eq!(scopes.pattern, "/system.slice/run-r*.scope");
        assert_eq!((scopes.made, scopes.removed), (4, 1));
        assert_eq!(scopes.maker, None);
        // A new directory is watched from then on.
        fake.add_folder("/m/kubepods/pod1/c2");
        fs::remove_dir(fake.node.path("/m/kubepods/pod1/c1")).unwrap();
        let growth = seen(&mut names);
        assert_eq!((growth.made, growth.removed), (Some(1), Some(1)));
    }

    #[test]
    fn files_are_no_cgroups() {
        let fake = FakeNode::new().folder("/m");
        let memory = memory();
        let mut names = Names::open(&fake.node, &memory).unwrap();
        fake.write("/m/notify", "x");
        assert_eq!(seen(&mut names).made, Some(0));
    }

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let fake = FakeNode::new()
            .folder("/m/a.slice/b.slice")
            .folder("/m/c.slice");
        let memory = memory();
        let names = Names::with_room(&fake.node, &memory, 3).unwrap();
        assert_eq!((names.watched(), names.not_watched), (3, 1));
        let nowhere = FakeNode::new();
        assert!(Names::open(&nowhere.node, &memory).is_err());
    }
}
