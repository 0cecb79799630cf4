//! All tasks of a node looked at again and again through the kernel's task iterator: one read
//! brings every thread with all its counters, however many of them ran.

mod process;
mod split;
mod thread;

use super::sampler::{Sample, Scope};
use super::ticks::ticks_per_second;
use super::used::TaskUse;
use crate::{Clock, CollectError};
use nodesleuth_model::{BootNanos, Nanos, Pid};
use nodesleuth_trace::{TaskIterator, TaskRecord};
use process::Process;
use std::collections::BTreeMap;
use thread::Thread;

/// Where records of all threads come from.
pub(super) type Source = Box<dyn FnMut(&mut dyn FnMut(&TaskRecord)) -> Result<(), String>>;

/// Looks at tasks again and again.
pub(super) struct IteratedTasks<'a> {
    source: Source,
    clock: &'a dyn Clock,
    scope: Scope,
    tick: Nanos,
    previous: Option<BootNanos>,
    /// By ascending id, as of the last sample.
    threads: Vec<Thread>,
    processes: BTreeMap<u32, Process>,
}

impl std::fmt::Debug for IteratedTasks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IteratedTasks")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl<'a> IteratedTasks<'a> {
    /// Asks the kernel for its iterator.
    ///
    /// # Errors
    /// Why there is none here, in words.
    pub(super) fn open(clock: &'a dyn Clock, scope: Scope) -> Result<Self, String> {
        let mut iterator = TaskIterator::open()?;
        let source = Box::new(move |each: &mut dyn FnMut(&TaskRecord)| iterator.read(each));
        let tick = Nanos(1_000_000_000 / ticks_per_second());
        Ok(Self::with(source, clock, scope, tick))
    }

    fn with(source: Source, clock: &'a dyn Clock, scope: Scope, tick: Nanos) -> Self {
        Self {
            source,
            clock,
            scope,
            tick,
            previous: None,
            threads: Vec::new(),
            processes: BTreeMap::new(),
        }
    }

    /// Looks once. The first sample is what the second one is compared with.
    ///
    /// # Errors
    /// When the kernel breaks off.
    pub(super) fn sample(&mut self) -> Result<Sample, CollectError> {
        let at = self.clock.boot();
        let records = self.records()?;
        let age = Age {
            tick: self.tick,
            previous: self.previous,
        };
        self.threads = thread::next(std::mem::take(&mut self.threads), &records, age);
        process::next(&mut self.processes, &records, &self.threads, age);
        let since = self.previous.replace(at);
        Ok(Sample {
            at,
            since: since.map(|previous| at.since(previous)),
            processes: self.processes.len(),
            threads: self.threads.len(),
            denied: 0,
        })
    }

    fn records(&mut self) -> Result<Vec<TaskRecord>, CollectError> {
        let scope = self.scope;
        let mut records = Vec::with_capacity(self.threads.len());
        let read = (self.source)(&mut |record| {
            if scope == Scope::Node || scope == Scope::Process(Pid(record.pid)) {
                records.push(*record);
            }
        });
        read.map_err(CollectError::NoProcesses)?;
        records.sort_unstable_by_key(|record| record.tid);
        // A thread that changed its id while it was gone over (it has executed a program) can be
        // there twice.
        records.dedup_by_key(|record| record.tid);
        Ok(records)
    }

    /// The threads that ran between the last two samples.
    pub(super) fn threads_that_ran(&self) -> impl Iterator<Item = TaskUse<'_>> {
        let threads = self.threads.iter().filter(|thread| thread.ran);
        threads.map(Thread::shown)
    }

    /// The processes that ran between the last two samples. Their CPU time includes threads that
    /// ended; waiting and switches are those of the threads that are there.
    pub(super) fn processes_that_ran(&self) -> impl Iterator<Item = TaskUse<'_>> {
        let processes = self.processes.iter();
        processes.filter_map(|(pid, process)| process.shown(Pid(*pid)))
    }
}

/// What tells whether a task is new.
#[derive(Clone, Copy, Debug)]
struct Age {
    tick: Nanos,
    previous: Option<BootNanos>,
}

impl Age {
    /// Whether a task with this start began after the previous sample.
    fn is_new(self, start_ns: u64) -> bool {
        self.previous.is_some_and(|previous| start_ns >= previous.0)
    }
}

/// A name up to its NUL, if it is not the one that is there.
fn rename(name: &mut String, comm: &[u8; 16]) {
    let end = comm.iter().position(|byte| *byte == 0).unwrap_or(16);
    if name.as_bytes() != &comm[..end] {
        *name = String::from_utf8_lossy(&comm[..end]).into_owned();
    }
}

#[cfg(test)]
mod tests;
