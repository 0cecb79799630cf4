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
    Row::of(part.name, part.name, || {
        let first = Outcome::of((part.run)(workspace));
        if !part.again || first != Outcome::Failed {
            return Ok(first);
        }
        println!("--- {}: once more", part.name);
        Ok(match (part.run)(workspace)? {
            Outcome::Passed => Outcome::PassedAgain(vec![part.name.to_owned()]),
            other => other,
        })
    })
}
