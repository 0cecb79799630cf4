//! `nodesleuth analyze`: a bundle from before or from elsewhere.

use super::diagnose::exit_code;
use crate::args::Format;
use crate::bundle;
use crate::failure::Failure;
use crate::output;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The bundle: a .tar.gz that `collect` or `diagnose --save` wrote, or an unpacked one.
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Format of the report.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,

    /// Folder with known causes of your own; an entry of the same id replaces ours.
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,

    /// End with exit code 1 when a cause was found.
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let catalog = super::catalog::load(args.catalog.as_deref())?;
    let bundle = bundle::read(&args.bundle)?;
    let mut diagnosis = bundle::diagnose(&bundle.evidence, &bundle.profiles, &catalog);
    diagnosis.warnings.splice(0..0, bundle.warnings);
    output::diagnosis(&diagnosis, args.output)?;
    Ok(exit_code(&diagnosis, args.exit_code))
}
