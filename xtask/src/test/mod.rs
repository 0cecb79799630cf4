//! `cargo xtask test`: the parts in order, each with a heading and its time; a failing part does
//! not stop the others. Which parts there are is said in `parts.rs`.

pub(crate) mod browser;
mod cadvisor;
mod cadvisor_expectations;
mod cargo_parts;
mod live;
pub(crate) mod parts;
mod pprof_agreement;
mod profile_expectations;
mod read_bill;
pub(crate) mod summary;

use std::process::ExitCode;
use std::time::Instant;

use crate::failure::Result;
use crate::interrupt;
use crate::test::parts::{PARTS, Part, Speed};
use crate::test::summary::{Outcome, Row, Summary};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave out what needs a release build, a browser, root or the lab.
    #[arg(long)]
    quick: bool,
    /// Only the parts whose name contains TEXT.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

impl Args {
    fn wants(&self, part: &Part) -> bool {
        let fast_enough = !self.quick || part.speed == Speed::Quick;
        let named = |text: &String| part.name.contains(text.as_str());
        fast_enough && self.only.as_ref().is_none_or(named)
    }
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let mut summary = Summary::default();
    if workspace.shared().is_none() {
        summary.warn("../shared is not there: the conformance suites in it were NOT run");
    }
    for part in PARTS.iter().filter(|part| args.wants(part)) {
        interrupt::check()?;
        summary.add(run_part(workspace, part));
    }
    print!("{summary}");
    Ok(ExitCode::from(u8::from(!summary.all_passed())))
}

fn run_part(workspace: &Workspace, part: &Part) -> Row {
    println!("\n=== {} ===", part.name);
    let began = Instant::now();
    let mut outcome = outcome_of(workspace, part);
    if part.again && outcome == Outcome::Failed {
        println!("--- {}: once more", part.name);
        outcome = match outcome_of(workspace, part) {
            Outcome::Passed => Outcome::PassedAgain(vec![part.name.to_owned()]),
            other => other,
        };
    }
    let took = began.elapsed();
    println!(
        "--- {}: {outcome} in {:.1} s",
        part.name,
        took.as_secs_f64()
    );
    Row {
        name: part.name,
        outcome,
        took,
    }
}

fn outcome_of(workspace: &Workspace, part: &Part) -> Outcome {
    (part.run)(workspace).unwrap_or_else(|failure| {
        println!("{failure}");
        Outcome::Failed
    })
}
