//! Calls about files as a profile, and who makes them: which function reads which kind of file.

use super::figures::StackFigures;
use super::kernel_names::KernelNames;
use super::named_stacks::{Draft, ProfileWords, labels, signed};
use super::processes::Processes;
use crate::file_kind::Kinds;
use nodesleuth_profile::{Frame, FrameName, Label, LabelValue, Profile, ProfileBuilder, ValueType};
use nodesleuth_trace::Arch;
use nodesleuth_trace::stacks::{FileStack, StackCapture, StackCount};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a file is called that is not known: one that could not be opened, for example.
const UNKNOWN: &str = "[unknown file]";
/// Libraries of C that stand between a program and its system calls.
const C_LIBRARIES: [&str; 4] = ["libc.", "libc-", "ld-", "libpthread"];

/// Packages that do no more than make system calls.
const SYSCALL_PACKAGES: [&str; 1] = ["golang.org/x/sys/unix"];

/// Calls about files, with names.
#[derive(Debug)]
pub struct NamedFiles {
    /// Each stack ends with the call and its file; `calls`, `bytes`, `offcpu` and `cpu`.
    pub profile: Profile,
    /// How good the stacks are; its samples are calls.
    pub figures: StackFigures,
    /// Those of whom, about what; the most CPU first.
    pub readers: Vec<FileReader>,
    /// `MODULE=VERSION` of the Go binaries whose code ran.
    pub versions: Vec<String>,
}

/// What a function spent on one kind of file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReader {
    /// The function: the nearest to the call that is not of Go's standard library or of libc.
    pub function: String,
    /// Who called it from another package; empty where nobody did.
    pub caller: String,
    /// The file, or a pattern for those of which there is one for each cgroup, process and so on.
    pub file: String,
    /// The system call.
    pub syscall: String,
    /// How many different files.
    pub distinct: u64,
    /// What it cost.
    pub cost: FileCost,
}

/// What calls cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCost {
    /// Calls that returned.
    pub calls: u64,
    /// Of them, those that failed.
    pub errors: u64,
    /// Calls that had not returned at the end.
    pub in_flight: u64,
    /// Bytes read or written.
    pub bytes: u64,
    /// Nanoseconds on a CPU.
    pub on_cpu_ns: u64,
    /// Nanoseconds of waiting.
    pub blocked_ns: u64,
}

impl FileCost {
    fn of(file: &FileStack) -> Self {
        Self {
            calls: file.calls,
            errors: file.errors,
            in_flight: file.in_flight,
            bytes: file.bytes,
            on_cpu_ns: file.stack.on_cpu_ns,
            blocked_ns: file.stack.off_cpu_ns,
        }
    }

    /// Adds what was spent elsewhere.
    pub fn add(&mut self, more: &Self) {
        self.calls += more.calls;
        self.errors += more.errors;
        self.in_flight += more.in_flight;
        self.bytes += more.bytes;
        self.on_cpu_ns += more.on_cpu_ns;
        self.blocked_ns += more.blocked_ns;
    }
}

/// Who made a call: process, image, stack, the word on top of it.
type Maker = (u32, u32, Arc<[u64]>, u64);

/// Calls of one stack about one kind of file.
#[derive(Default)]
struct Group {
    cost: FileCost,
    truncated: bool,
    paths: BTreeSet<Arc<str>>,
}

type Groups = BTreeMap<(Maker, String, u16), Group>;

/// A single file has little to say: a collector of statistics reads a hundred thousand.
fn groups(files: &[FileStack], kinds: &Kinds) -> Groups {
    let mut groups = Groups::new();
    for file in files {
        let stack = &file.stack;
        let maker = (stack.tgid, stack.exec, Arc::clone(&stack.user), stack.top);
        let kind = file.path.as_deref().map_or(UNKNOWN.to_owned(), |path| {
            let kind = kinds.of(path);
            kind.map_or_else(|| path.to_owned(), |kind| kind.pattern)
        });
        let group = groups.entry((maker, kind, file.number)).or_default();
        group.cost.add(&FileCost::of(file));
        group.truncated |= stack.truncated;
        group.paths.extend(file.path.clone());
    }
    groups
}

pub(super) fn name(
    processes: &Processes<'_>,
    kernel: &KernelNames<'_>,
    kinds: &Kinds,
    capture: &StackCapture,
    words: &ProfileWords,
) -> NamedFiles {
    let groups = groups(&capture.files, kinds);
    let mut draft = Draft::new(processes, kernel, words, builder(words));
    draft.begin(capture);
    for (((tgid, exec, user, top), file, number), group) in &groups {
        let cost = &group.cost;
        let line = processes.line((*tgid, *exec));
        let stack = StackCount {
            tgid: *tgid,
            exec: *exec,
            tid: StackCount::NO_TID,
            comm: line.last().copied().unwrap_or_default().to_owned(),
            user: Arc::clone(user),
            top: *top,
            samples: cost.calls + cost.in_flight,
            on_cpu_ns: cost.on_cpu_ns,
            truncated: group.truncated,
            ..StackCount::default()
        };
        let syscall = call_name(*number);
        let values = [
            cost.calls + cost.in_flight,
            cost.bytes,
            cost.blocked_ns,
            cost.on_cpu_ns,
        ];
        let text = |key, text| Label {
            key,
            value: LabelValue::Text(text),
        };
        let mut labels = labels(&stack);
        labels.extend([text("syscall", syscall.as_str()), text("file", file)]);
        let leaf = format!("{syscall} {file}");
        draft.sample(&stack, Some(&leaf), &values.map(signed), &labels);
    }
    let (profile, figures) = draft.finish();
    let readers = readers(&profile, &groups);
    NamedFiles {
        profile,
        figures,
        readers,
        versions: Vec::new(),
    }
}

fn builder(words: &ProfileWords) -> ProfileBuilder {
    let mut builder = ProfileBuilder::new(&[
        ValueType::new("calls", "count"),
        ValueType::new("bytes", "bytes"),
        ValueType::new("offcpu", "nanoseconds"),
        // The last: see `named_stacks::builder`.
        ValueType::CPU,
    ]);
    // Nothing was sampled; readers expect a period all the same.
    builder.period(1, ValueType::CPU);
    builder.default_sample_type("cpu");
    for comment in &words.comments {
        builder.comment(comment);
    }
    builder
}

fn call_name(number: u16) -> String {
    let name = Arch::native().and_then(|arch| arch.name(number));
    name.map_or_else(|| format!("syscall {number}"), str::to_owned)
}

/// Sums over stacks; the profile has them in the order of the groups.
fn readers(profile: &Profile, groups: &Groups) -> Vec<FileReader> {
    let mut sums: BTreeMap<[String; 4], (FileCost, BTreeSet<&Arc<str>>)> = BTreeMap::new();
    for (stack, ((_, file, number), group)) in profile.stacks().zip(groups) {
        // The leaf is the file.
        let mut frames: Vec<Frame<'_>> = stack.frames().collect();
        frames.pop();
        let (function, caller) = reader(&frames);
        let key = [function, caller, file.clone(), call_name(*number)];
        let (cost, paths) = sums.entry(key).or_default();
        cost.add(&group.cost);
        paths.extend(&group.paths);
    }
    let mut readers: Vec<FileReader> = Vec::with_capacity(sums.len());
    for ([function, caller, file, syscall], (cost, paths)) in sums {
        readers.push(FileReader {
            function,
            caller,
            file,
            syscall,
            distinct: paths.len() as u64,
            cost,
        });
    }
    readers
        .sort_by_key(|reader| std::cmp::Reverse((reader.cost.on_cpu_ns, reader.cost.blocked_ns)));
    readers
}

/// Who reads, and who of another package wanted it, from a stack that is root first.
fn reader(frames: &[Frame<'_>]) -> (String, String) {
    let mut outwards = frames.iter().rev();
    let Some(function) = outwards.find(|frame| !is_between(frame)) else {
        let leaf = frames.last();
        return (
            leaf.map_or_else(String::new, |leaf| leaf.name().to_owned()),
            String::new(),
        );
    };
    let own = package(function);
    let caller = outwards.find(|frame| !is_between(frame) && package(frame) != own);
    (
        function.name().to_owned(),
        caller.map_or_else(String::new, |caller| caller.name().to_owned()),
    )
}

/// The package of a Go function; the name of another.
fn package(frame: &Frame<'_>) -> String {
    let name = FrameName::new(frame.name());
    name.go().map_or(name.as_str(), |go| go.package).to_owned()
}

/// Whether it only hands on what others want: Go's standard library, whose packages have no dot in
/// their first word; libc; what says how a stack is.
fn is_between(frame: &Frame<'_>) -> bool {
    let file = frame.mapping_file().unwrap_or_default();
    let file = file.rsplit('/').next().unwrap_or(file);
    if frame.name().starts_with('[') || C_LIBRARIES.iter().any(|name| file.starts_with(name)) {
        return true;
    }
    let name = FrameName::new(frame.name());
    name.go().is_some_and(|go| {
        let first = go.package.split('/').next().unwrap_or(go.package);
        !first.contains('.') && first != "main" || SYSCALL_PACKAGES.contains(&go.package)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader_of(names: &[&str]) -> (String, String) {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let stack: Vec<_> = names.iter().map(|name| builder.named(name)).collect();
        builder.sample(stack, &[1], &[]);
        let profile = builder.finish();
        let frames: Vec<_> = profile.stacks().next().unwrap().frames().collect();
        reader(&frames)
    }

    #[test]
    fn the_reader_stands_behind_the_standard_library() {
        let found = reader_of(&[
            "runtime.goexit",
            "github.com/google/cadvisor/manager.(*containerData).housekeeping",
            "github.com/opencontainers/runc/libcontainer/cgroups/fs.(*Manager).GetStats",
            "github.com/opencontainers/runc/libcontainer/cgroups/fs.(*MemoryGroup).GetStats",
            "bufio.(*Scanner).Scan",
            "os.(*File).Read",
            "internal/poll.(*FD).Read",
            "golang.org/x/sys/unix.Read",
            "syscall.read",
        ]);
        assert_eq!(
            found,
            (
                "github.com/opencontainers/runc/libcontainer/cgroups/fs.(*MemoryGroup).GetStats"
                    .to_owned(),
                "github.com/google/cadvisor/manager.(*containerData).housekeeping".to_owned()
            )
        );
    }

    #[test]
    fn a_stack_of_nothing_else_is_its_leaf_s() {
        let found = reader_of(&["runtime.goexit", "runtime.read"]);
        assert_eq!(found, ("runtime.read".to_owned(), String::new()));
        assert_eq!(reader_of(&["main.main", "os.Open"]).0, "main.main");
    }

    #[test]
    fn files_of_one_kind_and_stack_are_one() {
        let file = |path: Option<&str>, calls| FileStack {
            path: path.map(Into::into),
            calls,
            ..FileStack::default()
        };
        let files = [
            file(Some("/sys/fs/cgroup/memory/a/memory.stat"), 1),
            file(Some("/sys/fs/cgroup/memory/b/memory.stat"), 2),
            file(Some("socket"), 4),
            file(None, 8),
        ];
        let kinds = Kinds::new(vec!["/sys/fs/cgroup/memory".to_owned()]);
        let groups = groups(&files, &kinds);
        let told: Vec<_> = groups
            .iter()
            .map(|((_, kind, _), group)| (kind.as_str(), group.cost.calls, group.paths.len()))
            .collect();
        assert_eq!(
            told,
            [
                ("/sys/fs/cgroup/memory/**/memory.stat", 3, 2),
                (UNKNOWN, 8, 0),
                ("socket", 4, 1)
            ]
        );
    }
}
