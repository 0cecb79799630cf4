//! One collection: choose the target, start every collector, wait for the window, finish them.

use crate::own_cost::Meter;
use crate::started::Started;
use crate::window_stacks::{self, Sampling};
use crate::{Cancel, Clock, Ctx, DebugPages, Node, Progress, TracePlan, profiles, tasks, window};
use nodesleuth_model::evidence::{ClockAnchor, Target, WindowSpan};
use nodesleuth_model::{Cores, Evidence, Observed, Pid};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

/// What to collect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Length of the window.
    pub window: Duration,
    /// Who to watch.
    pub target: TargetChoice,
    /// Addresses or files of profiles.
    pub profiles: Vec<String>,
    /// What else is asked of the first of these that is an address, after the window.
    pub debug_pages: DebugPages,
    /// Our own binary, for reads that need a process of their own.
    pub read_child: Option<PathBuf>,
    /// Kernel time that possibly slow reads may cost in all.
    pub slow_read_budget: Duration,
    /// How many samples of the target's stacks are taken a second and CPU; `None`: none.
    pub stacks_hz: Option<u32>,
    /// Whether and how long system calls are counted after the window.
    pub trace: TracePlan,
    /// From how many cores on a process counts as hot.
    pub hot_cores: Cores,
}

/// Who to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetChoice {
    /// This process.
    Pid(Pid),
    /// The busiest process of this name.
    Name(String),
    /// The busiest known node agent that is hot.
    BusiestAgent,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The evidence.
    pub evidence: Evidence,
    /// Raw profiles: file name in the bundle and bytes.
    pub profiles: Vec<(String, Vec<u8>)>,
}

/// Why nothing could be collected at all.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// `--pid` names nobody.
    #[error("there is no process {0}")]
    NoSuchPid(Pid),
    /// `--name` names nobody.
    #[error("no process is called {name:?}{hint}")]
    NoSuchName {
        /// As given.
        name: String,
        /// Similar names that exist, as "; similar: …", or nothing.
        hint: String,
    },
    /// No known agent burns CPU.
    #[error("no known node agent is hot")]
    NothingHot {
        /// The busiest processes, most cores first, for the caller to show.
        busiest: Vec<(Pid, String, Cores)>,
    },
    /// The node's process table cannot be read.
    #[error("cannot read the process table: {0}")]
    NoProcesses(String),
    /// The process is a zombie: there is nothing left to watch.
    #[error("process {pid} has ended and waits for its parent {parent} to notice")]
    Ended {
        /// As given, or found by its name.
        pid: Pid,
        /// Who has not waited for it.
        parent: Pid,
    },
    /// A file that was named as a profile is not one.
    #[error("cannot use the profile {path}: {reason}")]
    UnusableProfile {
        /// As given, without what may be a login.
        path: String,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        help: String,
    },
}

/// Collects evidence about one target of this node.
///
/// # Errors
/// Only when there is no target or a profile's file is of no use, both before the window;
/// everything else that fails is part of the evidence.
pub fn collect(
    node: &Node,
    clock: &dyn Clock,
    options: &Options,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Collected, CollectError> {
    let meter = Meter::start(clock);
    let profiles = profiles::prepare(&options.profiles)?;
    progress.stage("choosing the target");
    let target = tasks::choose_target(node, clock, options, cancel, progress)?;
    let ctx = Ctx {
        node,
        clock,
        target: Some(target.pid),
        window: options.window,
        cancel,
        read_child: options.read_child.clone(),
        slow_read_budget: options.slow_read_budget,
        stacks_hz: options.stacks_hz,
        trace: options.trace,
    };
    let mut collected = watch(&ctx, target, profiles, progress, &meter);
    profiles::debug_pages::add(&options.profiles, options.debug_pages, &mut collected);
    Ok(collected)
}

/// Watches the chosen target for the window and looks at the node afterwards.
fn watch(
    ctx: &Ctx<'_>,
    target: Target,
    profiles: Vec<profiles::Wanted>,
    progress: &dyn Progress,
    meter: &Meter,
) -> Collected {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let sampling = window_stacks::start(scope, ctx, &stop);
        watch_sampled(ctx, target, (profiles, sampling), progress, meter)
    })
}

fn watch_sampled(
    ctx: &Ctx<'_>,
    target: Target,
    (profiles, sampling): (Vec<profiles::Wanted>, Option<Sampling<'_>>),
    progress: &dyn Progress,
    meter: &Meter,
) -> Collected {
    let start = target.start;
    let mut evidence = Evidence::default();
    evidence.tool = format!("nodesleuth {}", env!("CARGO_PKG_VERSION"));
    evidence.clock = ClockAnchor {
        boot: ctx.clock.boot(),
        utc_unix_nanos: ctx.clock.utc_unix_nanos(),
    };
    evidence.target = Observed::Value(target);
    progress.stage("watching");
    let window_meter = Meter::start(ctx.clock);
    let opened = ctx.clock.boot();
    let pending = profiles::start(profiles, ctx.window, ctx.clock);
    let started = Started::all(ctx, &mut evidence);
    let ended = window::wait(ctx, start, progress);
    evidence.window = WindowSpan {
        opened,
        closed: ctx.clock.boot(),
        requested_seconds: ctx.window.as_secs_f64(),
        ended,
    };
    let window_use = window_meter.so_far(ctx.clock);
    progress.stage("reading the node");
    let stacks = sampling.and_then(|sampling| sampling.finish(&mut evidence));
    started.finish(&mut evidence);
    if !pending.is_empty() {
        progress.stage("waiting for the profile");
    }
    let mut profiles = profiles::finish(pending, ctx.window, ctx.cancel, &mut evidence);
    profiles.extend(stacks);
    let cost = meter.finish(ctx.clock, window_use, &mut evidence);
    evidence.own_cost = Observed::Value(cost);
    Collected { evidence, profiles }
}

#[cfg(test)]
mod tests;
