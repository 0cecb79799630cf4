//! Developer tasks of nodesleuth: the test command, the lab, benchmarks, generated files and
//! policy. Run as `cargo xtask …`; nothing of it is in the released binary.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's tool prints"
)]

mod bench;
mod bounded;
mod bpf;
mod docs;
mod eval;
mod failure;
mod fuzz;
mod import;
mod interrupt;
mod lab;
mod parent;
mod policy;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Result;
use crate::workspace::Workspace;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Developer tasks of nodesleuth")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Everything that must hold before a change goes in; what `.ci/run` calls.
    Test(test::Args),
    /// Real programs that make this machine a sick node.
    #[command(subcommand)]
    Lab(lab::Task),
    /// Licences and sources of dependencies, `unsafe`, and which crate may use which.
    Policy,
    /// Writes the generated pages in docs/.
    Docs(docs::Args),
    /// Makes the BPF objects anew from their C sources.
    Bpf(bpf::Args),
    /// Measures and writes docs/benchmarks.md.
    Bench(bench::Args),
    /// Writes a synthetic CPU profile to try things on.
    SyntheticProfile(bench::profiles::synthetic::Args),
    /// Feeds broken input to the readers of profiles for a bounded time.
    Fuzz(fuzz::Args),
    /// Judges the answers to folders of what people attached to reports.
    Eval(eval::Args),
    /// Turns captures of real agents into fixture bundles.
    Import(import::Args),
    #[command(flatten)]
    Helper(Helper),
}

/// Processes that other tasks start; not for people.
#[derive(Debug, Subcommand)]
enum Helper {
    #[command(name = "__die-with-parent", hide = true)]
    DieWithParent(parent::Args),
    #[command(name = "__in-cluster", hide = true)]
    InCluster(lab::cluster::EnterArgs),
    #[command(name = "__zombies", hide = true)]
    Zombies(lab::zombies::WorkerArgs),
    #[command(name = "__threads", hide = true)]
    Threads(bench::threads::Args),
    #[command(name = "__usage", hide = true)]
    Usage(bench::usage::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let task = match task {
        Task::Helper(helper) => return help(helper),
        task => task,
    };
    interrupt::listen()?;
    let workspace = Workspace::find()?;
    match task {
        Task::Test(args) => test::run(&workspace, &args),
        Task::Lab(task) => lab::run(&workspace, task),
        Task::Policy => policy::run(&workspace),
        Task::Docs(args) => docs::run(&workspace, &args),
        Task::Bpf(args) => bpf::run(&workspace, &args),
        Task::Bench(args) => bench::run(&workspace, &args),
        Task::SyntheticProfile(args) => bench::profiles::synthetic::run(&args),
        Task::Eval(args) => eval::run(&workspace, &args),
        Task::Fuzz(args) => fuzz::run(&workspace, &args),
        Task::Import(args) => import::run(&workspace, &args).map(|()| ExitCode::SUCCESS),
        Task::Helper(helper) => help(helper),
    }
}

fn help(helper: Helper) -> Result<ExitCode> {
    match helper {
        Helper::DieWithParent(args) => parent::exec(&args),
        Helper::InCluster(args) => lab::cluster::enter(&args),
        Helper::Zombies(args) => lab::zombies::work(&args),
        Helper::Threads(args) => bench::threads::run(&args),
        Helper::Usage(args) => bench::usage::run(&args),
    }
}
