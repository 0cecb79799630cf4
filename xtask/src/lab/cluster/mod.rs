//! `cargo xtask lab cluster`: a real Kubernetes 1.20 on this machine, with one node, in a network
//! namespace of its own. Its programs are Debian's or built from Debian's sources, once.

mod build;
mod cgroups;
mod claim;
mod daemons;
mod down;
mod enter;
mod network;
mod pki;
mod places;
mod running;
mod sysctls;
mod test;
mod up;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

pub(crate) use enter::{Args as EnterArgs, exec as enter};

use crate::bounded::Running;
use crate::failure::Result;
use crate::lab::cluster::claim::Claim;
use crate::lab::cluster::places::Places;
use crate::lab::cluster::running::Cluster;
use crate::lab::command;
use crate::workspace::Workspace;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Task {
    /// Starts it, after having built it if need be, and leaves it running.
    Up,
    /// Stops it and removes all it left; fine if there is none.
    Down,
    /// Does things to it and holds what nodesleuth says against them.
    Test(test::Args),
    /// Runs a command in its network, with KUBECONFIG set and its kubectl first on PATH.
    Exec(ExecArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExecArgs {
    /// Seconds after which COMMAND is ended.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    timeout: u64,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, task: &Task) -> Result<ExitCode> {
    let places = Places::of(workspace)?;
    match task {
        Task::Up => {
            let cluster = up::run(&places)?;
            println!("{}", cluster.kubeconfig().display());
            eprintln!("lab: cargo xtask lab cluster exec -- kubectl get nodes");
            Ok(ExitCode::SUCCESS)
        }
        Task::Down => {
            if !down::run()? {
                println!("no cluster is up");
            }
            Ok(ExitCode::SUCCESS)
        }
        Task::Test(args) => test::run(workspace, &places, args),
        Task::Exec(args) => exec(&places, args),
    }
}

/// Takes away what a killed `up` left; says whether there was something.
pub(crate) fn remove_orphan() -> Result<bool> {
    match Claim::read()? {
        Some(claim) if claim.is_orphan()? => down::run(),
        _ => Ok(false),
    }
}

fn exec(places: &Places, args: &ExecArgs) -> Result<ExitCode> {
    let cluster = Cluster::find(places)?;
    let mut command = cluster.command(&args.command[0]);
    command.args(&args.command[1..]);
    let limit = Duration::from_secs(args.timeout);
    let status = Running::start_in_foreground(&mut command)?.wait(limit)?;
    Ok(command::exit_code(status))
}
