//! One thread from sample to sample.

use super::split::Split;
use super::{Age, rename};
use crate::tasks::used::{Counters, TaskUse, Used};
use nodesleuth_model::evidence::Switches;
use nodesleuth_model::{Nanos, Pid, Ticks};
use nodesleuth_trace::TaskRecord;

/// One thread.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) tid: u32,
    pub(super) pid: u32,
    /// Whether it ran since the sample before.
    pub(super) ran: bool,
    /// What it used since the sample before.
    pub(super) used: Used,
    start_ns: u64,
    start: Ticks,
    comm: String,
    split: Split,
    counters: Counters,
}

/// The threads of a sample, from those of the one before; both and the records by ascending id.
pub(super) fn next(before: Vec<Thread>, records: &[TaskRecord], age: Age) -> Vec<Thread> {
    let mut before = before.into_iter().peekable();
    let threads = records.iter().map(|record| {
        while before.next_if(|thread| thread.tid < record.tid).is_some() {}
        let same = |thread: &Thread| thread.is_of(record);
        match before.next_if(same) {
            Some(thread) => thread.go_on(record, age),
            None => Thread::of(record, age),
        }
    });
    threads.collect()
}

impl Thread {
    fn is_of(&self, record: &TaskRecord) -> bool {
        (self.tid, self.pid, self.start_ns) == (record.tid, record.pid, record.start_ns)
    }

    /// A thread that was not known before: all its life counts if it is that young.
    fn of(record: &TaskRecord, age: Age) -> Self {
        let mut thread = Self {
            tid: record.tid,
            pid: record.pid,
            ran: false,
            used: Used::NOTHING,
            start_ns: record.start_ns,
            start: Ticks(record.start_ns / age.tick.0.max(1)),
            comm: String::new(),
            split: Split::default(),
            counters: Counters::ZERO,
        };
        thread.read(record, age);
        if !age.is_new(record.start_ns) {
            (thread.ran, thread.used) = (false, Used::NOTHING);
        }
        thread
    }

    fn go_on(mut self, record: &TaskRecord, age: Age) -> Self {
        if self.stood_still(record) {
            (self.ran, self.used) = (false, Used::NOTHING);
        } else {
            self.read(record, age);
        }
        self
    }

    /// Whoever runs is put on a CPU and uses time there.
    fn stood_still(&self, record: &TaskRecord) -> bool {
        self.counters.on_cpu == Some(Nanos(record.on_cpu_ns))
            && self.counters.run_wait == Some(Nanos(record.run_wait_ns))
            && self.counters.switches == Some(switches(record))
    }

    fn read(&mut self, record: &TaskRecord, age: Age) {
        self.split = self
            .split
            .next(record.user_ns, record.system_ns, record.on_cpu_ns);
        let counters = Counters {
            on_cpu: Some(Nanos(record.on_cpu_ns)),
            run_wait: Some(Nanos(record.run_wait_ns)),
            switches: Some(switches(record)),
            ..self.split.counters(age.tick)
        };
        self.used = counters.since(&self.counters);
        self.counters = counters;
        self.ran = !self.used.is_nothing();
        rename(&mut self.comm, &record.comm);
    }

    /// As it is shown.
    pub(super) fn shown(&self) -> TaskUse<'_> {
        TaskUse {
            pid: Pid(self.pid),
            tid: Some(Pid(self.tid)),
            comm: &self.comm,
            start: self.start,
            used: self.used,
        }
    }
}

fn switches(record: &TaskRecord) -> Switches {
    Switches {
        voluntary: record.voluntary,
        involuntary: record.involuntary,
    }
}
