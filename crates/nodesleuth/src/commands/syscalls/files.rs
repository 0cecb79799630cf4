//! The bill by file: by kind of file, by subtree of cgroups, and the most expensive single ones.

use super::row::call_name;
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Bytes, Nanos, printable};
use nodesleuth_trace::{FileCosts, FileMethod, FileTotal};

/// So many rows of each table.
const SHOWN: usize = 15;
const CGROUPS: &str = "/sys/fs/cgroup";
const UNKNOWN: &str = "[unknown]";
const OF_CGROUPS: &str = "/sys/fs/cgroup/…/";
const OF_PROCESSES: &str = "/proc/PID/…/";

pub(super) fn of(costs: &FileCosts) -> String {
    let mut text = format!("\nfiles, {}:\n", method(&costs.method));
    text.push_str(&table("kind of file", &sums(costs, kind)));
    let cgroups = sums(costs, |total| subtree(total.path.as_deref()?));
    if cgroups.all > 0 {
        text.push_str("\ncgroup files by subtree:\n");
        text.push_str(&table("subtree", &cgroups));
    }
    text.push_str("\nthe most expensive:\n");
    text.push_str(&table("file", &sums(costs, single)));
    if costs.unknown_calls > 0 {
        let calls = grouped(costs.unknown_calls);
        text.push_str(&format!("{calls} calls about files that are not known\n"));
    }
    text
}

fn single(total: &FileTotal) -> Option<Name<'_>> {
    Some(Name::of(total.path.as_deref().unwrap_or(UNKNOWN)))
}

fn method(method: &FileMethod) -> String {
    match method {
        FileMethod::Kernel => "by the kernel's own file behind each descriptor".to_owned(),
        FileMethod::Descriptors { because } => format!(
            "by following descriptors ({}): relative paths and descriptors of the past are asked \
             for in /proc and may be missed",
            printable(because)
        ),
    }
}

/// A name for files; nothing of it is copied, as there can be a hundred thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'c> {
    before: &'static str,
    rest: &'c str,
}

impl<'c> Name<'c> {
    fn of(rest: &'c str) -> Self {
        Self { before: "", rest }
    }
}

/// What is summed up under one name for one system call.
#[derive(Debug)]
struct Sum<'c> {
    name: Name<'c>,
    number: u16,
    files: u64,
    calls: u64,
    bytes: u64,
    wall_ns: u64,
    on_cpu_ns: Option<u64>,
}

impl<'c> Sum<'c> {
    /// Of totals in the order of their paths.
    fn of(name: Name<'c>, number: u16, group: &[(Name<'c>, &'c FileTotal)]) -> Self {
        let totals = || group.iter().map(|(_, total)| *total);
        let mut paths: Vec<&str> = totals().filter_map(|total| total.path.as_deref()).collect();
        paths.dedup();
        Self {
            name,
            number,
            files: paths.len() as u64,
            calls: totals().map(|total| total.calls).sum(),
            bytes: totals().map(|total| total.bytes).sum(),
            wall_ns: totals().map(|total| total.wall_ns).sum(),
            on_cpu_ns: totals().map(|total| total.on_cpu_ns).sum(),
        }
    }

    fn cost(&self) -> (u64, u64) {
        (self.on_cpu_ns.unwrap_or(self.wall_ns), self.calls)
    }
}

/// The sums that are shown, the most CPU first, and how many there are in all.
struct Sums<'c> {
    dearest: Vec<Sum<'c>>,
    all: usize,
}

/// Sums by a name and the system call.
fn sums<'c>(costs: &'c FileCosts, name: impl Fn(&'c FileTotal) -> Option<Name<'c>>) -> Sums<'c> {
    let all = costs.totals.iter();
    let mut named: Vec<_> = all.filter_map(|one| Some((name(one)?, one))).collect();
    named.sort_unstable_by_key(|(name, total)| (*name, total.number, total.path.as_deref()));
    let mut sums = Sums {
        dearest: Vec::new(),
        all: 0,
    };
    let alike = |one: &(Name<'c>, &FileTotal), other: &(Name<'c>, &FileTotal)| {
        (one.0, one.1.number) == (other.0, other.1.number)
    };
    for group in named.chunk_by(alike) {
        let (name, first) = group[0];
        sums.all += 1;
        sums.dearest.push(Sum::of(name, first.number, group));
        if sums.dearest.len() > 2 * SHOWN {
            keep_dearest(&mut sums.dearest);
        }
    }
    keep_dearest(&mut sums.dearest);
    sums
}

fn keep_dearest(sums: &mut Vec<Sum<'_>>) {
    sums.sort_by_key(|sum| std::cmp::Reverse(sum.cost()));
    sums.truncate(SHOWN);
}

/// Files of which there is one for each cgroup or process go by their name.
fn kind(total: &FileTotal) -> Option<Name<'_>> {
    let Some(path) = total.path.as_deref() else {
        return Some(Name::of(UNKNOWN));
    };
    let rest = path.rsplit('/').next().unwrap_or(path);
    if below(path, CGROUPS).is_some() {
        let before = OF_CGROUPS;
        return Some(Name { before, rest });
    }
    let process = below(path, "/proc").and_then(|rest| rest.split('/').next());
    let before = OF_PROCESSES;
    Some(
        match process.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
            true => Name { before, rest },
            false => Name::of(path),
        },
    )
}

/// The first two folders of a cgroup's path.
fn subtree(path: &str) -> Option<Name<'_>> {
    let (folders, _) = below(path, CGROUPS)?.rsplit_once('/').unwrap_or(("/", ""));
    let end = folders.match_indices('/').nth(1);
    Some(Name::of(end.map_or(folders, |(end, _)| &folders[..end])))
}

fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn table(what: &str, sums: &Sums<'_>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        what, "syscall", "files", "calls", "bytes", "total", "on CPU", "blocked", "each",
    ]);
    for sum in &sums.dearest {
        table.add_row(cells(sum));
    }
    for column in 2..9 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let more = match sums.all.saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {} more\n", grouped(more as u64)),
    };
    format!("{}\n{more}", table.trim_fmt())
}

fn cells(sum: &Sum<'_>) -> [String; 9] {
    let time = |ns: Option<u64>| ns.map_or_else(|| "-".to_owned(), |ns| Nanos(ns).to_string());
    let blocked = sum
        .on_cpu_ns
        .map(|on_cpu| sum.wall_ns.saturating_sub(on_cpu));
    [
        format!("{}{}", sum.name.before, printable(sum.name.rest)),
        call_name(sum.number),
        grouped(sum.files),
        grouped(sum.calls),
        Bytes(sum.bytes).to_string(),
        time(Some(sum.wall_ns)),
        time(sum.on_cpu_ns),
        time(blocked),
        time(sum.wall_ns.checked_div(sum.calls)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(path: &str) -> FileTotal {
        FileTotal {
            path: Some(path.into()),
            calls: 2,
            on_cpu_ns: Some(10),
            ..FileTotal::default()
        }
    }

    #[test]
    fn files_of_cgroups_and_processes_go_by_their_name() {
        let kind = |path| {
            let total = total(path);
            let name = kind(&total).unwrap();
            format!("{}{}", name.before, name.rest)
        };
        assert_eq!(
            kind("/sys/fs/cgroup/a/b/memory.stat"),
            "/sys/fs/cgroup/…/memory.stat"
        );
        assert_eq!(kind("/proc/17/task/18/stat"), "/proc/PID/…/stat");
        assert_eq!(kind("/proc/meminfo"), "/proc/meminfo");
        assert_eq!(kind("/proc/self/stat"), "/proc/self/stat");
        assert_eq!(kind("/sys/fs/cgroups/x"), "/sys/fs/cgroups/x");
    }

    #[test]
    fn a_subtree_is_two_folders_deep() {
        let subtree = |path| subtree(path).map_or("", |name| name.rest);
        assert_eq!(
            subtree("/sys/fs/cgroup/kubepods/burstable/pod1/cpu.stat"),
            "kubepods/burstable"
        );
        assert_eq!(subtree("/sys/fs/cgroup/cpu.stat"), "/");
        assert_eq!(subtree("/etc/hosts"), "");
    }

    #[test]
    fn sums_are_sorted_by_cpu_and_count_files_once() {
        let costs = FileCosts {
            totals: vec![
                total("/etc/hosts"),
                total("/sys/fs/cgroup/a/memory.stat"),
                total("/sys/fs/cgroup/b/memory.stat"),
                total("/sys/fs/cgroup/b/memory.stat"),
            ],
            ..FileCosts::default()
        };
        let sums = sums(&costs, kind);
        let sum = &sums.dearest[0];
        assert_eq!(
            (sum.name.before, sum.name.rest),
            (OF_CGROUPS, "memory.stat")
        );
        assert_eq!(sums.all, 2);
        assert_eq!((sum.calls, sum.files, sum.on_cpu_ns), (6, 2, Some(30)));
    }
}
