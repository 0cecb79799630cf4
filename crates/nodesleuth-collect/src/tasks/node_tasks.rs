//! The tasks of a node by the best way there is: the kernel's iterator, or `/proc`.

use super::iterated::IteratedTasks;
use super::sampler::{Sample, Scope, TaskSampler};
use super::used::TaskUse;
use crate::cpu_time::of_this_thread;
use crate::{Clock, CollectError, Node};
use nodesleuth_model::Nanos;
use std::time::Duration;

/// Whether threads are shown or processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Each thread.
    Threads,
    /// Each process as one.
    Processes,
}

/// A way to look at tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEngine {
    /// The kernel's task iterator: one read for all threads.
    Iterator,
    /// The files of `/proc`.
    Proc,
}

/// Looks at tasks again and again.
#[derive(Debug)]
pub struct NodeTasks<'a> {
    grain: Grain,
    looks: Looks<'a>,
}

#[derive(Debug)]
enum Looks<'a> {
    Iterated(IteratedTasks<'a>),
    Files(Box<TaskSampler<'a>>),
}

impl<'a> NodeTasks<'a> {
    /// By one way and no other.
    ///
    /// # Errors
    /// Why that does not work here, in words.
    pub fn by(
        engine: TaskEngine,
        node: &'a Node,
        clock: &'a dyn Clock,
        (scope, grain): (Scope, Grain),
    ) -> Result<Self, String> {
        let looks = match engine {
            TaskEngine::Iterator if !node.is_live() => {
                return Err("it is no live node".to_owned());
            }
            TaskEngine::Iterator => Looks::Iterated(IteratedTasks::open(clock, scope)?),
            TaskEngine::Proc => Looks::Files(Box::new(match grain {
                Grain::Threads => TaskSampler::of_threads(node, clock, scope),
                Grain::Processes => TaskSampler::of_processes(node, clock, scope),
            })),
        };
        Ok(Self { grain, looks })
    }

    /// Looks once. The first sample is what the second one is compared with.
    ///
    /// # Errors
    /// When there is nothing to be read.
    pub fn sample(&mut self) -> Result<Sample, CollectError> {
        match &mut self.looks {
            Looks::Iterated(tasks) => tasks.sample(),
            Looks::Files(tasks) => tasks.sample(),
        }
    }

    /// What ran between the last two samples.
    pub fn that_ran(&self) -> Vec<TaskUse<'_>> {
        match (&self.looks, self.grain) {
            (Looks::Iterated(tasks), Grain::Threads) => tasks.threads_that_ran().collect(),
            (Looks::Iterated(tasks), Grain::Processes) => tasks.processes_that_ran().collect(),
            (Looks::Files(tasks), Grain::Threads) => tasks.threads_that_ran().collect(),
            (Looks::Files(tasks), Grain::Processes) => tasks.processes_that_ran().collect(),
        }
    }
}

/// CPU that looking took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookCost {
    /// Until the first look was done.
    pub start: Nanos,
    /// Each look after it.
    pub looks: Vec<Nanos>,
}

/// What it costs to look so many times at all threads, with a pause before each look.
///
/// # Errors
/// When that way does not work here.
pub fn look_cost(
    engine: TaskEngine,
    (node, clock): (&Node, &dyn Clock),
    (count, pause): (usize, Duration),
) -> Result<LookCost, String> {
    let began = of_this_thread();
    let since = |began: Nanos| Nanos(of_this_thread().0.saturating_sub(began.0));
    let mut tasks = NodeTasks::by(engine, node, clock, (Scope::Node, Grain::Threads))?;
    let mut look = || tasks.sample().map_err(|error| error.to_string());
    look()?;
    let start = since(began);
    let mut looks = Vec::new();
    for _ in 0..count {
        clock.wait(pause);
        let began = of_this_thread();
        look()?;
        looks.push(since(began));
    }
    Ok(LookCost { start, looks })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{FakeClock, FakeNode};

    #[test]
    fn of_a_recorded_node_there_is_no_iterator() {
        let (fake, clock) = (FakeNode::new(), FakeClock::new());
        let whose = (Scope::Node, Grain::Threads);
        let refused = NodeTasks::by(TaskEngine::Iterator, &fake.node, &clock, whose);
        assert_eq!(refused.unwrap_err(), "it is no live node");
        assert!(NodeTasks::by(TaskEngine::Proc, &fake.node, &clock, whose).is_ok());
    }
}
