//! `cargo xtask lab cluster test`: what nodesleuth says about a real cluster, held against what was
//! done to it.

mod asked;
mod errors;
mod fleet;
mod frontend;
mod leaks;
mod load;
mod pod;
mod pod_image;
mod rights;
mod verdicts;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::lab::cluster::places::Places;
use crate::lab::cluster::running::Cluster;
use crate::lab::cluster::test::pod_image::PodImage;
use crate::lab::cluster::{down, up};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only scenarios whose name holds this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Try this nodesleuth instead of a new release build.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Put this nodesleuth into the image of pod mode, with the libraries that it needs, instead of a
    /// new static build (or of --binary, if that is static).
    #[arg(long, value_name = "FILE")]
    image_binary: Option<PathBuf>,
    /// Cgroups to leak in each hierarchy. Below 10,000 it is no longer the case that was reported,
    /// but a busy machine gets there.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    leaked: usize,
    /// Clients of pod mode that are killed.
    #[arg(long, value_name = "N", default_value_t = 50)]
    killed: u32,
    /// Leave the cluster up, also when it was not before.
    #[arg(long)]
    keep: bool,
}

/// Something done to the cluster, and what nodesleuth must say then.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Trial<'_>) -> Result<Judged>,
}

const GROUPS: [&[Scenario]; 6] = [
    verdicts::ALL,
    pod::ALL,
    errors::ALL,
    rights::ALL,
    frontend::ALL,
    fleet::ALL,
];

/// What came of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// Figures worth keeping.
    pub(crate) said: String,
    /// Nothing when all is as it must be.
    pub(crate) unmet: Vec<String>,
}

impl Judged {
    pub(crate) fn expect(&mut self, met: bool, unmet: impl Into<String>) {
        if !met {
            self.unmet.push(unmet.into());
        }
    }
}

/// What scenarios work with.
#[derive(Debug)]
pub(crate) struct Trial<'t> {
    pub(crate) cluster: &'t Cluster,
    /// The nodesleuth that is tried.
    pub(crate) binary: &'t Path,
    /// Its like for images, made when it is needed.
    pub(crate) image: PodImage<'t>,
    /// The checkout.
    pub(crate) root: &'t Path,
    pub(crate) leaked: usize,
    pub(crate) killed: u32,
    /// Goes away at the end.
    pub(crate) folder: &'t Path,
}

pub(crate) fn run(workspace: &Workspace, places: &Places, args: &Args) -> Result<ExitCode> {
    let scenarios = || GROUPS.iter().copied().flatten();
    let chosen: Vec<_> = scenarios()
        .filter(|scenario| scenario.name.contains(&args.only))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = scenarios().map(|scenario| scenario.name).collect();
        return Err(Failure::new(
            format!("no scenario {}", args.only),
            names.join(", "),
        ));
    }
    let binary = workspace.release_binary_or(args.binary.as_deref())?;
    let image_binary = args.image_binary.as_deref();
    let image_binary = image_binary.map(|given| workspace.release_binary_or(Some(given)));
    let image = PodImage::new(workspace, &binary, image_binary.transpose()?)?;
    let was_up = Cluster::find(places).is_ok();
    let cluster = up::run(places)?;
    let folder = tempfile::tempdir().doing(|| "making a temporary folder".to_owned())?;
    let trial = Trial {
        cluster: &cluster,
        binary: &binary,
        image,
        root: workspace.root(),
        leaked: args.leaked,
        killed: args.killed,
        folder: folder.path(),
    };
    let failed = run_all(&chosen, &trial);
    if !was_up && !args.keep {
        down::run()?;
    }
    let failed = failed?;
    println!(
        "{} of {} scenarios as they must be",
        chosen.len() - failed,
        chosen.len()
    );
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// How many were not as they must be.
fn run_all(scenarios: &[&Scenario], trial: &Trial<'_>) -> Result<usize> {
    let mut failed = 0;
    for scenario in scenarios {
        interrupt::check()?;
        let began = Instant::now();
        let judged = (scenario.run)(trial).unwrap_or_else(|failure| Judged {
            unmet: vec![failure.to_string()],
            ..Judged::default()
        });
        let word = if judged.unmet.is_empty() {
            "ok  "
        } else {
            "FAIL"
        };
        let seconds = began.elapsed().as_secs();
        println!(
            "{word} {:<28} {seconds:>4} s  {}",
            scenario.name, judged.said
        );
        for unmet in &judged.unmet {
            println!("       {}", unmet.replace('\n', "\n       "));
        }
        failed += usize::from(!judged.unmet.is_empty());
    }
    Ok(failed)
}
