//! `nodesleuth diagnose`: watch, probe, analyse, report.

use super::fleet::{self, FleetArgs};
use super::target_choice::TargetArgs;
use crate::args::ReportFormat;
use crate::bundle;
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use nodesleuth_collect::Collected;
use nodesleuth_model::{Diagnosis, Outcome};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Format of the report.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: ReportFormat,

    /// Also write the evidence to this new .tar.gz.
    #[arg(long, value_name = "B.tar.gz")]
    pub(crate) save: Option<PathBuf>,

    /// Folder with known causes of your own; an entry of the same id replaces ours.
    #[arg(long, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,

    /// End with exit code 1 when a cause was found.
    #[arg(long)]
    pub(crate) exit_code: bool,

    #[command(flatten)]
    fleet: FleetArgs,
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<ExitCode, Failure> {
    let catalog = super::catalog::load(args.catalog.as_deref())?;
    if let Some(choice) = args.fleet.choice() {
        let wanted = fleet::Wanted {
            catalog: &catalog,
            questions: args.target.questions(),
            output: args.output,
            exit_code: args.exit_code,
            verbose,
        };
        return fleet::run(&choice, &args.fleet, &args.target.cluster, &wanted);
    }
    // Before the window: a path that cannot be written is found out at once.
    let save = args
        .save
        .as_deref()
        .map(bundle::Writer::create)
        .transpose()?;
    let progress = Display::new(verbose);
    let collected = match args.target.collect(&catalog, &progress) {
        Ok(collected) => collected,
        Err(failure) => {
            save.into_iter().for_each(bundle::Writer::abandon);
            return Err(failure);
        }
    };
    let diagnosis = analyze(&collected, &catalog);
    // The report first: a full disk must not cost it.
    let printed = output::diagnosis(&diagnosis, args.output);
    if let Some(save) = save {
        save.write(&collected)?;
    }
    printed?;
    Ok(exit_code(&diagnosis, args.exit_code))
}

/// Analyses what was collected just now.
pub(crate) fn analyze(collected: &Collected, catalog: &nodesleuth_analyze::Catalog) -> Diagnosis {
    bundle::diagnose(&collected.evidence, &collected.profiles, catalog)
}

pub(crate) fn exit_code(diagnosis: &Diagnosis, wanted: bool) -> ExitCode {
    ExitCode::from(u8::from(wanted && diagnosis.outcome == Outcome::CauseFound))
}
