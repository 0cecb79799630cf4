//! One file for each command.

pub(crate) mod agent;
pub(crate) mod analyze;
pub(crate) mod bundle;
pub(crate) mod catalog;
pub(crate) mod cgroups;
pub(crate) mod clean;
mod clean_cluster;
mod cluster_choice;
mod cluster_profile;
pub(crate) mod collect;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod diagnose;
mod docs;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod flame;
mod fleet;
pub(crate) mod hidden;
pub(crate) mod kernel;
mod pod_choice;
pub(crate) mod pod_guardian;
pub(crate) mod pprof;
pub(crate) mod profile;
pub(crate) mod proxy;
pub(crate) mod slab;
pub(crate) mod syscalls;
mod target_choice;
pub(crate) mod top;
pub(crate) mod trace;
mod watched;

use crate::args::{Args, Command};
use crate::failure::Failure;
use std::process::ExitCode;

/// The version as reports print it.
pub(crate) const TOOL: &str = concat!("nodesleuth ", env!("CARGO_PKG_VERSION"));

/// Runs the command that was typed.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let verbose = args.verbose;
    let done = |()| ExitCode::SUCCESS;
    match args.command {
        Command::Diagnose(args) => diagnose::run(&args, verbose),
        Command::Collect(args) => collect::run(&args, verbose).map(done),
        Command::Analyze(args) => analyze::run(&args),
        Command::Bundle(args) => bundle::run(&args).map(done),
        Command::Top(args) => top::run(&args, &crate::signals::cancel()).map(done),
        Command::Syscalls(args) => syscalls::run(&args, verbose).map(done),
        Command::Trace(args) => trace::run(&args, verbose).map(done),
        Command::Profile(args) => profile::run(&args, verbose).map(done),
        Command::Cgroups(args) => cgroups::run(&args, verbose).map(done),
        Command::Kernel(args) => kernel::run(&args).map(done),
        Command::Slab(args) => slab::run(&args).map(done),
        Command::Flame(args) => flame::run(*args).map(done),
        Command::Pprof(args) => pprof::run(&args).map(done),
        Command::Proxy(args) => proxy::run(&args).map(done),
        Command::Fix(args) => fix::run(&args, verbose),
        Command::Explain(args) => explain::run(&args).map(done),
        Command::Catalog(args) => catalog::run(&args).map(done),
        Command::Demo(args) => demo::run(&args, verbose).map(done),
        Command::Clean(args) => clean::run(&args).map(done),
        Command::Completions(args) => completions::run(&args).map(done),
        Command::Agent(args) => Ok(agent::run(&args)),
        Command::PodGuardian(args) => pod_guardian::run(&args).map(done),
        Command::ReadFile(args) => hidden::read_file(&args).map(done),
        Command::LookAtTasks(args) => hidden::look_at_tasks(&args).map(done),
        Command::Docs(args) => hidden::docs(&args).map(done),
    }
}
