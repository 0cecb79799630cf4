//! The cluster's cgroups, named as on a node with systemd: services in system.slice, pods in
//! kubepods. Whatever runs in them was started by the cluster, as none of them exists before.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::lab::cluster::daemons;
use crate::lab::hierarchies::{self, Hierarchy};
use crate::lab::scratch;

pub(crate) const SLICE: &str = "system.slice";
/// The kubelet makes and fills it.
pub(crate) const PODS: &str = "kubepods";
const END_LIMIT: Duration = Duration::from_secs(20);

/// The v1 hierarchies; kubelets of this version need them.
fn v1() -> Result<Vec<Hierarchy>> {
    let mut found = hierarchies::mounted()?;
    found.retain(|hierarchy| !hierarchy.is_v2());
    if found.is_empty() {
        return Err(Failure::new(
            "starting a kubelet 1.20",
            "no cgroup v1 hierarchy is mounted",
        )
        .remedy("boot with systemd.unified_cgroup_hierarchy=0"));
    }
    Ok(found)
}

/// Of one of the cluster's programs, below a hierarchy's root.
pub(crate) fn service_path(name: &str) -> String {
    format!("{SLICE}/{name}.service")
}

/// Paths below a hierarchy's root that are the cluster's alone.
fn own_paths() -> impl Iterator<Item = String> {
    let services = daemons::NAMES.iter().map(|name| service_path(name));
    services.chain([PODS.to_owned()])
}

/// Those of the cluster's cgroups that exist, in a v2 hierarchy beside the others too: kubelets make
/// pods' cgroups there as well.
pub(crate) fn existing() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for hierarchy in hierarchies::mounted()? {
        let folders = own_paths().map(|path| hierarchy.mount.join(path));
        found.extend(folders.filter(|folder| folder.exists()));
    }
    Ok(found)
}

/// Hierarchies in which nobody has made a system.slice yet.
pub(crate) fn without_slice() -> Result<Vec<PathBuf>> {
    let slices = v1()?
        .into_iter()
        .map(|hierarchy| hierarchy.mount.join(SLICE));
    Ok(slices.filter(|slice| !slice.exists()).collect())
}

/// Makes a service's cgroups; fine if they are there.
pub(crate) fn make(service: &str) -> Result<()> {
    for hierarchy in v1()? {
        let slice = hierarchy.mount.join(SLICE);
        make_child(&hierarchy, &hierarchy.mount, &slice)?;
        let path = hierarchy.mount.join(service_path(service));
        make_child(&hierarchy, &slice, &path)?;
    }
    Ok(())
}

fn make_child(hierarchy: &Hierarchy, parent: &Path, child: &Path) -> Result<()> {
    if child.exists() {
        return Ok(());
    }
    scratch::make_dir(child)?;
    if hierarchy.controllers.iter().any(|name| name == "cpuset") {
        scratch::allow_cpus(parent, child)?;
    }
    Ok(())
}

/// Moves this process into a service's cgroups.
pub(crate) fn join(service: &str) -> Result<()> {
    for hierarchy in v1()? {
        let members = hierarchy
            .mount
            .join(service_path(service))
            .join("cgroup.procs");
        fs::write(&members, "0").doing(|| format!("writing {}", members.display()))?;
    }
    Ok(())
}

/// Ends every process in the given cgroups and below them, by its id, and waits until they are gone.
pub(crate) fn end_processes(of: impl Fn(&Path) -> bool) -> Result<()> {
    let folders: Vec<_> = existing()?
        .into_iter()
        .filter(|folder| of(folder))
        .collect();
    let gone = interrupt::wait_until(END_LIMIT, || {
        let mut pids = BTreeSet::new();
        folders
            .iter()
            .for_each(|folder| add_members(folder, &mut pids));
        for pid in &pids {
            // One that has just ended is what is wanted.
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        Ok(pids.is_empty())
    })?;
    if gone {
        Ok(())
    } else {
        let why = format!("some still run after {} s", END_LIMIT.as_secs());
        Err(Failure::new("ending the cluster's processes", why))
    }
}

/// A folder that goes away meanwhile has no members.
fn add_members(folder: &Path, pids: &mut BTreeSet<i32>) {
    let members = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    pids.extend(members.lines().filter_map(|line| line.parse::<i32>().ok()));
    for child in fs::read_dir(folder).into_iter().flatten().flatten() {
        if child.file_type().is_ok_and(|kind| kind.is_dir()) {
            add_members(&child.path(), pids);
        }
    }
}

/// Removes the cluster's cgroups, and the slices that it made.
pub(crate) fn remove(made_slices: &[PathBuf]) -> Result<()> {
    for folder in existing()? {
        scratch::remove_tree(&folder).doing(|| format!("removing {}", folder.display()))?;
    }
    for slice in made_slices {
        scratch::remove_dir(slice).doing(|| format!("removing {}", slice.display()))?;
    }
    Ok(())
}

/// The processes of a service, lowest id first.
pub(crate) fn members(service: &str) -> Result<Vec<u32>> {
    let hierarchy = hierarchies::memory()?;
    let file = hierarchy
        .mount
        .join(service_path(service))
        .join("cgroup.procs");
    let text = fs::read_to_string(&file).doing(|| format!("reading {}", file.display()))?;
    let mut pids: Vec<_> = text.lines().filter_map(|line| line.parse().ok()).collect();
    pids.sort_unstable();
    Ok(pids)
}
