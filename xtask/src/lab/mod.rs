//! Real programs that make this machine a sick node, and their removal afterwards.
//! `CadvisorLab` is what tests and benchmarks use; the commands here are for people.

mod all;
mod apt_sources;
mod cadvisor;
mod clean;
pub(crate) mod cluster;
mod command;
mod hierarchies;
mod http;
mod kills;
mod libraries;
mod package;
mod reclaim;
mod run_name;
mod scratch;
pub(crate) mod vm;
pub(crate) mod zombies;

use std::process::ExitCode;

pub(crate) use cadvisor::{CadvisorLab, Size};
pub(crate) use package::cadvisor as cadvisor_program;
pub(crate) use run_name::RunName;
pub(crate) use scratch::ScratchCgroups;

use crate::failure::Result;
use crate::workspace::Workspace;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Task {
    /// A real cAdvisor doing housekeeping over leaked cgroups.
    Cadvisor(command::Args),
    /// A real Kubernetes cluster with one node.
    #[command(subcommand)]
    Cluster(cluster::Task),
    /// Captures of system calls killed at chance moments: nothing may be left of them.
    Kills(kills::Args),
    /// 20,000 zombies on this machine, and a fix that lets them go.
    Reclaim(reclaim::Args),
    /// Remedies tried on zombies in guests with older kernels.
    Vm(vm::Args),
    /// Kills, remedies among 20,000 zombies here and in every guest, the cluster: what `cargo xtask test` leaves out.
    All(all::Args),
    /// Removes what killed runs of the lab left on this machine.
    Clean,
}

pub(crate) fn run(workspace: &Workspace, task: Task) -> Result<ExitCode> {
    match task {
        Task::Cadvisor(args) => command::run(workspace, &args),
        Task::Cluster(task) => cluster::run(workspace, &task),
        Task::Kills(args) => kills::run(workspace, &args),
        Task::Reclaim(args) => reclaim::run(workspace, &args),
        Task::Vm(args) => vm::run(workspace, &args),
        Task::All(args) => all::run(workspace, &args),
        Task::Clean => clean::run(workspace),
    }
}

/// Dying cgroups of a node that has been leaking for weeks.
const MANY_ZOMBIES: usize = 20_000;
