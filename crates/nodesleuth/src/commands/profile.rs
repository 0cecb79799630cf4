//! `nodesleuth profile`: where CPU time goes, kernel and user stacks in one picture.

mod compared;
mod files;
mod functions;
mod json;
mod taking;
mod text;

use super::flame::{OutputKind, Taken};
use super::target_choice::one_process;
use super::watched::LONGEST;
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::new_file::NewFile;
use crate::output;
use crate::progress::Display;
use crate::signals;
use compared::Before;
use nodesleuth_model::printable;
use nodesleuth_profile::{Profile, SourceLinks};
use nodesleuth_trace::stacks::{StackEngine, StackOptions, StackTarget};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use taking::Taking;

/// Show where CPU time goes: kernel and user stacks together, of any process, without stopping it
///
/// The stacks of every CPU are taken so many times a second, by a timer of the kernel. Go functions
/// have names, files and lines, also in stripped binaries and inlined; other code has the names
/// that its binary holds. Without --out the functions that cost most are listed; with it the whole
/// is written: a profile for `nodesleuth pprof`, `go tool pprof` and others, or a flame graph.
/// Ctrl-C ends it early and shows what there is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Profile this process
    #[arg(long, value_name = "PID", conflicts_with_all = ["name", "all"])]
    pid: Option<u32>,

    /// Profile the busiest process of this name
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    name: Option<String>,

    /// Profile every process of the node; stacks begin with the names of processes
    #[arg(long)]
    all: bool,

    /// How long
    #[arg(long = "for", value_name = "TIME", default_value = "15s", value_parser = args::window)]
    length: Duration,

    /// Samples a second on each CPU
    #[arg(long, value_name = "N", default_value_t = StackOptions::HZ,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(StackOptions::MOST_HZ)))]
    hz: u32,

    /// Also where threads wait, as values of their own: offcpu in nanoseconds, offcpu_waits. Costs
    /// more: something is done whenever a CPU changes from one thread to another
    #[arg(long)]
    off_cpu: bool,

    /// Also the processes that it starts meanwhile; stacks begin with the names of processes
    #[arg(long, conflicts_with = "all")]
    children: bool,

    /// Not CPU time but calls about files: which function reads, writes, opens or lists which kind of
    /// file, what that costs on a CPU and how long it waits. Every process of the node pays a
    /// little for it; how much is printed
    #[arg(long, conflicts_with_all = ["all", "off_cpu", "hz", "compare"])]
    files: bool,

    /// The new file to write (0600; never overwrites): .pb.gz, .svg, .html, or folded stacks as
    /// .folded or .txt
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Show what has changed since this profile was taken; --out then draws the difference
    #[arg(long, value_name = "BEFORE.pb.gz")]
    compare: Option<OsString>,

    /// Use this engine and no other: bpf or perf-rings [default: the first that runs]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<StackEngine>,

    /// Format of the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        check_new(out)?;
    }
    if args.files && args.length > LONGEST {
        let what = format!("--files for {}", humantime::format_duration(args.length));
        let help = "at most 10m: every process of the node pays for it";
        return Err(Failure::usage(what, help));
    }
    let before = args.compare.as_deref().map(Before::load).transpose()?;
    let (cancel, progress) = (signals::cancel(), Display::new(verbose));
    let target = match args.all {
        true => None,
        false => {
            let name = args.name.as_deref();
            let chosen = one_process(args.pid, name, args.length, &cancel, &progress)?;
            Some(chosen)
        }
    };
    let pid = target.as_ref().map(|target| target.pid.0);
    let taking = Taking {
        options: StackOptions {
            files: args.files,
            memory_bytes: match args.files {
                true => StackOptions::FILES_MEMORY_BYTES,
                false => StackOptions::MEMORY_BYTES,
            },
            children: args.children,
            hz: args.hz,
            off_cpu: args.off_cpu,
            engine: args.engine,
            ..StackOptions::new(pid.map_or(StackTarget::All, StackTarget::Process))
        },
        length: args.length,
        cancel: &cancel,
        progress: &progress,
    };
    if args.files {
        let capture = files::take(taking, target)?;
        progress.finish();
        return files::show(&capture, args);
    }
    let capture = taking.run(target, |namer, counts, words| namer.name(counts, words))?;
    progress.finish();
    let links = links(&capture.named.versions);
    if let Some(out) = &args.out {
        let before = before
            .as_ref()
            .map(|before| (&before.profile, before.name.as_str()));
        let title = capture.title();
        write(out, &capture.named.profile, &title, before, &links)?;
    }
    match args.output {
        Format::Json => output::json(&json::of(&capture, before.as_ref(), &links)),
        Format::Text => {
            let drawn = args.out.is_some();
            output::print(&text::of(&capture, before.as_ref(), &links, drawn))
        }
    }
}

/// A wrong path is found out before the window, not after it.
fn check_new(out: &Path) -> Result<(), Failure> {
    OutputKind::of_path(out, "")?;
    let file = NewFile::create(out).map_err(|error| Failure::file("create", out, error))?;
    file.remove();
    Ok(())
}

/// Exact pages of what ran: only of versions that have one.
fn links(versions: &[String]) -> SourceLinks {
    let mut links = SourceLinks::default();
    for version in versions {
        // A development version, for example: its sources have no link then.
        let _ = links.set_version(version);
    }
    links
}

fn write(
    out: &Path,
    profile: &Profile,
    title: &str,
    before: Option<(&Profile, &str)>,
    links: &SourceLinks,
) -> Result<(), Failure> {
    if profile.stack_count() == 0 {
        output::note(&format!(
            "nothing was seen: {} is not written\n",
            out.display()
        ));
        return Ok(());
    }
    let taken = Taken {
        profile,
        name: &printable(title),
        before,
        links,
    };
    taken.write(out)
}
