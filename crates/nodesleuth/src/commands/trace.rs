//! `nodesleuth trace`: single system calls as they return.

mod filter;
mod json;
mod line;

use super::watched::{Ended, Watch, WatchArgs, Watched};
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use crate::signals;
use nodesleuth_collect::{Clock, SystemClock};
use nodesleuth_model::units::grouped;
use nodesleuth_trace::{Options, Record, StreamOptions, boottime_offset_ns};
use std::cell::Cell;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

/// Show a process's system calls as they return, without stopping it
///
/// What strace -f -tt -T is used for. A line is written when a call returns; calls that have not
/// returned at the end follow then. What did not fit the buffer is counted and said.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    watch: WatchArgs,

    /// Only these system calls, separated by commas
    #[arg(short = 'e', long = "calls", value_name = "NAMES", value_parser = filter::numbers)]
    calls: Option<filter::Numbers>,

    /// Only calls that failed
    #[arg(long)]
    errors_only: bool,

    /// Only calls that took at least so long
    #[arg(long, value_name = "TIME", value_parser = args::duration)]
    slower: Option<Duration>,

    /// End after so many calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Also the processes that it starts meanwhile
    #[arg(long)]
    children: bool,

    /// Room for calls that have not been written yet, in KiB
    #[arg(long, value_name = "KIB", default_value_t = StreamOptions::RING_BYTES >> 10,
        value_parser = clap::value_parser!(u32).range(4..=1 << 20))]
    buffer: u32,

    /// Format; json is one object a line
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<(), Failure> {
    let (cancel, progress) = (signals::cancel(), Display::new(verbose));
    let target = args.watch.target(&cancel, &progress)?;
    progress.finish();
    let options = Options {
        pid: target.pid.0,
        children: args.children,
        by_thread: false,
        files: false,
        stream: Some(StreamOptions {
            numbers: args.calls.as_ref().map(|calls| calls.0.clone()),
            errors_only: args.errors_only,
            slower_than_ns: args.slower.map_or(0, nanos),
            ring_bytes: args.buffer << 10,
        }),
    };
    let mut writer = Writer::new(args);
    let enough = writer.enough.clone();
    let watch = Watch {
        args: &args.watch,
        options: &options,
        cancel: &cancel,
        progress: &progress,
        enough: &|| enough.get(),
    };
    let watched = watch.run(target, &mut |record| writer.write(record))?;
    writer.finish()?;
    output::note(&end(&watched));
    Ok(())
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes records until there are enough or nobody reads any more.
struct Writer {
    out: BufWriter<io::Stdout>,
    format: Format,
    /// From the records' clock to UTC.
    utc_offset_ns: u64,
    left: Option<u64>,
    enough: std::rc::Rc<Cell<bool>>,
    failed: Option<io::Error>,
}

impl Writer {
    fn new(args: &Args) -> Self {
        let clock = SystemClock;
        let monotonic_ns = clock.boot().0.saturating_sub(boottime_offset_ns());
        Self {
            out: BufWriter::new(io::stdout()),
            format: args.output,
            utc_offset_ns: clock.utc_unix_nanos().saturating_sub(monotonic_ns),
            left: args.count,
            enough: std::rc::Rc::default(),
            failed: None,
        }
    }

    fn write(&mut self, record: &Record<'_>) {
        if self.enough.get() {
            return;
        }
        let utc_ns = record.begin_ns.saturating_add(self.utc_offset_ns);
        let written = match self.format {
            Format::Text => line::write(record, utc_ns, &mut self.out),
            Format::Json => json::write(record, utc_ns, &mut self.out),
        };
        if let Err(error) = written {
            self.failed = Some(error);
            self.enough.set(true);
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
            if *left == 0 {
                self.enough.set(true);
            }
        }
    }

    fn finish(mut self) -> Result<(), Failure> {
        match self.failed.take() {
            Some(error) => Err(error.into()),
            None => Ok(self.out.flush()?),
        }
    }
}

/// What is said on stderr when it is over.
fn end(watched: &Watched) -> String {
    let (summary, lost) = (&watched.summary, &watched.summary.lost);
    let why = match watched.ended {
        Ended::InTime => "",
        Ended::Stopped => ", stopped early",
        Ended::TargetGone => ", the process has ended",
    };
    let mut text = format!(
        "{:.2} s, engine {}{why}\n",
        nodesleuth_model::Nanos(summary.length_ns).seconds(),
        summary.engine
    );
    if lost.dropped > 0 {
        text.push_str(&format!(
            "INCOMPLETE: {} of {} events did not fit the buffer; --buffer gives it more room, -e \
             leaves calls out\n",
            grouped(lost.dropped),
            grouped(lost.produced)
        ));
    }
    text
}
