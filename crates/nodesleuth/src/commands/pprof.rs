//! `nodesleuth pprof`: the reports of `go tool pprof` under its own options, without Go.

mod address;
mod flags;
mod from_cluster;
mod refusals;
mod request;
mod sources;

use crate::failure::Failure;
use crate::output;
use nodesleuth_profile::{Draft, ReportKind, report};
use request::Request;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Write};

/// Reports of `go tool pprof` on profiles, byte for byte as Go 1.27 prints them.
///
/// Options are pprof's own, with one dash or two, before the first file.
///
/// Reports (one of): -top, -text, -tree, -peek=RE, -traces, -tags, -raw, -comments, -proto.
///
/// Comparing: -base=FILE, -diff_base=FILE, -normalize, -drop_negative.
///
/// Filters: -focus=RE, -ignore=RE, -hide=RE, -show=RE, -show_from=RE, -prune_from=RE,
/// -tagfocus=[KEY=]RE|RANGE, -tagignore=…, -tagshow=RE, -taghide=RE, -tagroot=KEYS, -tagleaf=KEYS.
///
/// Entries: -functions, -filefunctions, -files, -lines, -addresses, -showcolumns, -noinlines, -cum,
/// -flat, -nodecount=N, -nodefraction=F, -edgefraction=F, -trim, -all_frames, -trim_path=PATHS.
///
/// Values: -sample_index=NAME|N, -mean, -unit=UNIT, -divide_by=F, -relative_percentages,
/// -compact_labels, -total_delay, -contentions, -mean_delay, -inuse_space, -inuse_objects,
/// -alloc_space, -alloc_objects.
///
/// Sources: -seconds=N, -timeout=N, -symbolize=none, -buildid=ID, -add_comment=TEXT; -output=FILE.
///
/// Straight from a cluster: --node=NODE, or --pod=POD:PORT with --namespace=NAMESPACE, with
/// --path=/debug/pprof/heap …, --window=15s (or -seconds=15), --context, --kubeconfig, --as as for
/// `nodesleuth diagnose`.
///
/// Several profiles are merged. An http:// address, or host:port, is fetched; no copy is kept.
/// Nothing is symbolised; times are in UTC. Other options are refused, never ignored.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "nodesleuth pprof REPORT [PPROF OPTIONS] FILE|URL…",
    verbatim_doc_comment
)]
pub(crate) struct Args {
    /// pprof's options, then profiles: .pb.gz, .pb, the text of -raw or -traces, or addresses.
    #[arg(
        value_name = "OPTIONS AND FILES",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (words, _fetched) = from_cluster::take(&args.words)?;
    let request = Request::parse(&words)?;
    refuse_terminal(&request)?;
    for note in &request.notes {
        output::note(&format!("{note}\n"));
    }
    let mut profile = sources::load(&request.sources)?;
    if let Some(comment) = &request.comment {
        profile.add_comment(comment);
    }
    let mut draft = Draft::of(profile);
    if !request.all_frames {
        draft.prune();
    }
    let done = report(draft, &request.options).map_err(|error| {
        let help = "`nodesleuth pprof -top FILE` shows which functions and values there are";
        Failure::usage(error.to_string(), help)
    })?;
    for warning in &done.warnings {
        output::note(&format!("{warning}\n"));
    }
    deliver(&request, &done.bytes)
}

fn refuse_terminal(request: &Request) -> Result<(), Failure> {
    let is_binary = matches!(request.options.kind, ReportKind::Proto);
    if is_binary && request.output.is_none() && io::stdout().is_terminal() {
        let help = "add -output=FILE.pb.gz, or redirect the output";
        return Err(Failure::usage("a profile is not for a terminal", help));
    }
    Ok(())
}

fn deliver(request: &Request, bytes: &[u8]) -> Result<(), Failure> {
    match &request.output {
        None => {
            let mut out = io::stdout().lock();
            out.write_all(bytes)?;
            out.flush()?;
            Ok(())
        }
        Some(path) => {
            output::note(&format!("Generating report in {}\n", path.display()));
            fs::write(path, bytes).map_err(|error| Failure::file("write", path, error))
        }
    }
}
