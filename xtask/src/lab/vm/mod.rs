//! `cargo xtask lab vm`: older kernels in guests under plain qemu emulation, with cgroup v1 and v2,
//! in which remedies are tried on zombies of every kind.

mod guest;
mod initramfs;
mod kernel;
mod scenario;
mod steps;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::lab::package;
use crate::lab::vm::guest::{Programs, missing_tool};
use crate::lab::vm::kernel::{GuestKernel, KERNELS};
use crate::lab::vm::scenario::Scenario;
use crate::test::parts::none_of;
use crate::test::summary::Outcome;
use crate::workspace::Workspace;

/// Which cgroups a guest has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CgroupMode {
    V1,
    V2,
}

impl CgroupMode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only kernels whose release begins so, such as 5.10.
    #[arg(long, value_name = "RELEASE", default_value = "")]
    kernel: String,
    /// Only this version of cgroups.
    #[arg(long, value_enum)]
    cgroup: Option<CgroupMode>,
    /// Dying cgroups to make for each remedy.
    #[arg(long, value_name = "N", default_value_t = 300)]
    zombies: usize,
    /// Try this nodesleuth instead of a new release build.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let kernels: Vec<&GuestKernel> = KERNELS
        .iter()
        .filter(|kernel| kernel.release.starts_with(&args.kernel))
        .collect();
    if kernels.is_empty() {
        let known: Vec<_> = KERNELS.iter().map(|kernel| kernel.release).collect();
        return Err(Failure::new(
            format!("no guest with kernel {}", args.kernel),
            format!("there are {}", known.join(" and ")),
        ));
    }
    let binary = workspace.release_binary_or(args.binary.as_deref())?;
    let mut unmet = Vec::new();
    for kernel in kernels {
        for mode in [CgroupMode::V1, CgroupMode::V2] {
            if args.cgroup.is_none_or(|wanted| wanted == mode) {
                interrupt::check()?;
                let scenario = Scenario {
                    mode,
                    zombies: args.zombies,
                    slab_takes_pages: kernel.slab_takes_pages,
                };
                // What is wrong with one guest says nothing of the others.
                unmet.extend(
                    try_remedies(workspace, kernel, &scenario, &binary)
                        .unwrap_or_else(|failure| vec![failure.to_string()]),
                );
            }
        }
    }
    for line in &unmet {
        println!("{line}");
    }
    Ok(ExitCode::from(u8::from(!unmet.is_empty())))
}

/// The part of the test command: one small guest, on cgroup v2, which this machine may not have.
pub(crate) fn small(workspace: &Workspace) -> Result<Outcome> {
    if let Some(missing) = missing_tool() {
        return Ok(Outcome::Skipped(missing));
    }
    let [.., kernel] = &KERNELS;
    let scenario = Scenario {
        mode: CgroupMode::V2,
        zombies: 300,
        slab_takes_pages: kernel.slab_takes_pages,
    };
    let binary = workspace.release_binary()?;
    try_remedies(workspace, kernel, &scenario, &binary).map(none_of)
}

/// Boots one guest, tries all remedies in it and returns what did not hold.
fn try_remedies(
    workspace: &Workspace,
    kernel: &GuestKernel,
    scenario: &Scenario,
    binary: &Path,
) -> Result<Vec<String>> {
    if let Some(missing) = missing_tool() {
        return Err(Failure::new("booting a guest", missing));
    }
    let programs = Programs {
        nodesleuth: binary.to_owned(),
        cadvisor: package::cadvisor(workspace)?,
    };
    let mode = scenario.mode;
    let transcript = guest::run(workspace, (kernel, mode), &programs, &scenario.steps())?;
    let guest = format!("guest {} {}", kernel.release, mode.name());
    println!("{guest}\n{}", scenario.table(&transcript)?);
    let unmet = scenario.unmet(&transcript)?;
    Ok(unmet
        .iter()
        .map(|line| format!("{guest}: {line}"))
        .collect())
}
