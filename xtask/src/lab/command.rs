//! `cargo xtask lab cadvisor`: a lab around a command, or held until Ctrl-C.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;

use crate::bounded::Running;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::lab::{CadvisorLab, Size};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leaked cgroups to make, in each v1 hierarchy (in v2 where there is no v1).
    #[arg(long, value_name = "N")]
    cgroups: usize,
    /// Dying memory cgroups to make: removed, but pinned by a page of page cache each.
    #[arg(long, value_name = "N", default_value_t = 0)]
    zombies: usize,
    /// Keep the lab until Ctrl-C.
    #[arg(long, conflicts_with = "command")]
    hold: bool,
    /// Seconds after which COMMAND is ended, or the lab no longer held.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    timeout: u64,
    /// Runs with NODESLEUTH_LAB_PID and NODESLEUTH_LAB_PPROF in its environment.
    #[arg(last = true)]
    command: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    if !args.hold && args.command.is_empty() {
        return Err(Failure::new("lab cadvisor", "nothing to do with the lab")
            .remedy("give a command after `--`, or --hold to keep it until Ctrl-C"));
    }
    let size = Size {
        cgroups: args.cgroups,
        zombies: args.zombies,
    };
    let lab = CadvisorLab::start(workspace, size)?;
    for (name, value) in lab.environment() {
        println!("{name}={value}");
    }
    let used = use_lab(&lab, args);
    let stopped = lab.stop();
    let code = used?;
    stopped.map(|()| code)
}

fn use_lab(lab: &CadvisorLab, args: &Args) -> Result<ExitCode> {
    let limit = Duration::from_secs(args.timeout);
    match args.command.split_first() {
        None => hold(limit),
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments).envs(lab.environment());
            let status = Running::start_in_foreground(&mut command)?.wait(limit)?;
            Ok(exit_code(status))
        }
    }
}

fn hold(limit: Duration) -> Result<ExitCode> {
    eprintln!("lab: held until Ctrl-C, {} s at most", limit.as_secs());
    // Being interrupted is how holding is meant to end.
    interrupt::wait_until(limit, || Ok(interrupt::asked())).map(|_| ExitCode::SUCCESS)
}

/// The command's own code; 128 + signal when a signal ended it, as shells say it.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
