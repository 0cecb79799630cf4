//! `cargo xtask lab all`: what takes too long for `cargo xtask test`, one after the other.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::bounded::Running;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::parent;
use crate::test::summary::{Outcome, Row, Summary};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Try this nodesleuth instead of a new release build.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Only the parts whose name contains TEXT.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// Whose words a part's are.
#[derive(Debug, Clone, Copy)]
enum Program {
    Lab,
    /// Tests that need this machine for themselves.
    Cargo,
}

impl Program {
    fn spelled(self) -> &'static str {
        match self {
            Self::Lab => "cargo xtask lab",
            Self::Cargo => "cargo",
        }
    }

    fn command(self, workspace: &Workspace, words: &str, binary: &Path) -> Command {
        let words = words.split(' ');
        match self {
            Self::Lab => {
                let mut lab = Command::new(parent::OURSELVES);
                lab.arg("lab").args(words).arg("--binary").arg(binary);
                lab
            }
            Self::Cargo => {
                let mut cargo = workspace.cargo();
                cargo.args(words).env("NODESLEUTH_TEST_BINARY", binary);
                cargo
            }
        }
    }
}

/// Name, program and words of each part. Benchmarks and fuzzing have commands of their own.
const PARTS: [(&str, Program, &str); 6] = [
    ("captures killed", Program::Lab, "kills"),
    ("zombies of this machine", Program::Lab, "reclaim"),
    ("zombies in guests", Program::Lab, "vm --zombies 20000"),
    ("cluster", Program::Lab, "cluster test"),
    (
        "many stand-ins at once",
        Program::Cargo,
        "test --package nodesleuth --test cluster -- --ignored --test-threads=1 --nocapture",
    ),
    (
        "limits of a real collection",
        Program::Cargo,
        "test --release --package nodesleuth-collect --lib run::tests -- --ignored --nocapture",
    ),
];
const PART_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// A part that fails, or is over its limit, does not keep the others from running.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let chosen = || PARTS.iter().filter(|part| part.0.contains(&args.only));
    if chosen().next().is_none() {
        let names = PARTS.map(|part| part.0).join(", ");
        return Err(Failure::new(
            format!("no part {}", args.only),
            format!("there are {names}"),
        ));
    }
    let binary = workspace.release_binary_or(args.binary.as_deref())?;
    let mut summary = Summary::default();
    for &(name, program, words) in chosen() {
        interrupt::check()?;
        let heading = format!("{name}: {} {words}", program.spelled());
        summary.add(Row::of(name, &heading, || {
            outcome_of(&mut program.command(workspace, words, &binary))
        }));
    }
    print!("{summary}");
    Ok(ExitCode::from(u8::from(!summary.all_passed())))
}

fn outcome_of(part: &mut Command) -> Result<Outcome> {
    let status = Running::start_in_foreground(part)?.wait(PART_LIMIT)?;
    Ok(if status.success() {
        Outcome::Passed
    } else {
        Outcome::Failed
    })
}
