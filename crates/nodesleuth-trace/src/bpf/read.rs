//! Reads what the programs have counted.

use super::layout;
use super::{map, refusal};
use crate::{Child, ErrorCount, Figures, InFlight, Lost, Record, Split, Total, children};
use aya::Ebpf;
use aya::maps::{HashMap, MapError, PerCpuArray, PerCpuHashMap};
use std::collections::{BTreeMap, BTreeSet};

/// What a CPU has counted; see `struct counters`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) node_calls: u64,
    pub(super) lost: Lost,
}

pub(super) fn counters(ebpf: &Ebpf) -> Result<Counted, String> {
    let read = || -> Result<Counted, MapError> {
        let map = PerCpuArray::<_, [u64; layout::COUNTERS]>::try_from(map(ebpf, "cpu_counters")?)?;
        let mut sum = Counted::default();
        for &[
            _,
            seen,
            produced,
            dropped,
            untracked,
            unsummed,
            foreign,
            unfollowed,
            ..,
        ] in map.get(&0, 0)?.iter()
        {
            sum.node_calls += seen;
            sum.lost.produced += produced;
            sum.lost.dropped += dropped;
            sum.lost.untracked_calls += untracked;
            sum.lost.unsummed += unsummed;
            sum.lost.by_32_bit += foreign;
            sum.lost.unfollowed += unfollowed;
        }
        Ok(sum)
    };
    read().map_err(|error| refusal::reason("reading counters", &error))
}

pub(super) fn figures(ebpf: &Ebpf, split: Split) -> Result<Figures, String> {
    let read = || -> Result<Figures, MapError> {
        let mut totals = process_totals(ebpf)?;
        if split != Split::Together {
            // What parts were counted for stands there; only calls that nobody saw begin are
            // counted for the process alone.
            totals.extend(part_totals(ebpf)?);
        }
        Ok(Figures::Counted {
            totals,
            errors: errors(ebpf)?,
        })
    };
    read().map_err(|error| refusal::reason("reading the counts", &error))
}

fn process_totals(ebpf: &Ebpf) -> Result<Vec<Total>, MapError> {
    let map = PerCpuArray::<_, [u64; layout::STATISTICS]>::try_from(map(ebpf, "totals")?)?;
    let mut totals = Vec::new();
    for number in 0..layout::SYSCALLS - 1 {
        let cpus = map.get(&u32::from(number), 0)?;
        totals.push(layout::total(None, number, cpus.iter()));
    }
    totals.retain(|total| total.calls + total.unreturned + total.began_before > 0);
    Ok(totals)
}

fn part_totals(ebpf: &Ebpf) -> Result<Vec<Total>, MapError> {
    let map =
        HashMap::<_, [u8; 8], [u64; layout::STATISTICS]>::try_from(map(ebpf, "part_totals")?)?;
    let mut totals = Vec::new();
    for entry in map.iter() {
        let (key, words) = entry?;
        let (part, number) = layout::part_key(&key);
        let number = u16::try_from(number).unwrap_or(layout::SYSCALLS);
        totals.push(layout::total(Some(part), number, [&words]));
    }
    totals.sort_by_key(|total| (total.part, total.number));
    Ok(totals)
}

fn errors(ebpf: &Ebpf) -> Result<Vec<ErrorCount>, MapError> {
    let map = PerCpuHashMap::<_, [u8; 8], u64>::try_from(map(ebpf, "errors")?)?;
    let mut errors = Vec::new();
    for entry in map.iter() {
        let (key, cpus) = entry?;
        let (part, number, error) = layout::error_key(&key);
        errors.push(ErrorCount {
            part: (part != 0).then_some(part),
            number,
            error,
            count: cpus.iter().sum(),
        });
    }
    errors.sort_by_key(|error| (error.part, error.number, error.error));
    Ok(errors)
}

/// The processes that were started and did anything: those that have ended, then the others.
pub(super) fn children(ebpf: &Ebpf) -> Result<Vec<Child>, String> {
    let read = || -> Result<Vec<Child>, MapError> {
        let ended = HashMap::<_, u32, [u8; 16]>::try_from(map(ebpf, "last_names")?)?;
        let living = HashMap::<_, u32, u32>::try_from(map(ebpf, "descendants")?)?;
        let ended = ended.iter().collect::<Result<BTreeMap<_, _>, _>>()?;
        let living = living.keys().collect::<Result<BTreeSet<_>, _>>()?;
        let all: BTreeSet<u32> = ended.keys().copied().chain(living).collect();
        Ok(children::named(all, &|tgid| {
            ended.get(&tgid).map(|name| text(name))
        }))
    };
    read().map_err(|error| refusal::reason("reading the processes started", &error))
}

/// Up to the NUL.
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// The last calls of threads, those of CPUs first.
fn states(ebpf: &Ebpf) -> Result<Vec<layout::RecordBytes>, MapError> {
    let running = PerCpuArray::<_, layout::RecordBytes>::try_from(map(ebpf, "running")?)?;
    let threads = HashMap::<_, u32, layout::RecordBytes>::try_from(map(ebpf, "threads")?)?;
    let mut states: Vec<_> = running.get(&0, 0)?.iter().copied().collect();
    for entry in threads.iter() {
        states.push(entry?.1);
    }
    Ok(states)
}

/// Calls that had not returned at `end_ns`. Threads that were not seen to do anything are in the
/// calls of `before`, if in any.
pub(super) fn in_flight(
    ebpf: &Ebpf,
    (before, end_ns): (Vec<InFlight>, u64),
    each: &mut dyn FnMut(&Record<'_>),
) -> Result<Vec<InFlight>, String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for mut state in
        states(ebpf).map_err(|error| refusal::reason("reading calls in flight", &error))?
    {
        let is_in_call = layout::close(&mut state, end_ns);
        if let Some(record) = layout::record(&state) {
            seen.insert(record.tid);
            if is_in_call {
                each(&record);
                found.push(InFlight::from(&record));
            }
        }
    }
    let unseen = |call: &InFlight| !seen.contains(&call.tid);
    let at_least = |call| InFlight {
        on_cpu_ns: Some(0),
        ..call
    };
    found.extend(before.into_iter().filter(unseen).map(at_least));
    found.sort_by_key(|call| call.tid);
    Ok(found)
}
