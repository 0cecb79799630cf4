//! `nodesleuth syscalls`: what `strace -c` should say, without stopping the process.

mod files;
mod json;
mod processes;
mod reading;
mod row;
mod sampled;
mod strace;
mod text;

use super::watched::{Watch, WatchArgs};
use crate::args::Format;
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use crate::signals;
use nodesleuth_trace::{Options, Split};

/// Count a process's system calls in the kernel: calls, errors, time on a CPU and time waiting
///
/// What strace -c is used for, without stopping the process: the kernel counts, so thousands of
/// threads cost little. Time on a CPU (work) and off it (waiting, also for a CPU) are told
/// apart; a call that waits costs nothing. Calls that have not returned at the end are shown as in flight. Every
/// process of the node pays a little while it lasts; how much is printed. Ctrl-C ends it early and
/// shows what there is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    watch: WatchArgs,

    /// Also by thread
    #[arg(long, conflicts_with = "children")]
    by_thread: bool,

    /// Also each error by its name
    #[arg(long)]
    errors: bool,

    /// Also how long calls took, in powers of two
    #[arg(long)]
    histogram: bool,

    /// Also which files its calls were about: reading, writing, opening and listing folders
    #[arg(long)]
    files: bool,

    /// Also the processes that it starts meanwhile, and those that they start, with the totals of
    /// each; ends with the process itself all the same. Their CPU is not known as a whole, so CPU %
    /// and spinning are not said
    #[arg(long)]
    children: bool,

    /// Print the table of strace -c. Calls and errors mean the same; seconds do not: strace -c
    /// shows CPU of the whole process during a call, this shows CPU of the calling thread
    #[arg(long, conflicts_with_all = ["by_thread", "errors", "histogram", "files", "output"])]
    strace_compat: bool,

    /// Format of the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What is shown beside the table.
#[derive(Clone, Copy, Debug)]
struct Shown {
    errors: bool,
    histogram: bool,
}

impl Args {
    fn split(&self) -> Split {
        match (self.by_thread, self.children && !self.strace_compat) {
            (true, _) => Split::Threads,
            (false, true) => Split::Processes,
            (false, false) => Split::Together,
        }
    }
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<(), Failure> {
    let (cancel, progress) = (signals::cancel(), Display::new(verbose));
    let target = args.watch.target(&cancel, &progress)?;
    let options = Options {
        pid: target.pid.0,
        children: args.children,
        counts: true,
        split: args.split(),
        files: args.files,
        stream: None,
    };
    let watch = Watch {
        args: &args.watch,
        options: &options,
        cancel: &cancel,
        progress: &progress,
        enough: &|| false,
    };
    let watched = watch.run(target, &mut |_| ())?;
    progress.finish();
    let table = row::Table::of(&watched, args.split());
    let shown = Shown {
        errors: args.errors,
        histogram: args.histogram,
    };
    match args.output {
        Format::Text if args.strace_compat => output::print(&strace::of(&table)),
        Format::Text => output::print(&text::of(&watched, &table, shown)),
        Format::Json => output::json(&json::of(&watched, &table)),
    }
}
