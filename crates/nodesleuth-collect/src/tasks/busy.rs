//! How busy every process is right now: two looks at the process table, a moment apart.

use super::choose::not_ourselves;
use super::process_table;
use super::ticks::ticks_per_second;
use crate::{Cancel, Clock, CollectError, Node};
use nodesleuth_model::Cores;
use nodesleuth_model::evidence::{ProcessStat, ProcessTable};
use std::time::Duration;

/// A look takes this part of the window, and never longer than a second.
const PART_OF_WINDOW: u32 = 5;
const LONGEST: Duration = Duration::from_secs(1);
/// How often the user's wish to stop is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// One process and the CPU that it used during the look.
#[derive(Clone, Debug)]
pub(crate) struct Busy {
    pub(crate) process: ProcessStat,
    pub(crate) cores: Cores,
}

/// All processes but ourselves and our descendants, the busiest first.
pub(crate) fn look(
    node: &Node,
    clock: &dyn Clock,
    window: Duration,
    cancel: &Cancel,
) -> Result<Vec<Busy>, CollectError> {
    let table =
        || process_table::read(node).map_err(|missing| CollectError::NoProcesses(missing.reason));
    let began = clock.boot();
    let before = table()?;
    let mut left = LONGEST.min(window / PART_OF_WINDOW);
    while !left.is_zero() && !cancel.requested() {
        let step = left.min(LOOK_EVERY);
        clock.wait(step);
        left -= step;
    }
    let seconds = clock.boot().since(began).seconds();
    Ok(compare(&before, &table()?, seconds))
}

fn compare(before: &ProcessTable, after: &ProcessTable, seconds: f64) -> Vec<Busy> {
    let earlier = |process: &ProcessStat| {
        let found = before
            .processes
            .binary_search_by_key(&process.pid, |known| known.pid);
        let known = found.ok().and_then(|index| before.processes.get(index));
        known.filter(|known| known.start == process.start)
    };
    let used = |process: &ProcessStat| match earlier(process) {
        Some(known) => process.own().0.saturating_sub(known.own().0),
        // It began during the look: all its time counts.
        None => process.own().0,
    };
    let per_core = seconds * ticks_per_second() as f64;
    let cores = |ticks: u64| {
        if per_core > 0.0 {
            ticks as f64 / per_core
        } else {
            0.0
        }
    };
    let mut busy: Vec<Busy> = not_ourselves(after, std::process::id())
        .into_iter()
        .map(|process| Busy {
            cores: Cores(cores(used(process))),
            process: process.clone(),
        })
        .collect();
    busy.sort_by(|one, other| other.cores.0.total_cmp(&one.cores.0));
    busy
}
