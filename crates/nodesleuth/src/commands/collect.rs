//! `nodesleuth collect`: the evidence only, as a bundle.

use super::target_choice::TargetArgs;
use crate::bundle;
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use crate::redact::RedactArgs;
use nodesleuth_collect::Collected;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,

    /// The new .tar.gz to write (0600; never overwrites).
    #[arg(long, value_name = "B.tar.gz")]
    out: PathBuf,

    #[command(flatten)]
    redact: RedactArgs,
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<(), Failure> {
    let catalog = super::catalog::load(None)?;
    let writer = bundle::Writer::create(&args.out)?;
    let progress = Display::new(verbose);
    let collected = args
        .target
        .collect(&catalog, &progress)
        .and_then(|mut collected| {
            let Collected { evidence, profiles } = &mut collected;
            args.redact.apply(evidence, profiles)?;
            Ok(collected)
        });
    let collected = match collected {
        Ok(collected) => collected,
        Err(failure) => {
            writer.abandon();
            return Err(failure);
        }
    };
    writer.write(&collected)?;
    output::note(&format!(
        "wrote {}; `nodesleuth analyze` explains it, also on another machine\n",
        args.out.display()
    ));
    Ok(())
}
