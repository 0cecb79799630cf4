//! Who is watched: the process that was asked for, or the busiest known agent.

use super::PidKind;
use super::busy::{self, Busy};
use super::process_table;
use super::similar::similar;
use crate::{Cancel, Clock, CollectError, Node, Options, Progress, TargetChoice};
use nodesleuth_model::agents;
use nodesleuth_model::evidence::{ChosenBy, ProcessStat, ProcessTable, Target};
use nodesleuth_model::{Cores, Pid};
use nodesleuth_parse::proc::pid_stat;

/// A process name that the kernel keeps is cut after so many bytes.
const COMM_BYTES: usize = 15;
/// So many of the busiest are shown when no known agent is hot.
const SHOWN: usize = 10;

/// Chooses the target: id, name, start and how it was chosen are filled in, nothing else.
///
/// A thread's id stands for its process. Where there is a choice, a short look at all processes
/// decides; we ourselves and our descendants are not candidates then.
///
/// # Errors
/// When nobody fits, or the process table is unreadable.
pub fn choose_target(
    node: &Node,
    clock: &dyn Clock,
    options: &Options,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Target, CollectError> {
    let look = || {
        progress.stage("looking for the busiest process");
        busy::look(node, clock, options.window, cancel)
    };
    match &options.target {
        TargetChoice::Pid(pid) => by_pid(node, *pid),
        TargetChoice::Name(name) => by_name(node, name, look),
        TargetChoice::BusiestAgent => busiest_agent(look()?, options.hot_cores),
    }
}

fn by_pid(node: &Node, pid: Pid) -> Result<Target, CollectError> {
    let pid = match PidKind::of(node, pid) {
        PidKind::ThreadOf(process) => process,
        PidKind::Process | PidKind::Nobody => pid,
    };
    let line = node.bytes(&format!("/proc/{pid}/stat"));
    let process = line.ok().and_then(|line| pid_stat::parse(&line, 0).ok());
    let process = process.ok_or(CollectError::NoSuchPid(pid))?;
    match is_zombie(&process) {
        true => Err(ended(&process)),
        false => Ok(target(&process, ChosenBy::Pid)),
    }
}

/// The processes of a name, as [`choose_target`] looks for them.
pub fn named(node: &Node, name: &str) -> Vec<Pid> {
    let table = process_table::read(node).unwrap_or_default();
    let candidates = not_ourselves(&table, std::process::id()).into_iter();
    let running = candidates.filter(|process| !is_zombie(process));
    let named = running.filter(|process| is_called(node, process, name));
    named.map(|process| process.pid).collect()
}

/// The first thread alone may be a zombie while others run.
fn is_zombie(process: &ProcessStat) -> bool {
    matches!(process.state, 'Z' | 'X') && process.threads <= 1
}

fn ended(process: &ProcessStat) -> CollectError {
    CollectError::Ended {
        pid: process.pid,
        parent: process.ppid,
    }
}

fn by_name(
    node: &Node,
    name: &str,
    look: impl FnOnce() -> Result<Vec<Busy>, CollectError>,
) -> Result<Target, CollectError> {
    let table =
        process_table::read(node).map_err(|missing| CollectError::NoProcesses(missing.reason))?;
    let candidates = not_ourselves(&table, std::process::id());
    let (zombies, named): (Vec<&ProcessStat>, Vec<&ProcessStat>) = candidates
        .iter()
        .copied()
        .filter(|process| is_called(node, process, name))
        .partition(|process| is_zombie(process));
    match named[..] {
        [] if !zombies.is_empty() => Err(ended(zombies[0])),
        [] => {
            let hint = similar(name, candidates.iter().map(|process| process.comm.as_str()));
            Err(CollectError::NoSuchName {
                name: name.to_owned(),
                hint,
            })
        }
        [only] => Ok(target(only, ChosenBy::Name)),
        [first, ..] => {
            let mut busiest_first = look()?.into_iter().map(|busy| busy.process);
            let is_named = |process: &ProcessStat| named.iter().any(|one| one.pid == process.pid);
            let busiest = busiest_first.find(is_named);
            Ok(target(busiest.as_ref().unwrap_or(first), ChosenBy::Name))
        }
    }
}

fn busiest_agent(busiest_first: Vec<Busy>, hot: Cores) -> Result<Target, CollectError> {
    let rank = |comm: &str| {
        agents::by_comm(comm)
            .and_then(|agent| agents::KNOWN.iter().position(|known| known == agent))
    };
    let best = busiest_first
        .iter()
        .filter(|busy| busy.cores >= hot)
        .filter_map(|busy| Some((busy, rank(&busy.process.comm)?)))
        .min_by(|(busy, rank), (other, other_rank)| {
            other
                .cores
                .0
                .total_cmp(&busy.cores.0)
                .then(rank.cmp(other_rank))
        });
    match best {
        Some((busy, _)) => Ok(target(&busy.process, ChosenBy::BusiestAgent)),
        None => Err(CollectError::NothingHot {
            busiest: busiest_first
                .into_iter()
                .filter(|busy| busy.cores.0 > 0.0)
                .take(SHOWN)
                .map(|busy| (busy.process.pid, busy.process.comm, busy.cores))
                .collect(),
        }),
    }
}

/// All but the process `own` and its descendants.
pub(super) fn not_ourselves(table: &ProcessTable, own: u32) -> Vec<&ProcessStat> {
    let mut ours = vec![Pid(own)];
    let mut next = 0;
    while let Some(&parent) = ours.get(next) {
        let children = table
            .processes
            .iter()
            .filter(|process| process.ppid == parent);
        let new: Vec<Pid> = children
            .map(|process| process.pid)
            .filter(|pid| !ours.contains(pid))
            .collect();
        ours.extend(new);
        next += 1;
    }
    table
        .processes
        .iter()
        .filter(|process| !ours.contains(&process.pid))
        .collect()
}

fn is_called(node: &Node, process: &ProcessStat, name: &str) -> bool {
    // What is unreadable, such as a kernel thread's executable, has no name either.
    if name.is_empty() {
        return false;
    }
    let cut = &name.as_bytes()[..name.len().min(COMM_BYTES)];
    process.comm.as_bytes() == cut || {
        let exe = node
            .link(&format!("/proc/{}/exe", process.pid))
            .unwrap_or_default();
        let path = exe.strip_suffix(" (deleted)").unwrap_or(&exe);
        path.rsplit('/').next().is_some_and(|file| file == name)
    }
}

fn target(process: &ProcessStat, chosen: ChosenBy) -> Target {
    Target {
        pid: process.pid,
        comm: process.comm.clone(),
        start: process.start,
        chosen,
        ..Target::default()
    }
}

#[cfg(test)]
mod tests;
