//! Takes the cluster away: its processes, its network, cgroups, settings and files. Mounts end with
//! the processes that see them. Every step is tried, also when one before it failed, and can be
//! repeated.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::failure::{Failure, Result, While};
use crate::lab::cluster::claim::Claim;
use crate::lab::cluster::{cgroups, network, sysctls};
use crate::parent;

/// Says whether there was a cluster.
pub(crate) fn run() -> Result<bool> {
    let Some(claim) = Claim::read()? else {
        return Ok(false);
    };
    let began = Instant::now();
    take_away(claim)?;
    eprintln!(
        "lab: cluster taken away in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    Ok(true)
}

/// The same when this process may have been interrupted, and then waits for nothing any more.
pub(crate) fn in_process_of_its_own() -> Result<()> {
    let mut command = Command::new(parent::OURSELVES);
    let status = command
        .args(["lab", "cluster", "down"])
        .process_group(0)
        .status()
        .doing(|| "starting lab cluster down".to_owned())?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new("lab cluster down", status))
    }
}

fn take_away(claim: Claim) -> Result<()> {
    let mut failures = Vec::new();
    let mut attempt = |done: Result<()>| {
        if let Err(failure) = done {
            failures.push(format!("\n  {failure}"));
        }
    };
    if claim.is_of_this_boot()? {
        // First, or it would start pods again.
        attempt(cgroups::end_processes(|folder| {
            folder.ends_with("kubelet.service")
        }));
        attempt(cgroups::end_processes(|_| true));
        attempt(cgroups::remove(&claim.made_slices));
        attempt(network::remove());
        attempt(sysctls::restore(&claim.sysctls));
    }
    attempt(remove_tree(&claim.state));
    if failures.is_empty() {
        claim.give_up()
    } else {
        Err(Failure::new("taking the cluster away", failures.concat())
            .remedy("cargo xtask lab cluster down, once more"))
    }
}

pub(crate) fn remove_tree(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done.doing(|| format!("removing {}", folder.display())),
    }
}
