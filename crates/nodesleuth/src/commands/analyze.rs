//! `nodesleuth analyze`: a bundle from before or from elsewhere, or whatever people attach to
//! tickets.

use super::diagnose::exit_code;
use crate::args::ReportFormat;
use crate::bundle;
use crate::failure::Failure;
use crate::ingest::{self, StatedFact};
use crate::output;
use crate::redact::RedactArgs;
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

    #[command(flatten)]
    redact: RedactArgs,

    /// Print how the points of each finding add up.
    #[arg(long)]
    explain_score: bool,

    /// End with exit code 1 when a cause was found.
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let catalog = super::catalog::load(args.catalog.as_deref())?;
    let mut read = ingest::read(&args.files, args.kind.as_deref(), &args.fact)?;
    args.redact.apply(&mut read.evidence, &mut read.profiles)?;
    let mut diagnosis = bundle::diagnose(&read.evidence, &read.profiles, &catalog);
    diagnosis.warnings.splice(0..0, read.warnings);
    // Programs get the parts in any case; people only when they ask.
    if !args.explain_score && args.output != ReportFormat::Json {
        let findings = diagnosis.findings.iter_mut();
        let all = findings.chain(&mut diagnosis.red_herrings);
        all.for_each(|finding| finding.score = None);
    }
    output::diagnosis(&diagnosis, args.output)?;
    Ok(exit_code(&diagnosis, args.exit_code))
}
