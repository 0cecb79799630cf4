//! Ties a program's life to ours, so that not even `kill -9` on us leaves it behind: a small step
//! in between asks the kernel for a SIGKILL when its parent dies, and then becomes the program.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::getppid;

use crate::failure::{Failure, Result, While};

/// Us, even when the file we were started from has been rebuilt since.
pub(crate) const OURSELVES: &str = "/proc/self/exe";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Who must still be the parent; it may have died before the kernel was asked.
    parent: u32,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// A command that starts `program` and dies with us.
pub(crate) fn dying_with_us(program: impl Into<OsString>) -> Command {
    let mut command = Command::new(OURSELVES);
    command
        .arg("__die-with-parent")
        .arg(std::process::id().to_string())
        .arg("--")
        .arg(program.into());
    command
}

/// Asks the kernel to end this process when `parent` ends.
pub(crate) fn die_with(parent: u32) -> Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL).doing(|| "prctl(PR_SET_PDEATHSIG)".to_owned())?;
    if getppid().as_raw().cast_unsigned() == parent {
        Ok(())
    } else {
        Err(Failure::new(
            "not started",
            format!("parent {parent} is gone"),
        ))
    }
}

pub(crate) fn exec(args: &Args) -> Result<ExitCode> {
    die_with(args.parent)?;
    let (program, arguments) = (&args.command[0], &args.command[1..]);
    let error = Command::new(program).args(arguments).exec();
    Err(Failure::new(program.to_string_lossy(), error))
}
