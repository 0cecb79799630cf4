//! What the stream of single calls says together: arguments, files, failures.

use super::paths::{GroupId, Paths};
use super::{arguments, files};
use crate::Node;
use nodesleuth_model::evidence::{ArgumentKind, ArgumentUse, FailingCall, FileUse};
use nodesleuth_model::{Bytes, Nanos};
use nodesleuth_trace::{Arch, Captured, End, FileCosts, Record, error_name};
use std::collections::{BTreeMap, BTreeSet};

/// Calls of one kind less than this apart are one burst: a target that waits for a CPU in the
/// middle of one must not seem to begin anew.
const BURST_GAP_NS: u64 = 200_000_000;
const MOST_BURSTS: usize = 64;
/// Kinds of failure are kept up to this number.
const MOST_FAILURES: usize = 200;
/// Where a call's path is, and where the folder that it may be relative to.
const PATHS: &[(&[&str], Option<usize>)] = &[
    (
        &[
            "access", "chdir", "creat", "execve", "lstat", "mkdir", "mount", "open", "readlink",
            "rename", "rmdir", "stat", "statfs", "truncate", "umount2", "unlink",
        ],
        None,
    ),
    (
        &[
            "execveat",
            "faccessat",
            "faccessat2",
            "mkdirat",
            "newfstatat",
            "openat",
            "openat2",
            "readlinkat",
            "renameat",
            "renameat2",
            "statx",
            "unlinkat",
        ],
        Some(0),
    ),
];
/// Calls without a path whose failures tell something.
pub(super) const SUSPECTS: &[&str] = &[
    "bind", "bpf", "connect", "kill", "setns", "tgkill", "unshare",
];
const OPENING: &[&str] = &["creat", "open", "openat", "openat2"];
const WORKING_FOLDER: i32 = -100;

/// All calls that say where they go by a path.
pub(super) fn with_a_path() -> impl Iterator<Item = &'static str> {
    PATHS.iter().flat_map(|(names, _)| names.iter().copied())
}

/// Counts of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    calls: u64,
    wall_ns: u64,
    on_cpu_ns: u64,
}

#[derive(Debug, Default)]
struct Failures {
    sums: Sums,
    example: Option<String>,
    last_ns: u64,
    bursts: Vec<u64>,
}

/// What the stream says together.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    node: &'a Node,
    tgid: u32,
    /// CLOCK_MONOTONIC at the first record.
    began_ns: Option<u64>,
    paths: Paths,
    arguments: BTreeMap<(u16, ArgumentKind), Sums>,
    files: BTreeMap<(u16, GroupId), Sums>,
    failures: BTreeMap<(u16, u16, Option<GroupId>), Failures>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(node: &'a Node, tgid: u32, paths: Paths) -> Self {
        Self {
            node,
            tgid,
            began_ns: None,
            paths,
            arguments: BTreeMap::new(),
            files: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }

    /// One call, of the target or of a child of it.
    pub(super) fn add(&mut self, record: &Record<'_>) {
        let began = *self.began_ns.get_or_insert(record.begin_ns);
        let Some(name) = name(record.number) else {
            return;
        };
        if let Some(kind) = arguments::kind(name, record) {
            self.arguments
                .entry((record.number, kind))
                .or_default()
                .add(record);
        }
        // A child has descriptors and folders of its own.
        if record.tgid != self.tgid {
            return;
        }
        let group = self.file(name, record);
        if let Some(group) = group {
            let sums = self.files.entry((record.number, group)).or_default();
            sums.add(record);
        }
        if let Some(error) = record.end.error() {
            self.failed(record, error, group, began);
        }
    }

    /// What the call is about; a successful open also says what its descriptor stands for.
    fn file(&mut self, name: &str, record: &Record<'_>) -> Option<GroupId> {
        let (_, folder) = PATHS.iter().find(|(names, _)| names.contains(&name))?;
        let path = path(record.captured[0])?;
        let folder = folder.map_or(WORKING_FOLDER, |at| descriptor(record.arguments[at]));
        if let (true, End::Returned(fd @ 0..)) = (OPENING.contains(&name), record.end) {
            let fd = i32::try_from(fd).ok()?;
            self.paths.opened(self.node, fd, folder, &path);
        }
        self.paths.of_path(self.node, folder, &path)
    }

    fn failed(&mut self, record: &Record<'_>, error: u16, group: Option<GroupId>, began: u64) {
        let key = (record.number, error, group);
        if self.failures.len() >= MOST_FAILURES && !self.failures.contains_key(&key) {
            return;
        }
        let failures = self.failures.entry(key).or_default();
        failures.sums.add(record);
        if failures.example.is_none() {
            failures.example = group.and_then(|_| path(record.captured[0]));
        }
        let first = failures.bursts.is_empty();
        let apart = record.begin_ns.saturating_sub(failures.last_ns) > BURST_GAP_NS;
        if (first || apart) && failures.bursts.len() < MOST_BURSTS {
            failures.bursts.push(record.begin_ns.saturating_sub(began));
        }
        failures.last_ns = failures.last_ns.max(record.begin_ns);
    }

    /// Uses of arguments that were looked at for this long.
    pub(super) fn argument_uses(&self, looked: Nanos) -> Vec<ArgumentUse> {
        let uses = self
            .arguments
            .iter()
            .map(|((number, kind), sums)| ArgumentUse {
                call: spelt(*number),
                kind: *kind,
                calls: sums.calls,
                on_cpu: Nanos(sums.on_cpu_ns),
                looked,
            });
        uses.collect()
    }

    /// What calls with a path cost, by the file that they name.
    pub(super) fn file_uses(&self) -> Vec<FileUse> {
        let uses = self.files.iter().map(|((number, group), sums)| {
            let group = self.paths.group(*group);
            let call = spelt(*number);
            FileUse {
                kind: kind_of_file(&call, group.kind).to_owned(),
                pattern: group.pattern.clone(),
                example: group.example.clone(),
                distinct: group.distinct,
                calls: sums.calls,
                bytes: Bytes(0),
                wall: Nanos(sums.wall_ns),
                on_cpu: Nanos(sums.on_cpu_ns),
                call,
            }
        });
        uses.collect()
    }

    /// The engine's bill by file, and what it leaves out: calls that name a file without opening
    /// it. Most CPU first.
    pub(super) fn files_with(&self, costs: &FileCosts) -> Vec<FileUse> {
        let billed: BTreeSet<u16> = costs.totals.iter().map(|total| total.number).collect();
        let named = self.file_uses().into_iter();
        let mut uses: Vec<FileUse> = named
            .filter(|file| !billed.iter().any(|number| spelt(*number) == file.call))
            .collect();
        uses.extend(files::uses(costs, &mut self.paths.anew()));
        uses.sort_by_key(|file| std::cmp::Reverse(file.on_cpu));
        uses
    }

    /// Failures, most calls first.
    pub(super) fn failing(&self) -> Vec<FailingCall> {
        let failing = self
            .failures
            .iter()
            .map(|((number, error, group), failures)| FailingCall {
                call: spelt(*number),
                error: error_name(*error).map_or_else(|| format!("error {error}"), str::to_owned),
                pattern: group.map(|group| self.paths.group(group).pattern.clone()),
                example: failures.example.clone(),
                calls: failures.sums.calls,
                on_cpu: Nanos(failures.sums.on_cpu_ns),
                bursts: failures.bursts.iter().copied().map(Nanos).collect(),
            });
        let mut failing: Vec<FailingCall> = failing.collect();
        failing.sort_by_key(|failing| std::cmp::Reverse(failing.calls));
        failing
    }
}

impl Sums {
    fn add(&mut self, record: &Record<'_>) {
        self.calls += 1;
        self.wall_ns += record.wall_ns;
        self.on_cpu_ns += record.on_cpu_ns.unwrap_or(0);
    }
}

/// Only listing tells a folder from a file.
pub(super) fn kind_of_file<'a>(call: &str, kind: &'a str) -> &'a str {
    match kind {
        "file" if call.starts_with("getdents") => "dir",
        kind => kind,
    }
}

pub(super) fn name(number: u16) -> Option<&'static str> {
    Arch::native()?.name(number)
}

/// The name of a call, or its number where it has none.
pub(super) fn spelt(number: u16) -> String {
    name(number).map_or_else(|| format!("syscall_{number}"), str::to_owned)
}

fn descriptor(argument: u64) -> i32 {
    (argument as u32).cast_signed()
}

/// A path that was cut off is none.
fn path(captured: Captured<'_>) -> Option<String> {
    let bytes = captured.bytes()?.strip_suffix(b"\0")?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;
    use crate::file_kind::Kinds;
    use crate::syscalls::fake_record;
    use nodesleuth_model::Pid;

    const OPEN: [u64; 6] = [0xffff_ff9c, 0, 0, 0, 0, 0];

    fn tally(fake: &FakeNode) -> Tally<'_> {
        Tally::new(&fake.node, 7, Paths::new(Kinds::new(Vec::new()), Pid(7)))
    }

    fn at_path<'a>(mut record: Record<'a>, path: &'a [u8]) -> Record<'a> {
        record.captured[0] = Captured::Bytes(path);
        record
    }

    #[test]
    fn calls_are_added_up_by_the_file_that_they_name() {
        let fake = FakeNode::new();
        let mut tally = tally(&fake);
        for path in [&b"/proc/12/exe\0"[..], b"/proc/13/exe\0"] {
            tally.add(&at_path(fake_record("readlinkat", OPEN, 9), path));
        }
        tally.add(&at_path(fake_record("openat", OPEN, 5), b"/proc/14\0"));
        let relative = [5, 0, 0, 0, 0, 0];
        tally.add(&at_path(fake_record("readlinkat", relative, 9), b"exe\0"));
        let uses = tally.file_uses();
        let links = uses.iter().find(|file| file.call == "readlinkat").unwrap();
        assert_eq!(links.pattern, "/proc/*/exe");
        assert_eq!(
            (links.calls, links.distinct, links.on_cpu),
            (3, 3, Nanos(3_000))
        );
    }

    #[test]
    fn failures_are_grouped_into_bursts() {
        let fake = FakeNode::new();
        let mut tally = tally(&fake);
        for at_ms in [1_000, 1_020, 2_000, 2_049, 3_000] {
            let mut record = fake_record("rmdir", [0; 6], -16);
            record.begin_ns = at_ms * 1_000_000;
            tally.add(&at_path(record, b"/sys/fs/cgroup/a/b\0"));
        }
        let failing = tally.failing();
        assert_eq!(
            (failing[0].call.as_str(), failing[0].error.as_str()),
            ("rmdir", "EBUSY")
        );
        assert_eq!(failing[0].calls, 5);
        let bursts = [0, 1_000_000_000, 2_000_000_000].map(Nanos);
        assert_eq!(failing[0].bursts, bursts);
        assert_eq!(failing[0].example.as_deref(), Some("/sys/fs/cgroup/a/b"));
    }

    #[test]
    fn a_childs_descriptors_are_not_the_targets() {
        let fake = FakeNode::new();
        let mut tally = tally(&fake);
        let mut read = fake_record("read", [5, 0, 4096, 0, 0, 0], 100);
        read.tgid = 8;
        tally.add(&read);
        let mut program = fake_record("execve", [0; 6], 0);
        program.tgid = 8;
        tally.add(&at_path(program, b"/bin/true\0"));
        assert!(tally.file_uses().is_empty());
        assert_eq!(
            tally.argument_uses(Nanos(1))[0].kind,
            ArgumentKind::NewProgram
        );
    }

    #[test]
    fn a_path_that_was_cut_off_is_not_taken_for_another() {
        let fake = FakeNode::new();
        let mut tally = tally(&fake);
        tally.add(&at_path(fake_record("openat", OPEN, 5), b"/proc/1/sta"));
        assert!(tally.file_uses().is_empty());
    }
}
