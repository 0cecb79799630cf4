//! Parts that diagnose and profile a real cAdvisor in the lab with the released binary.
//! What must come of it is in `cadvisor_expectations.rs` and `profile_expectations.rs`.

use std::path::Path;
use std::time::Duration;

use nix::unistd::geteuid;
use serde_json::Value;

use crate::failure::Result;
use crate::lab::{CadvisorLab, Size};
use crate::test::cadvisor_expectations as expectations;
use crate::test::parts::none_of;
use crate::test::pprof_agreement;
use crate::test::profile_expectations;
use crate::test::read_bill;
use crate::test::summary::Outcome;
use crate::workspace::Workspace;

const CGROUPS: usize = 2000;
const ZOMBIES: usize = 20_000;
/// cAdvisor has found all cgroups by then and does nothing but housekeeping.
const SETTLE: Duration = Duration::from_secs(3);

pub(crate) fn many_cgroups(workspace: &Workspace) -> Result<Outcome> {
    let size = Size {
        cgroups: CGROUPS,
        zombies: 0,
    };
    in_lab(workspace, size, |lab, binary, diagnosis| {
        let mut unmet = expectations::of_many_cgroups(diagnosis);
        let calls = lab.calls_on_files(binary)?;
        unmet.extend(read_bill::unmet(&calls));
        let readers = lab.cgroup_readers(binary)?;
        unmet.extend(read_bill::unmet_by_reader(&readers, &calls, lab.pid()));
        let profiled = lab.profile(workspace, binary)?;
        unmet.extend(profile_expectations::of(&profiled.said, &profiled.folded));
        unmet.extend(pprof_agreement::of(&profiled.theirs, &profiled.ours));
        unmet.extend(read_bill::unmet_by_function(&lab.readers(binary)?));
        Ok(unmet)
    })
}

pub(crate) fn zombies(workspace: &Workspace) -> Result<Outcome> {
    let size = Size {
        cgroups: 0,
        zombies: ZOMBIES,
    };
    in_lab(workspace, size, |lab, _, diagnosis| {
        Ok(expectations::of_zombies(diagnosis, lab.dying_on_machine()?))
    })
}

fn in_lab(
    workspace: &Workspace,
    size: Size,
    violations: impl Fn(&CadvisorLab, &Path, &Value) -> Result<Vec<String>>,
) -> Result<Outcome> {
    if !geteuid().is_root() {
        return Ok(Outcome::Skipped("it needs root to make cgroups".to_owned()));
    }
    let binary = workspace.release_binary()?;
    let lab = CadvisorLab::start(workspace, size)?;
    std::thread::sleep(SETTLE);
    let checked = lab
        .diagnose(workspace, &binary)
        .and_then(|diagnosis| violations(&lab, &binary, &diagnosis));
    lab.stop()?;
    checked.map(none_of)
}
