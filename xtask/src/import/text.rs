//! Reading a capture's files, and the few shapes of text that only captures have.

use std::fs;
use std::path::Path;

use nodesleuth_model::evidence::{
    CgroupVersion, DyingCount, Hierarchy, Host, ProcessStat, ProcessTable,
};
use nodesleuth_model::{BootNanos, Nanos, Observed, Pid, Reading, Ticks, Window};
use nodesleuth_parse::proc::cgroups::Controller;
use nodesleuth_parse::proc::uname;

use super::window;
use crate::failure::{Failure, Result, While};

/// Ticks per second of every kernel that was captured.
pub(super) const TICKS_PER_SECOND: u64 = 100;

pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).doing(|| format!("reading {}", path.display()))
}

/// A parsed file of a capture.
pub(super) fn parsed<T, E: std::fmt::Display>(
    path: &Path,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<T> {
    parse(&read(path)?).doing(|| format!("understanding {}", path.display()))
}

/// Rows of a comma-separated file whose first column is `label`, without the header.
pub(super) fn rows(text: &str, label: &str) -> Vec<Vec<String>> {
    text.lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>())
        .filter(|cells| cells.first().is_some_and(|first| first == label))
        .collect()
}

/// The number in a cell.
pub(super) fn number(cells: &[String], column: usize) -> Result<f64> {
    let cell = cells.get(column).map(String::as_str).unwrap_or_default();
    cell.parse()
        .map_err(|_| Failure::new("understanding a row", format!("{cell:?} is not a number")))
}

/// What `uname.txt` and the kernels that were captured have in common.
pub(super) fn host(folder: &Path, uptime_seconds: f64) -> Result<Host> {
    let uname = parsed(&folder.join("uname.txt"), |text| {
        uname::parse(text.lines().next().unwrap_or_default())
    })?;
    Ok(Host {
        kernel_release: uname.release,
        kernel_version: uname.version,
        machine: uname.machine,
        ticks_per_second: TICKS_PER_SECOND,
        page_size: 4096,
        uptime: BootNanos(Nanos::from_seconds(uptime_seconds).0),
        ..Host::default()
    })
}

/// CPU of one process over a window, as it was noted: seconds in user mode and in the kernel.
pub(super) struct Used {
    pub(super) pid: u32,
    pub(super) comm: String,
    pub(super) user_seconds: f64,
    pub(super) kernel_seconds: f64,
    pub(super) threads: u32,
}

/// A process table at both ends of the window; the captures noted differences only, so the first
/// reading is zero.
pub(super) fn processes(used: &[Used], closed: f64, seconds: f64) -> Window<ProcessTable> {
    let span = window(closed, seconds);
    let ticks = |seconds: f64| Ticks((seconds * TICKS_PER_SECOND as f64).round() as u64);
    let table = |share: f64| ProcessTable {
        processes: used
            .iter()
            .map(|used| ProcessStat {
                pid: Pid(used.pid),
                comm: used.comm.clone(),
                state: 'S',
                utime: ticks(used.user_seconds * share),
                stime: ticks(used.kernel_seconds * share),
                threads: used.threads,
                ..ProcessStat::default()
            })
            .collect(),
        total: used.len() as u32,
        total_threads: used.iter().map(|used| used.threads).sum(),
    };
    Window {
        before: Reading {
            at: span.opened,
            value: table(0.0),
        },
        after: Reading {
            at: span.closed,
            value: table(1.0),
        },
    }
}

/// Hierarchies from `/proc/cgroups`, with directory counts where they were noted (`live`), else
/// taken as equal to the kernel's count.
pub(super) fn hierarchies(controllers: &[Controller], live: &[(&str, u64)]) -> Vec<Hierarchy> {
    let mounted = controllers
        .iter()
        .filter(|controller| controller.hierarchy > 0);
    mounted
        .map(|controller| {
            let noted = live.iter().find(|(name, _)| *name == controller.name);
            let directories = noted.map_or(controller.num_cgroups, |(_, count)| *count);
            let dying = controller.num_cgroups.saturating_sub(directories);
            Hierarchy {
                controllers: vec![controller.name.clone()],
                version: CgroupVersion::V1,
                mount: format!("/sys/fs/cgroup/{}", controller.name),
                live: Observed::Value(directories),
                kernel_count: Observed::Value(controller.num_cgroups),
                dying: Observed::Value(DyingCount {
                    count: dying,
                    how: format!(
                        "{} counted by the kernel (/proc/cgroups) − {directories} directories",
                        controller.num_cgroups
                    ),
                    ..DyingCount::default()
                }),
                ..Hierarchy::default()
            }
        })
        .collect()
}
