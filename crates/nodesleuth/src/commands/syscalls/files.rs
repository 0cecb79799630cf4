//! The bill by file: by kind of file, by subtree of cgroups, and the most expensive single ones.

use super::row::call_name;
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Bytes, Nanos, printable};
use nodesleuth_trace::{FileCosts, FileMethod, FileTotal};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// So many rows of each table.
const SHOWN: usize = 15;
const CGROUPS: &str = "/sys/fs/cgroup";
const UNKNOWN: &str = "[unknown]";

pub(super) fn of(costs: &FileCosts) -> String {
    let mut text = format!("\nfiles, {}:\n", method(&costs.method));
    text.push_str(&table("kind of file", &sums(costs, kind)));
    let cgroups = sums(costs, |total| subtree(total.path.as_deref()?));
    if !cgroups.is_empty() {
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

fn single(total: &FileTotal) -> Option<Cow<'_, str>> {
    Some(total.path.as_deref().unwrap_or(UNKNOWN).into())
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

/// What is summed up under one name.
#[derive(Default)]
struct Sum<'c> {
    files: u64,
    /// The last one that was counted.
    last: Option<&'c str>,
    calls: u64,
    bytes: u64,
    wall_ns: u64,
    on_cpu_ns: Option<u64>,
}

type Sums<'c> = Vec<((Cow<'c, str>, u16), Sum<'c>)>;

/// Sums by a name and the system call; the most CPU first. Totals come in the order of their paths.
fn sums<'c>(
    costs: &'c FileCosts,
    name: impl Fn(&'c FileTotal) -> Option<Cow<'c, str>>,
) -> Sums<'c> {
    let mut sums: BTreeMap<(Cow<'c, str>, u16), Sum<'c>> = BTreeMap::new();
    for total in &costs.totals {
        let Some(name) = name(total) else { continue };
        let none = || Sum {
            on_cpu_ns: Some(0),
            ..Sum::default()
        };
        let sum = sums.entry((name, total.number)).or_insert_with(none);
        let path = total.path.as_deref();
        if path.is_some() && path != sum.last {
            sum.files += 1;
            sum.last = path;
        }
        sum.calls += total.calls;
        sum.bytes += total.bytes;
        sum.wall_ns += total.wall_ns;
        let known = sum.on_cpu_ns.zip(total.on_cpu_ns);
        sum.on_cpu_ns = known.map(|(sum, more)| sum + more);
    }
    let mut sums: Sums = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| {
        std::cmp::Reverse((sum.on_cpu_ns.unwrap_or(sum.wall_ns), sum.calls))
    });
    sums
}

/// Files of which there is one for each cgroup or process go by their name.
fn kind(total: &FileTotal) -> Option<Cow<'_, str>> {
    let Some(path) = total.path.as_deref() else {
        return Some(UNKNOWN.into());
    };
    let last = path.rsplit('/').next().unwrap_or(path);
    if below(path, CGROUPS).is_some() {
        return Some(format!("{CGROUPS}/…/{last}").into());
    }
    let process = below(path, "/proc").and_then(|rest| rest.split('/').next());
    match process.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        true => Some(format!("/proc/PID/…/{last}").into()),
        false => Some(path.into()),
    }
}

/// The first two folders of a cgroup's path.
fn subtree(path: &str) -> Option<Cow<'_, str>> {
    let (folders, _) = below(path, CGROUPS)?.rsplit_once('/').unwrap_or(("/", ""));
    let end = folders.match_indices('/').nth(1);
    Some(end.map_or(folders, |(end, _)| &folders[..end]).into())
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
    for ((name, number), sum) in sums.iter().take(SHOWN) {
        table.add_row(cells(name, *number, sum));
    }
    for column in 2..9 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let more = match sums.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {} more\n", grouped(more as u64)),
    };
    format!("{}\n{more}", table.trim_fmt())
}

fn cells(name: &str, number: u16, sum: &Sum<'_>) -> [String; 9] {
    let time = |ns: Option<u64>| ns.map_or_else(|| "-".to_owned(), |ns| Nanos(ns).to_string());
    let blocked = sum
        .on_cpu_ns
        .map(|on_cpu| sum.wall_ns.saturating_sub(on_cpu));
    [
        printable(name).into_owned(),
        call_name(number),
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
        let kind = |path| kind(&total(path)).unwrap().into_owned();
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
        let subtree = |path| subtree(path).unwrap_or_default();
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
        let ((name, _), sum) = &sums[0];
        assert_eq!(name, "/sys/fs/cgroup/…/memory.stat");
        assert_eq!((sum.calls, sum.files, sum.on_cpu_ns), (6, 2, Some(30)));
    }
}
