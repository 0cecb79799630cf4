//! `nodesleuth pprof`: the text reports of `go tool pprof` under its own options, without Go.

mod flags;
mod refusals;

use crate::failure::Failure;
use crate::output;
use crate::stack_files;
use flags::Request;
use nodesleuth_profile::{Draft, Limits, report};
use std::ffi::OsString;
use std::fs;

/// Reports of `go tool pprof` on a profile, character by character as Go 1.27 prints them.
///
/// Options are pprof's own, with one dash or two, before the file: -raw, -top, -text, -traces,
/// -tree, -peek=RE, -tags; -cum, -flat, -functions, -filefunctions, -files, -lines, -addresses,
/// -noinlines, -nodecount=N, -nodefraction=F, -edgefraction=F, -trim, -focus=RE, -ignore=RE,
/// -hide=RE, -show=RE, -show_from=RE, -sample_index=NAME|N, -mean, -unit=UNIT, -divide_by=F,
/// -relative_percentages, -compact_labels, -trim_path=PATHS, -all_frames,
/// -symbolize=none, -output=FILE.
/// Other options are refused, never ignored. Nothing is symbolised; times are in UTC.
#[derive(Debug, clap::Args)]
#[command(override_usage = "nodesleuth pprof [PPROF OPTIONS] FILE")]
pub(crate) struct Args {
    /// pprof's options, then the profile (.pb.gz or .pb).
    #[arg(
        value_name = "OPTIONS AND FILE",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let request = Request::parse(&args.words)?;
    let mut opened = stack_files::load(&request.file, &Limits::default())?;
    if request.no_symbols {
        opened = opened.without_commented_symbols();
    }
    for note in &opened.notes {
        output::note(&format!("{}: {note}\n", request.file.display()));
    }
    let mut draft = Draft::of(&opened.profile);
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
    match &request.output {
        None => output::print(&done.text),
        Some(path) => {
            fs::write(path, &done.text).map_err(|error| Failure::file("write", path, error))
        }
    }
}
