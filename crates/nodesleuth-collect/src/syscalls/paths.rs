//! Which path a call is about, also where it is relative to a folder that was opened before.

use crate::Node;
use crate::file_kind::Kinds;
use nodesleuth_model::Pid;
use std::collections::HashMap;

/// Distinct paths are remembered up to this number; later ones are found anew each time.
const MOST_PATHS: usize = 50_000;
/// Patterns are kept up to this number; more would say nothing. What comes later is billed
/// together, by kind.
const MOST_GROUPS: usize = 500;
/// Stands for the patterns of all later files of a kind.
const OTHER_FILES: &str = "other files";
/// `AT_FDCWD`.
const WORKING_FOLDER: i32 = -100;

/// Files of one pattern.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) kind: &'static str,
    pub(super) pattern: String,
    pub(super) example: String,
    pub(super) distinct: u64,
}

/// Index of a group.
pub(super) type GroupId = usize;

/// All paths of the target, by pattern.
#[derive(Debug)]
pub(super) struct Paths {
    kinds: Kinds,
    process: String,
    groups: Vec<Group>,
    ids: HashMap<(&'static str, String), GroupId>,
    known: HashMap<String, Option<GroupId>>,
    /// What a descriptor stands for, if that is known.
    descriptors: HashMap<i32, Option<String>>,
}

impl Paths {
    pub(super) fn new(kinds: Kinds, pid: Pid) -> Self {
        Self::of_process(kinds, format!("/proc/{pid}"))
    }

    /// The same process without any path yet.
    pub(super) fn anew(&self) -> Self {
        Self::of_process(self.kinds.clone(), self.process.clone())
    }

    fn of_process(kinds: Kinds, process: String) -> Self {
        Self {
            kinds,
            process,
            groups: Vec::new(),
            ids: HashMap::new(),
            known: HashMap::new(),
            descriptors: HashMap::new(),
        }
    }

    pub(super) fn group(&self, id: GroupId) -> &Group {
        &self.groups[id]
    }

    /// The group of a path, which may be relative to a folder that is open.
    pub(super) fn of_path(&mut self, node: &Node, folder: i32, path: &str) -> Option<GroupId> {
        let whole = self.whole(node, folder, path)?;
        self.of_whole(&whole)
    }

    /// This descriptor stands for this path from now on.
    pub(super) fn opened(&mut self, node: &Node, fd: i32, folder: i32, path: &str) {
        let whole = self.whole(node, folder, path);
        self.descriptors.insert(fd, whole);
    }

    fn whole(&mut self, node: &Node, folder: i32, path: &str) -> Option<String> {
        if path.starts_with('/') {
            return Some(path.to_owned());
        }
        let folder = self.opened_as(node, folder)?;
        Some(match path {
            "" | "." => folder,
            _ => format!("{}/{path}", folder.trim_end_matches('/')),
        })
    }

    /// What was opened before the capture is looked up once, in `/proc/PID/fd`.
    fn opened_as(&mut self, node: &Node, fd: i32) -> Option<String> {
        if let Some(known) = self.descriptors.get(&fd) {
            return known.clone();
        }
        let link = match fd {
            WORKING_FOLDER => format!("{}/cwd", self.process),
            _ => format!("{}/fd/{fd}", self.process),
        };
        let opened = node.link(&link).ok();
        self.descriptors.insert(fd, opened.clone());
        opened
    }

    /// The group of a whole path.
    pub(super) fn of_whole(&mut self, path: &str) -> Option<GroupId> {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let group = self.new_path(path);
        if self.known.len() < MOST_PATHS {
            self.known.insert(path.to_owned(), group);
        }
        group
    }

    fn new_path(&mut self, path: &str) -> Option<GroupId> {
        let kind = self.kinds.with_subtree(path)?;
        let key = (kind.name, kind.pattern);
        let id = match self.ids.get(&key) {
            Some(id) => *id,
            None if self.groups.len() < MOST_GROUPS => self.group_of(key, path),
            None => self.group_of((kind.name, OTHER_FILES.to_owned()), path),
        };
        self.groups[id].distinct += 1;
        Some(id)
    }

    fn group_of(&mut self, key: (&'static str, String), path: &str) -> GroupId {
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        self.groups.push(Group {
            kind: key.0,
            pattern: key.1.clone(),
            example: path.to_owned(),
            distinct: 0,
        });
        self.ids.insert(key, self.groups.len() - 1);
        self.groups.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    fn pattern(paths: &Paths, group: Option<GroupId>) -> &str {
        group.map_or("none", |id| &paths.group(id).pattern)
    }

    #[test]
    fn a_relative_path_is_joined_to_the_folder_that_was_opened() {
        let fake = FakeNode::new()
            .link("/proc/7/fd/3", "/sys/fs/cgroup/a")
            .link("/proc/7/fd/4", "socket:[9]")
            .link("/proc/7/cwd", "/etc");
        let mut paths = Paths::new(Kinds::new(Vec::new()), Pid(7));
        paths.opened(&fake.node, 5, 3, "b");
        for (folder, path, expected) in [
            (5, "cpu.stat", "/sys/fs/cgroup/a/**/cpu.stat"),
            (WORKING_FOLDER, "hosts", "/etc/hosts"),
            (WORKING_FOLDER, "/proc/12/stat", "/proc/*/stat"),
            (4, "x", "none"),
            (99, "x", "none"),
        ] {
            let group = paths.of_path(&fake.node, folder, path);
            assert_eq!(pattern(&paths, group), expected, "{folder} {path}");
        }
    }

    #[test]
    fn many_paths_of_one_kind_are_one_group() {
        let fake = FakeNode::new();
        let mut paths = Paths::new(Kinds::new(Vec::new()), Pid(7));
        let ids: Vec<_> = (0..300)
            .map(|pid| paths.of_path(&fake.node, WORKING_FOLDER, &format!("/proc/{pid}/stat")))
            .collect();
        assert!(ids.iter().all(|id| *id == Some(0)), "{ids:?}");
        assert_eq!(paths.group(0).distinct, 300);
    }

    #[test]
    fn beyond_five_hundred_patterns_files_are_other_files_of_their_kind() {
        let mut paths = Paths::new(Kinds::new(Vec::new()), Pid(7));
        // Words, since numbers are of one pattern.
        let word = |number: usize| -> String {
            let letter = |digit: usize| char::from(b'g' + (digit % 20) as u8);
            [number, number / 20, number / 400]
                .map(letter)
                .iter()
                .collect()
        };
        for number in 0..MOST_GROUPS {
            paths.of_whole(&format!("/srv/{}/c", word(number))).unwrap();
        }
        assert_eq!(paths.groups.len(), MOST_GROUPS);
        for number in 0..3 {
            let late = paths.of_whole(&format!("/late/{}/c", word(number)));
            assert_eq!(pattern(&paths, late), OTHER_FILES);
        }
        let process = paths.of_whole("/proc/12/stat").unwrap();
        assert_eq!(paths.group(process).kind, "proc");
        assert_eq!(paths.group(process).pattern, OTHER_FILES);
        let first = paths.of_whole(&format!("/srv/{}/c", word(7)));
        assert_eq!(first, Some(7));
        let other = paths.of_whole("/late/one/c").unwrap();
        assert_eq!(paths.group(other).distinct, 4);
    }

    #[test]
    fn a_relative_path_of_an_unknown_folder_is_not_guessed() {
        let fake = FakeNode::new();
        let mut paths = Paths::new(Kinds::new(Vec::new()), Pid(7));
        assert_eq!(paths.of_path(&fake.node, WORKING_FOLDER, "stat"), None);
    }
}
