//! Real cAdvisor among 20,000 dying memory cgroups: what they cost here, and how they are counted.

use std::path::Path;
use std::slice;
use std::time::Duration;

use serde_json::Value;

use crate::bench::diagnose::figure;
use crate::failure::Result;
use crate::lab::{CadvisorLab, Size};
use crate::workspace::Workspace;

const ZOMBIES: usize = 20_000;
const SETTLE: Duration = Duration::from_secs(3);

pub(crate) fn measure(workspace: &Workspace, binary: &Path) -> Result<String> {
    let size = Size {
        cgroups: 0,
        zombies: ZOMBIES,
    };
    let lab = CadvisorLab::start(workspace, size)?;
    std::thread::sleep(SETTLE);
    let measured = lab.diagnose(workspace, binary).and_then(|diagnosis| {
        let dying = lab.dying_on_machine()?;
        describe(&diagnosis, dying)
    });
    lab.stop()?;
    measured
}

fn describe(diagnosis: &Value, dying: u64) -> Result<String> {
    let one = slice::from_ref(diagnosis);
    let text = |name: &str| diagnosis[name].as_str().unwrap_or("missing").to_owned();
    Ok(format!(
        "## cAdvisor among zombies\n\n\
         `cargo xtask lab cadvisor --cgroups 0 --zombies {ZOMBIES}`, then `nodesleuth diagnose \
         --pid P --pprof URL --window 10s -o json`.\n\n\
         | | |\n|---|---|\n\
         | cAdvisor's CPU | {:.3} cores |\n\
         | outcome (wanted: not-hot) | {} |\n\
         | verdict | {} |\n\
         | dying memory cgroups, counted by nodesleuth | {:.0} |\n\
         | dying memory cgroups, by the kernel's count minus directories | {dying} |\n",
        figure(one, "/ledger/total_cores")?,
        text("outcome"),
        text("verdict"),
        figure(one, "/facts/cgroup.memory.dying/value")?,
    ))
}
