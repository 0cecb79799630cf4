//! One process from sample to sample: its threads, living and ended, added up as `/proc/PID/stat`
//! does.

use super::split::Split;
use super::thread::Thread;
use super::{Age, rename};
use crate::tasks::used::{Counters, TaskUse, Used};
use nodesleuth_model::{Nanos, Pid, Ticks};
use nodesleuth_trace::TaskRecord;
use std::collections::BTreeMap;

/// One process.
#[derive(Debug)]
pub(super) struct Process {
    start_ns: u64,
    start: Ticks,
    comm: String,
    split: Split,
    counters: Counters,
    used: Used,
}

/// User, system and exact time of a process, and its first thread.
#[derive(Clone, Copy, Debug, Default)]
struct Sums<'r> {
    user_ns: u64,
    system_ns: u64,
    on_cpu_ns: u64,
    first: Option<&'r TaskRecord>,
}

/// Brings the processes to the next sample, whose threads have been brought there already.
pub(super) fn next(
    processes: &mut BTreeMap<u32, Process>,
    records: &[TaskRecord],
    threads: &[Thread],
    age: Age,
) {
    let sums = sums(records);
    processes.retain(|pid, _| sums.contains_key(pid));
    for (pid, sums) in sums {
        let Some(first) = sums.first else { continue };
        let process = processes
            .entry(pid)
            .and_modify(|process| process.go_on(first, &sums, age))
            .or_insert_with(|| Process::of(first, &sums, age));
        (
            process.used.run_wait,
            process.used.voluntary,
            process.used.involuntary,
        ) = (Some(Nanos(0)), Some(0), Some(0));
    }
    for thread in threads.iter().filter(|thread| thread.ran) {
        if let Some(process) = processes.get_mut(&thread.pid) {
            process.add(&thread.used);
        }
    }
}

fn sums(records: &[TaskRecord]) -> BTreeMap<u32, Sums<'_>> {
    let mut sums: BTreeMap<u32, Sums<'_>> = BTreeMap::new();
    for record in records {
        let sum = sums.entry(record.pid).or_default();
        if sum.first.is_none() {
            [sum.user_ns, sum.system_ns, sum.on_cpu_ns] = record.ended_ns;
        }
        sum.user_ns = sum.user_ns.saturating_add(record.user_ns);
        sum.system_ns = sum.system_ns.saturating_add(record.system_ns);
        sum.on_cpu_ns = sum.on_cpu_ns.saturating_add(record.on_cpu_ns);
        // The thread that names the process stays until it ends.
        if record.tid == record.pid || sum.first.is_none() {
            sum.first = Some(record);
        }
    }
    sums
}

impl Process {
    /// A process that was not known before: all its life counts if it is that young.
    fn of(first: &TaskRecord, sums: &Sums<'_>, age: Age) -> Self {
        let mut process = Self {
            start_ns: first.start_ns,
            start: Ticks(first.start_ns / age.tick.0.max(1)),
            comm: String::new(),
            split: Split::default(),
            counters: Counters::ZERO,
            used: Used::NOTHING,
        };
        process.read(first, sums, age);
        if !age.is_new(first.start_ns) {
            process.used = Used::NOTHING;
        }
        process
    }

    fn go_on(&mut self, first: &TaskRecord, sums: &Sums<'_>, age: Age) {
        if self.start_ns == first.start_ns {
            self.read(first, sums, age);
        } else {
            *self = Self::of(first, sums, age);
        }
    }

    fn read(&mut self, first: &TaskRecord, sums: &Sums<'_>, age: Age) {
        self.split = self
            .split
            .next(sums.user_ns, sums.system_ns, sums.on_cpu_ns);
        let counters = Counters {
            on_cpu: Some(Nanos(sums.on_cpu_ns)),
            ..self.split.counters(age.tick)
        };
        self.used = counters.since(&self.counters);
        self.counters = counters;
        rename(&mut self.comm, &first.comm);
    }

    /// What only threads know.
    fn add(&mut self, used: &Used) {
        let sum = |all: Option<u64>, more: Option<u64>| Some(all?.saturating_add(more?));
        let ns = |time: Option<Nanos>| time.map(|time| time.0);
        self.used.run_wait = sum(ns(self.used.run_wait), ns(used.run_wait)).map(Nanos);
        self.used.voluntary = sum(self.used.voluntary, used.voluntary);
        self.used.involuntary = sum(self.used.involuntary, used.involuntary);
    }

    /// As it is shown, if it ran.
    pub(super) fn shown(&self, pid: Pid) -> Option<TaskUse<'_>> {
        (!self.used.is_nothing()).then_some(TaskUse {
            pid,
            tid: None,
            comm: &self.comm,
            start: self.start,
            used: self.used,
        })
    }
}
