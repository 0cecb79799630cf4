//! `nodesleuth trace`: single system calls as they return.

mod filter;
mod json;
mod line;
mod words;

use super::watched::{self, Ended, Watch, WatchArgs, Watched};
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use crate::signals;
use nodesleuth_collect::{Clock, SystemClock};
use nodesleuth_model::units::grouped;
use nodesleuth_trace::decode::FileTable;
use nodesleuth_trace::{Arch, Options, Record, Split, StreamOptions, boottime_offset_ns, captures};
use std::cell::RefCell;
use std::io::{self, BufWriter, Write};
use std::time::Duration;
use words::Words;

/// Show a process's system calls as they return, without stopping it
///
/// What strace -f -y -tt -T is used for, with the same lines: thread, time (UTC) at which the call
/// began, name, arguments, result, how long it took. A line is written when the call returns; calls
/// that have not returned at the end follow then. What did not fit the buffer is counted and said.
/// Every process of the node pays a little while it lasts; how much is printed on stderr.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    watch: WatchArgs,

    /// Only these system calls: futex,openat or groups: %file, %desc, %network, %process, %memory,
    /// %signal, %ipc, %creds, %clock; !futex,%file is all but these
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

    /// Also the processes that it starts meanwhile, and those that they start; ends with the
    /// process itself all the same
    #[arg(long)]
    children: bool,

    /// Room for calls that have not been written yet, in KiB
    #[arg(long, value_name = "KIB", default_value_t = StreamOptions::RING_BYTES >> 10,
        value_parser = clap::value_parser!(u32).range(4..=1 << 20))]
    buffer: u32,

    /// Bytes of each piece of data that are shown; paths are shown in full
    #[arg(short = 's', long = "string-limit", value_name = "BYTES", default_value_t = captures::DATA,
        value_parser = clap::value_parser!(u16).range(..=i64::from(captures::MOST_DATA)))]
    string_limit: u16,

    /// Also how long the thread was on a CPU during the call, behind its duration
    #[arg(long)]
    on_cpu: bool,

    /// Format; json is one object a line
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<(), Failure> {
    let arch = Arch::native().ok_or_else(unknown_architecture)?;
    let (cancel, progress) = (signals::cancel(), Display::new(verbose));
    let target = args.watch.target(&cancel, &progress)?;
    progress.finish();
    let options = Options {
        pid: target.pid.0,
        children: args.children,
        counts: false,
        split: Split::Together,
        files: false,
        stream: Some(args.stream(arch)),
    };
    let words = Words::new(
        arch,
        args.string_limit.into(),
        target.pid.0,
        args.is_partial(),
    );
    let writer = RefCell::new(Writer::new(args, words));
    let watch = Watch {
        args: &args.watch,
        options: &options,
        cancel: &cancel,
        progress: &progress,
        enough: &|| writer.borrow_mut().batch_ended(),
    };
    let watched = watch.run(target, &mut |record| writer.borrow_mut().write(record))?;
    let written = writer.into_inner().finish()?;
    output::note(&end(&watched, written));
    Ok(())
}

fn unknown_architecture() -> Failure {
    Failure::usage(
        "system calls of this architecture are not known",
        "run it on x86-64 or arm64",
    )
}

impl Args {
    fn stream(&self, arch: Arch) -> StreamOptions {
        // Calls that change descriptors are needed for their names, wanted or not.
        let with_changing = |wanted: &filter::Numbers| {
            let mut numbers = wanted.0.clone();
            numbers.extend(FileTable::changing_calls(arch));
            numbers.into_iter().collect()
        };
        StreamOptions {
            numbers: self.calls.as_ref().map(with_changing),
            errors_only: self.errors_only,
            slower_than_ns: self.slower.map_or(0, nanos),
            data_bytes: self.string_limit,
            ring_bytes: self.buffer << 10,
        }
    }

    /// Whether calls that change descriptors may be left out.
    fn is_partial(&self) -> bool {
        self.errors_only || self.slower.is_some()
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes records until there are enough or nobody reads any more.
struct Writer<'a> {
    args: &'a Args,
    words: Words,
    out: BufWriter<io::Stdout>,
    /// The line being made; kept for its memory.
    line: String,
    /// From the records' clock to UTC.
    utc_offset_ns: u64,
    written: u64,
    failed: Option<io::Error>,
}

impl<'a> Writer<'a> {
    fn new(args: &'a Args, words: Words) -> Self {
        let clock = SystemClock;
        let monotonic_ns = clock.boot().0.saturating_sub(boottime_offset_ns());
        Self {
            args,
            words,
            out: BufWriter::new(io::stdout()),
            line: String::new(),
            utc_offset_ns: clock.utc_unix_nanos().saturating_sub(monotonic_ns),
            written: 0,
            failed: None,
        }
    }

    fn write(&mut self, record: &Record<'_>) {
        let wanted = self.args.calls.as_ref();
        if self.is_done() {
            return;
        }
        if wanted.is_some_and(|wanted| !wanted.0.contains(&record.number)) {
            return self.words.note(record);
        }
        let utc_ns = record.begin_ns.saturating_add(self.utc_offset_ns);
        self.line.clear();
        match self.args.output {
            Format::Text => line::write(
                &mut self.words,
                record,
                utc_ns,
                self.args.on_cpu,
                &mut self.line,
            ),
            Format::Json => json::write(&mut self.words, record, utc_ns, &mut self.line),
        }
        self.written += 1;
        if let Err(error) = self.out.write_all(self.line.as_bytes()) {
            self.failed = Some(error);
        }
    }

    fn is_done(&self) -> bool {
        self.failed.is_some() || self.written >= self.args.count.unwrap_or(u64::MAX)
    }

    /// Shows what has come in, and says whether that is enough.
    fn batch_ended(&mut self) -> bool {
        self.words.batch_ended();
        if let Err(error) = self.out.flush() {
            self.failed = Some(error);
        }
        self.is_done()
    }

    /// Says how many calls it has written.
    fn finish(mut self) -> Result<u64, Failure> {
        match self.failed.take() {
            Some(error) => Err(error.into()),
            None => {
                self.out.flush()?;
                Ok(self.written)
            }
        }
    }
}

/// What is said on stderr when it is over.
fn end(watched: &Watched, written: u64) -> String {
    let (summary, lost) = (&watched.summary, &watched.summary.lost);
    let why = match watched.ended {
        Ended::InTime => "",
        Ended::Stopped => ", stopped early",
        Ended::TargetGone => ", the process has ended",
    };
    let mut text = format!(
        "{} calls in {:.2} s, engine {}{why}\n",
        grouped(written),
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
    text.push_str(&watched::left_out(lost));
    text.push_str(&watched.cost());
    text
}
