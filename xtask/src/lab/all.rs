//! `cargo xtask lab all`: what takes too long for `cargo xtask test`, one after the other.

use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::bounded::Running;
use crate::failure::Result;
use crate::parent;

/// Words after `cargo xtask lab`.
const PARTS: [&[&str]; 4] = [
    &["kills"],
    &["reclaim"],
    &["vm", "--zombies", "20000"],
    &["cluster", "test"],
];
const PART_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// A part that fails does not keep the others from running.
pub(crate) fn run() -> Result<ExitCode> {
    let mut failed = Vec::new();
    for part in PARTS {
        let mut command = Command::new(parent::OURSELVES);
        command.arg("lab").args(part);
        let status = Running::start_in_foreground(&mut command)?.wait(PART_LIMIT)?;
        if !status.success() {
            failed.push(part.join(" "));
        }
    }
    if failed.is_empty() {
        println!("lab: all as it must be");
        return Ok(ExitCode::SUCCESS);
    }
    println!("lab: failed: {}", failed.join(", "));
    Ok(ExitCode::FAILURE)
}
