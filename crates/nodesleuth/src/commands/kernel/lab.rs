//! `--probe-lab`: scratch cgroups are timed and removed.

use crate::commands::target_choice::own_binary;
use crate::failure::Failure;
use crate::signals;
use nodesleuth_act::kernel_probe::{KernelProbe, probe_kernel};
use nodesleuth_analyze::kernel::LabTimes;
use nodesleuth_collect::Node;

/// What was measured.
pub(super) struct Lab(KernelProbe);

pub(super) fn probe() -> Result<Lab, Failure> {
    let Some(binary) = own_binary() else {
        return Err(Failure::usage(
            "our own program file cannot be found",
            "run nodesleuth from a mounted filesystem with /proc mounted",
        ));
    };
    Ok(Lab(probe_kernel(
        &Node::live(),
        &binary,
        &signals::cancel(),
    )?))
}

impl Lab {
    pub(super) fn times(&self, file: &str) -> Option<LabTimes> {
        let found = self.0.files.iter().find(|probed| probed.name == file)?;
        Some(LabTimes {
            cgroups: self.0.cgroups as f64,
            leaf_seconds: found.leaf.seconds(),
            parent_seconds: found.parent.seconds(),
        })
    }

    /// What happened, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let probe = &self.0;
        let mut lines: Vec<String> = probe
            .files
            .iter()
            .map(|file| {
                format!(
                    "{}: {} for the parent of {} scratch cgroups, {} for one of them",
                    file.name, file.parent, probe.cgroups, file.leaf
                )
            })
            .collect();
        let failed = probe.failed.iter();
        lines.extend(failed.map(|failed| format!("not timed: {failed}")));
        let after = probe
            .dying_after
            .map_or("?".to_owned(), |after| after.to_string());
        lines.push(format!(
            "the scratch cgroups are removed; dying memory cgroups: {} before, {after} after",
            probe.dying_before
        ));
        let left = probe.leftovers.iter();
        lines.extend(left.map(|left| format!("stayed (`nodesleuth clean` tries again): {left}")));
        lines
    }
}
