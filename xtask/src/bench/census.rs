//! How much of reading 1,000 cgroups is the kernel's work, which no program can avoid, and what
//! counting 20,000 costs.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::bench::cpu::{self, median};
use crate::bounded;
use crate::failure::{Result, While};
use crate::lab::{RunName, ScratchCgroups};
use crate::workspace::Workspace;

const CGROUPS: usize = 1000;
/// In each of the hierarchies of this machine: 20,000 in all.
const COUNTED_EACH: usize = 2500;
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
    let (counted, cost) = count(binary)?;
    Ok(format!(
        "## cgroups --scan\n\n\
         {CGROUPS} empty cgroups in each hierarchy; `nodesleuth cgroups --scan --read-budget 0` reads 12 files of \
         each. CPU seconds of a run, {REPEATS} runs.\n\n\
         | command | user | kernel | CPU | kernel's share |\n|---|---|---|---|---|\n\
         | `nodesleuth cgroups --scan --read-budget 0` | {:.3} s | {:.3} s | {:.3} s | **{:.1} %** |\n\n\
         At least 90 % is wanted.\n\n\
         ## Counting cgroups\n\n\
         {counted} directories in all hierarchies, live and dying ones counted by `nodesleuth cgroups`: \
         **{cost:.3} s** of CPU ({REPEATS} runs, median). Less than 0.3 s is wanted.\n",
        median(runs.iter().map(|run| run.user)),
        median(runs.iter().map(|run| run.kernel)),
        median(runs.iter().map(|run| run.total())),
        100.0 * median(runs.iter().map(|run| run.kernel_share())),
    ))
}

/// Directories of all hierarchies, and CPU seconds of counting them.
fn count(binary: &Path) -> Result<(u64, f64)> {
    let cgroups = ScratchCgroups::make(&RunName::ours("count")?, COUNTED_EACH)?;
    let (mut directories, mut seconds) = (0, Vec::new());
    for _ in 0..REPEATS {
        let json = one_count(binary)?;
        let rows = json["hierarchies"].as_array();
        let live = rows
            .into_iter()
            .flatten()
            .filter_map(|row| row["live"].as_u64());
        directories = live.sum();
        seconds.push(json["cost_nanos"].as_f64().unwrap_or(f64::NAN) / 1e9);
    }
    cgroups.remove().doing(|| "after counting".to_owned())?;
    Ok((directories, median(seconds)))
}

fn one_count(binary: &Path) -> Result<Value> {
    let mut command = Command::new(binary);
    command.args(["cgroups", "--read-budget", "0", "-o", "json"]);
    let json = bounded::output(&mut command, RUN_LIMIT)?.success("nodesleuth cgroups")?;
    serde_json::from_str(&json).doing(|| "reading its JSON".to_owned())
}
