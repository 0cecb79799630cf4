//! `cargo xtask lab all`: what takes too long for `cargo xtask test`, one after the other.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::bounded::Running;
use crate::failure::Result;
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

/// A part: its name, and the words after `cargo xtask lab`.
const PARTS: [(&str, &str); 4] = [
    ("captures killed", "kills"),
    ("zombies of this machine", "reclaim"),
    ("zombies in guests", "vm --zombies 20000"),
    ("cluster", "cluster test"),
];
const PART_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// A part that fails, or is over its limit, does not keep the others from running.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let binary = workspace.release_binary_or(args.binary.as_deref())?;
    let mut summary = Summary::default();
    for (name, words) in PARTS.iter().filter(|part| part.0.contains(&args.only)) {
        interrupt::check()?;
        println!("\n=== {name}: cargo xtask lab {words} ===");
        let mut command = Command::new(parent::OURSELVES);
        command.arg("lab").args(words.split(' '));
        command.arg("--binary").arg(&binary);
        let began = Instant::now();
        let outcome = outcome_of(&mut command).unwrap_or_else(|failure| {
            println!("{failure}");
            Outcome::Failed
        });
        summary.add(Row {
            name,
            outcome,
            took: began.elapsed(),
        });
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
