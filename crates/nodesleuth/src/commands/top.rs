//! `nodesleuth top`: what each process or thread used in each interval, and on average.

mod averages;
mod interval;
mod json;
mod row;
mod text;

use crate::args::Format;
use crate::failure::Failure;
use crate::output;
use averages::Averages;
use interval::Interval;
use nodesleuth_collect::tasks::{Grain, NodeTasks, PidKind, Scope, TaskEngine, TaskUse};
use nodesleuth_collect::{Cancel, Clock, CollectError, Node, SystemClock};
use nodesleuth_model::{BootNanos, Nanos, Pid};
use row::{Kind, Row, Table};
use std::io::{self, BufWriter, Write};
use std::time::Duration;

/// How often the user's wish to stop is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What each process or thread used: user, system, waiting for a CPU, context switches
///
/// Rows are sorted by CPU; what did not run has none. CPU and waiting are exact (nanoseconds);
/// user and system are kept by the kernel in ticks of 10 ms. "-" is unknown. Threads are read all
/// at once through the kernel's BPF task iterator (Linux 5.8, root), else from /proc: a line on
/// standard error then says why.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A row for each thread instead of each process
    #[arg(long)]
    threads: bool,

    /// Only this process
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pid: Option<u32>,

    /// Seconds between samples [default: one sample of 1 s]
    #[arg(value_name = "INTERVAL")]
    interval: Option<Interval>,

    /// How many samples [default: until interrupted]
    #[arg(value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,

    /// Read threads in this way and no other: iter (the kernel's task iterator) or proc
    /// [default: iter, where that is possible]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<Engine>,

    /// Format; json is one object a line
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// How tasks are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    Iter,
    Proc,
}

impl Engine {
    const fn name(self) -> &'static str {
        match self {
            Self::Iter => "iter",
            Self::Proc => "proc",
        }
    }
}

impl From<Engine> for TaskEngine {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Iter => Self::Iterator,
            Engine::Proc => Self::Proc,
        }
    }
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum TopError {
    /// `--pid` names nobody.
    #[error("there is no process {0}")]
    #[diagnostic(help("`nodesleuth top` without --pid shows all processes"))]
    NoSuchProcess(Pid),
    /// `--pid` names a thread.
    #[error("{tid} is a thread of process {pid}")]
    #[diagnostic(help("use --pid {pid} --threads"))]
    Thread {
        /// As given.
        tid: Pid,
        /// The process that it belongs to.
        pid: Pid,
    },
    /// `--pid` names a process that we may not look at.
    #[error("process {0} is hidden from us")]
    #[diagnostic(help("run as root"))]
    Denied(Pid),
    /// The engine asked for does not run here.
    #[error("--engine {}: {}", .0.name(), .1)]
    #[diagnostic(help("without --engine, /proc is read where the task iterator is not possible"))]
    Engine(Engine, String),
    /// The process table is unreadable.
    #[error(transparent)]
    #[diagnostic(help("is /proc mounted? in a container, share the node's PID namespace"))]
    Table(#[from] CollectError),
}

/// Prints to standard output until the samples are done or the user stops it.
///
/// # Errors
/// When there is no such process, the process table is unreadable, or the output cannot be
/// written.
pub(crate) fn run(args: &Args, cancel: &Cancel) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let watch = Watch {
        args,
        node: &Node::live(),
        clock: &SystemClock,
        cancel,
    };
    watch.run(&mut out)
}

/// What a run needs from outside.
struct Watch<'a> {
    args: &'a Args,
    node: &'a Node,
    clock: &'a dyn Clock,
    cancel: &'a Cancel,
}

impl Watch<'_> {
    fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let scope = self.scope()?;
        let mut tasks = self.tasks(scope)?;
        let first = tasks.sample().map_err(TopError::Table)?;
        if let (0, Scope::Process(pid)) = (first.processes, scope) {
            let why = match first.denied {
                0 => TopError::NoSuchProcess(pid),
                _ => TopError::Denied(pid),
            };
            return Err(why.into());
        }
        let mut averages = Averages::default();
        let target_is_gone = self.samples(&mut tasks, first.at, &mut averages, out)?;
        if self.args.interval.is_some() || self.args.output == Format::Json {
            let (length, rows) = (averages.length(), averages.rows());
            self.show(
                Table {
                    kind: Kind::Average,
                    length,
                    total: None,
                    rows,
                },
                out,
            )?;
        }
        if let (true, Scope::Process(pid)) = (target_is_gone, scope) {
            self.ended(pid, averages.length(), out)?;
        }
        Ok(out.flush()?)
    }

    /// The kernel's iterator, or `/proc` and the reason why.
    fn tasks(&self, scope: Scope) -> Result<NodeTasks<'_>, TopError> {
        let grain = match self.args.threads {
            true => Grain::Threads,
            false => Grain::Processes,
        };
        let by =
            |engine: Engine| NodeTasks::by(engine.into(), self.node, self.clock, (scope, grain));
        let forced = |engine| by(engine).map_err(|why| TopError::Engine(engine, why));
        match self.args.engine {
            Some(engine) => forced(engine),
            None => by(Engine::Iter).or_else(|why| {
                output::note(&format!("reading /proc, no task iterator: {why}\n"));
                forced(Engine::Proc)
            }),
        }
    }

    fn scope(&self) -> Result<Scope, TopError> {
        let Some(pid) = self.args.pid.map(Pid) else {
            return Ok(Scope::Node);
        };
        match PidKind::of(self.node, pid) {
            PidKind::ThreadOf(process) => Err(TopError::Thread {
                tid: pid,
                pid: process,
            }),
            PidKind::Process | PidKind::Nobody => Ok(Scope::Process(pid)),
        }
    }

    /// Shows one sample after the other; returns whether the only process watched has ended.
    fn samples(
        &self,
        tasks: &mut NodeTasks<'_>,
        first: BootNanos,
        averages: &mut Averages,
        out: &mut dyn Write,
    ) -> Result<bool, Failure> {
        let interval = self.args.interval.unwrap_or_default().nanos();
        let count = self
            .args
            .count
            .or(self.args.interval.is_none().then_some(1));
        let mut due = first;
        let mut done = 0;
        while count.is_none_or(|count| done < count) && !self.cancel.requested() {
            due = BootNanos(due.0.saturating_add(interval.0));
            self.wait_until(due);
            let sample = tasks.sample().map_err(TopError::Table)?;
            if sample.processes == 0 {
                return Ok(true);
            }
            let used: Vec<TaskUse<'_>> = tasks.that_ran();
            let length = sample.since.unwrap_or_default();
            averages.add(length, &used);
            let total = if self.args.threads {
                sample.threads
            } else {
                sample.processes
            };
            let rows = used.iter().map(|task| Row::of(task, length)).collect();
            self.show(
                Table {
                    kind: Kind::Sample,
                    length,
                    total: Some(total),
                    rows,
                },
                out,
            )?;
            done += 1;
        }
        Ok(false)
    }

    fn wait_until(&self, due: BootNanos) {
        loop {
            let left = Duration::from_nanos(due.since(self.clock.boot()).0);
            if left.is_zero() || self.cancel.requested() {
                return;
            }
            self.clock.wait(left.min(LOOK_EVERY));
        }
    }

    fn show(&self, mut table: Table<'_>, out: &mut dyn Write) -> io::Result<()> {
        table.rows.sort_by(Row::most_cpu_first);
        let now = self.now();
        match self.args.output {
            Format::Text => text::write(&table, &now, self.args.threads, out)?,
            Format::Json => json::write(&table, &now, out)?,
        }
        out.flush()
    }

    fn ended(&self, pid: Pid, after: Nanos, out: &mut dyn Write) -> io::Result<()> {
        let seconds = after.seconds();
        match self.args.output {
            Format::Text => writeln!(
                out,
                "\nprocess {pid} has ended, {seconds:.2} s were measured"
            ),
            Format::Json => json::ended(pid, &self.now(), out),
        }
    }

    fn now(&self) -> String {
        let nanos = self.clock.utc_unix_nanos();
        match self.args.output {
            Format::Text => output::utc(nanos),
            // What has one `at` is one look.
            Format::Json => output::utc_millis(nanos),
        }
    }
}

#[cfg(test)]
mod tests;
