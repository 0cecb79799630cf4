//! How much of reading 1,000 cgroups is the kernel's work, which no program can avoid.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench::cpu::{self, median};
use crate::failure::{Result, While};
use crate::lab::{RunName, ScratchCgroups};
use crate::workspace::Workspace;

const CGROUPS: usize = 1000;
const REPEATS: usize = 5;
const RUN_LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn measure(_: &Workspace, binary: &Path) -> Result<String> {
    let cgroups = ScratchCgroups::make(&RunName::ours("census")?, CGROUPS)?;
    let mut runs = Vec::new();
    for _ in 0..REPEATS {
        runs.push(cpu::of(
            Command::new(binary).args(["cgroups", "--scan", "--read-budget", "0"]),
            RUN_LIMIT,
        )?);
    }
    cgroups.remove().doing(|| "after measuring".to_owned())?;
    Ok(format!(
        "## cgroups --scan\n\n\
         {CGROUPS} empty cgroups in each hierarchy; `nodesleuth cgroups --scan --read-budget 0` reads 12 files of \
         each. CPU seconds of a run, {REPEATS} runs.\n\n\
         | command | user | kernel | CPU | kernel's share |\n|---|---|---|---|---|\n\
         | `nodesleuth cgroups --scan --read-budget 0` | {:.3} s | {:.3} s | {:.3} s | **{:.1} %** |\n\n\
         At least 90 % is wanted.\n",
        median(runs.iter().map(|run| run.user)),
        median(runs.iter().map(|run| run.kernel)),
        median(runs.iter().map(|run| run.total())),
        100.0 * median(runs.iter().map(|run| run.kernel_share())),
    ))
}
