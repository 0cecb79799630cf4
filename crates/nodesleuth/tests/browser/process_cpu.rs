//! CPU time of a process with its descendants, from `/proc`.

use std::collections::{HashMap, HashSet};
use std::fs;

use nix::unistd::{Pid, SysconfVar, sysconf};

/// One process, as its `stat` file says.
struct Stat {
    parent: i32,
    /// In ticks, those of ended children included.
    cpu: f64,
}

/// CPU seconds since they were started; children that ended and were waited for are included.
pub(crate) fn of_tree(root: Pid) -> f64 {
    let all = all();
    let mut tree = HashSet::from([root.as_raw()]);
    // As often as the tree may be deep.
    for _ in 0..8 {
        let children = all.iter().filter(|(_, stat)| tree.contains(&stat.parent));
        let children: Vec<i32> = children.map(|(pid, _)| *pid).collect();
        tree.extend(children);
    }
    let ticks: f64 = tree
        .iter()
        .filter_map(|pid| all.get(pid))
        .map(|s| s.cpu)
        .sum();
    let second = sysconf(SysconfVar::CLK_TCK).ok().flatten();
    ticks / second.expect("the kernel counts in ticks") as f64
}

fn all() -> HashMap<i32, Stat> {
    let entries = fs::read_dir("/proc").expect("/proc is there").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| Some((pid, stat(pid)?)))
        .collect()
}

/// `None` for one that has just ended.
fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, brackets too.
    let (_, after_name) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let number = |field: usize| fields.get(field)?.parse::<i32>().ok();
    // state, ppid, …; utime, stime, cutime and cstime are the 14th to 17th of the file.
    let cpu: Option<f64> = (11..15).map(|field| number(field).map(f64::from)).sum();
    Some(Stat {
        parent: number(1)?,
        cpu: cpu?,
    })
}
