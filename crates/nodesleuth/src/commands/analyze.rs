//! `nodesleuth analyze`: a bundle from before or from elsewhere, or whatever people attach to
//! tickets.

use super::diagnose::exit_code;
use crate::args::ReportFormat;
use crate::bundle;
use crate::failure::Failure;
use crate::ingest::{self, StatedFact};
use crate::output;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Bundles of `collect`, profiles, outputs of perf, strace, pprof, top, pidstat and others, /proc
    /// files, logs, the text of a ticket; folders and .tar.gz of these; - for standard input. What
    /// they are is told from their content.
    #[arg(value_name = "FILE", required_unless_present = "fact")]
    files: Vec<PathBuf>,

    /// Read all files as this format only.
    #[arg(long = "as", value_name = "KIND", value_parser = PossibleValuesParser::new(nodesleuth_parse::pasted::kinds()))]
    kind: Option<String>,

    /// Something that was only said, such as kernel=4.15.0-43-generic or services=2000.
    #[arg(long, value_name = "NAME=VALUE")]
    fact: Vec<StatedFact>,

    /// Format of the report.
    #[arg(short, long, value_enum, default_value_t)]
    output: ReportFormat,

    /// Folder with known causes of your own; an entry of the same id replaces ours.
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,

    /// End with exit code 1 when a cause was found.
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let catalog = super::catalog::load(args.catalog.as_deref())?;
    let read = ingest::read(&args.files, args.kind.as_deref(), &args.fact)?;
    let mut diagnosis = bundle::diagnose(&read.evidence, &read.profiles, &catalog);
    diagnosis.warnings.splice(0..0, read.warnings);
    output::diagnosis(&diagnosis, args.output)?;
    Ok(exit_code(&diagnosis, args.exit_code))
}
