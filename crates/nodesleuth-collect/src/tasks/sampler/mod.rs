//! All tasks of a node, or of one process, looked at again and again for little CPU.
//!
//! What makes it cheap: a process whose CPU clock stands still is not looked at; a thread whose
//! `schedstat` stands still is not looked at further; files stay open and are read in place;
//! threads are listed again only when their number changed or one of them ended.

mod accounts;
mod folder;
mod process;
mod reads;
mod task;
#[cfg(test)]
mod tests;
mod whole;

use super::descriptors::Descriptors;
use super::ids;
use super::ticks::ticks_per_second;
use super::used::TaskUse;
use crate::{Clock, CollectError, Node};
use nodesleuth_model::{BootNanos, Nanos, Pid};
use nodesleuth_parse::proc::schedstat;
use process::Process;
use reads::Reads;
use std::io;
use task::Task;

/// So many tasks, those that have been put on a CPU most often, have their context switches read
/// at the start; the others' are unknown for the first interval in which they run. `status` is
/// the most expensive of the files, and most threads of a node have hardly ever run.
const SWITCHES_AT_START: usize = 256;
/// So many processes are asked whether this kernel keeps `schedstat`.
const ASKED_FOR_SCHEDSTAT: usize = 32;

/// Whose tasks are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's.
    Node,
    /// This process's.
    Process(Pid),
}

/// When a sample was taken and how much there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it began.
    pub at: BootNanos,
    /// Time since the sample before; none for the first one.
    pub since: Option<Nanos>,
    /// Processes looked at; 0 in the scope of one process when that has ended.
    pub processes: usize,
    /// Threads of those.
    pub threads: usize,
    /// Processes that we may not look at (`hidepid`).
    pub denied: usize,
}

/// Looks at tasks again and again.
pub struct TaskSampler<'a> {
    node: &'a Node,
    clock: &'a dyn Clock,
    scope: Scope,
    whole: bool,
    reads: Reads,
    processes: Vec<Process>,
    pids: Vec<u32>,
}

impl std::fmt::Debug for TaskSampler<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskSampler")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl<'a> TaskSampler<'a> {
    /// Of threads only: [`Self::threads_that_ran`].
    pub fn of_threads(node: &'a Node, clock: &'a dyn Clock, scope: Scope) -> Self {
        Self::with(node, clock, scope, false, Descriptors::raised())
    }

    /// Of processes too: also [`Self::processes_that_ran`].
    pub fn of_processes(node: &'a Node, clock: &'a dyn Clock, scope: Scope) -> Self {
        Self::with(node, clock, scope, true, Descriptors::raised())
    }

    fn with(
        node: &'a Node,
        clock: &'a dyn Clock,
        scope: Scope,
        whole: bool,
        descriptors: Descriptors,
    ) -> Self {
        let reads = Reads::new(descriptors, Nanos(1_000_000_000 / ticks_per_second()));
        Self {
            node,
            clock,
            scope,
            whole,
            reads,
            processes: Vec::new(),
            pids: Vec::new(),
        }
    }

    /// Looks once. The first sample is what the second one is compared with.
    ///
    /// # Errors
    /// When the process table cannot be read.
    pub fn sample(&mut self) -> Result<Sample, CollectError> {
        let at = self.clock.boot();
        self.list()?;
        if self.reads.previous.is_none() {
            self.reads.exact = self.schedstat_is_kept();
        }
        let denied = self.look();
        if self.reads.previous.is_none() {
            self.baseline_switches();
        }
        let since = self
            .reads
            .previous
            .replace(at)
            .map(|previous| at.since(previous));
        let threads = self
            .processes
            .iter()
            .map(|process| process.tasks.len())
            .sum();
        Ok(Sample {
            at,
            since,
            processes: self.processes.len(),
            threads,
            denied,
        })
    }

    /// The threads that ran between the last two samples.
    pub fn threads_that_ran(&self) -> impl Iterator<Item = TaskUse<'_>> {
        let processes = self.processes.iter().filter(|process| process.ran);
        processes.flat_map(|process| {
            process
                .tasks
                .iter()
                .filter(|task| task.ran)
                .map(|task| TaskUse {
                    pid: Pid(process.pid),
                    tid: Some(Pid(task.tid)),
                    comm: &task.comm,
                    start: task.start,
                    used: task.used(),
                })
        })
    }

    /// The processes that ran between the last two samples. Their CPU time includes threads that
    /// ended; waiting and switches are those of the threads that are there.
    pub fn processes_that_ran(&self) -> impl Iterator<Item = TaskUse<'_>> {
        let processes = self.processes.iter().filter(|process| process.ran);
        processes.filter_map(|process| {
            let (comm, start, used) = process.whole()?;
            Some(TaskUse {
                pid: Pid(process.pid),
                tid: None,
                comm,
                start,
                used,
            })
        })
    }

    fn list(&mut self) -> Result<(), CollectError> {
        match self.scope {
            Scope::Process(pid) => self.pids = vec![pid.0],
            Scope::Node => ids::list(&self.node.path("/proc"), &mut self.pids)
                .map_err(|error| CollectError::NoProcesses(format!("/proc: {error}")))?,
        }
        Ok(())
    }

    /// Looks at the known processes, then at the new ones; returns how many refuse.
    fn look(&mut self) -> usize {
        let Self {
            node,
            whole,
            reads,
            processes,
            pids,
            ..
        } = self;
        processes.retain_mut(|process| {
            pids.binary_search(&process.pid).is_ok() && process.update(node, reads).is_ok()
        });
        let mut denied = 0;
        let open = |pid| match Process::open(node, pid, *whole, reads) {
            Ok(process) => Some(process),
            Err(error) => {
                denied += usize::from(error.kind() == io::ErrorKind::PermissionDenied);
                None
            }
        };
        ids::reconcile(processes, pids, |process| process.pid, open);
        denied
    }

    /// Kernels without CONFIG_SCHED_INFO have no `schedstat`, others may print zeros for all.
    fn schedstat_is_kept(&self) -> bool {
        self.pids.iter().take(ASKED_FOR_SCHEDSTAT).any(|pid| {
            let bytes = self.node.bytes(&format!("/proc/{pid}/schedstat"));
            let numbers = bytes.ok().and_then(|bytes| schedstat::parse(&bytes).ok());
            numbers.is_some_and(|numbers| numbers.timeslices > 0)
        })
    }

    fn baseline_switches(&mut self) {
        let tasks = self.processes.iter().flat_map(|process| &process.tasks);
        let mut timeslices: Vec<u64> = tasks.map(|task| task.timeslices).collect();
        let mut left = SWITCHES_AT_START;
        let cut = match timeslices.len().checked_sub(left + 1) {
            Some(index) => *timeslices.select_nth_unstable(index).1,
            None => 0,
        };
        // Those above the cut first, then those on it while there are any left to choose.
        for chosen in [
            |slices: u64, cut: u64| slices > cut,
            |slices, cut| slices == cut,
        ] {
            for process in &mut self.processes {
                let chosen = |task: &Task| chosen(task.timeslices, cut);
                process.baseline_switches(self.node, chosen, &mut left, &mut self.reads);
            }
        }
    }
}
