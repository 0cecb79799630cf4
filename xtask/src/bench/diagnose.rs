//! What `diagnose` itself costs while it watches a real cAdvisor over 2,000 cgroups.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::bench::cpu::median;
use crate::failure::{Failure, Result};
use crate::lab::{CadvisorLab, Size};
use crate::workspace::Workspace;

const CGROUPS: usize = 2000;
const REPEATS: usize = 3;
const SETTLE: Duration = Duration::from_secs(3);
const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub(crate) fn measure(workspace: &Workspace, binary: &Path) -> Result<String> {
    let size = Size {
        cgroups: CGROUPS,
        zombies: 0,
    };
    let lab = CadvisorLab::start(workspace, size)?;
    std::thread::sleep(SETTLE);
    let runs: Result<Vec<_>> = (0..REPEATS)
        .map(|_| lab.diagnose(workspace, binary))
        .collect();
    lab.stop()?;
    describe(&runs?)
}

fn describe(runs: &[Value]) -> Result<String> {
    Ok(format!(
        "## diagnose itself\n\n\
         `cargo xtask lab cadvisor --cgroups {CGROUPS}`, {REPEATS} times `nodesleuth diagnose \
         --pid P --pprof URL --window 10s -o json`; figures as it prints them.\n\n\
         | | measured | wanted |\n|---|---|---|\n\
         | cAdvisor's CPU | {:.2} cores | |\n\
         | of it explained | {:.0} % | at least 80 % |\n\
         | own CPU during the window | {:.2} % of a core | under 2 % |\n\
         | own peak memory | {:.1} MiB | under 64 MiB |\n",
        figure(runs, "/ledger/total_cores")?,
        100.0
            * (1.0
                - figure(runs, "/ledger/unexplained_cores")?
                    / figure(runs, "/ledger/total_cores")?),
        100.0 * figure(runs, "/own_cost/cpu_cores")?,
        figure(runs, "/own_cost/peak_rss_bytes")? / MEBIBYTE,
    ))
}

/// The median of the number at `pointer` in each diagnosis.
pub(crate) fn figure(diagnoses: &[Value], pointer: &str) -> Result<f64> {
    let number = |diagnosis: &Value| {
        diagnosis
            .pointer(pointer)
            .and_then(Value::as_f64)
            .ok_or_else(|| Failure::new("reading the diagnosis", format!("no number at {pointer}")))
    };
    let numbers: Result<Vec<_>> = diagnoses.iter().map(number).collect();
    Ok(median(numbers?))
}
