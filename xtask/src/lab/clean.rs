//! Removes what runs of the lab left behind that were killed before they could clean up.
//! Only the cluster's processes need care: all others die with their parent.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::failure::{Failure, Result, While};
use crate::lab::cluster;
use crate::lab::hierarchies;
use crate::lab::run_name::RunName;
use crate::lab::scratch;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let removed = remove_orphans(workspace)? + usize::from(cluster::remove_orphan()?);
    if removed == 0 {
        println!("nothing left of dead runs");
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes and names cgroups and folders of dead runs; says how many.
pub(crate) fn remove_orphans(workspace: &Workspace) -> Result<usize> {
    let mut failures = Vec::new();
    let orphans = orphans(workspace)?;
    for orphan in &orphans {
        eprintln!("lab: removing {}, of a dead run", orphan.path().display());
        if let Err(error) = orphan.remove() {
            failures.push(format!("\n  {}: {error}", orphan.path().display()));
        }
    }
    if failures.is_empty() {
        Ok(orphans.len())
    } else {
        Err(Failure::new(
            "removing what dead runs left",
            failures.concat(),
        ))
    }
}

#[derive(Debug)]
enum Orphan {
    /// The files that pin zombies.
    Folder(PathBuf),
    Cgroup(PathBuf),
}

impl Orphan {
    fn path(&self) -> &PathBuf {
        match self {
            Self::Folder(path) | Self::Cgroup(path) => path,
        }
    }

    fn remove(&self) -> std::io::Result<()> {
        match self {
            Self::Folder(path) => fs::remove_dir_all(path),
            Self::Cgroup(path) => scratch::remove_tree(path),
        }
    }
}

fn orphans(workspace: &Workspace) -> Result<Vec<Orphan>> {
    let lab = workspace.lab_dir()?;
    let mut found = Vec::new();
    for name in orphan_names(&lab)? {
        found.push(Orphan::Folder(lab.join(name)));
    }
    for hierarchy in hierarchies::mounted().doing(|| "looking for orphans".to_owned())? {
        for name in orphan_names(&hierarchy.mount)? {
            found.push(Orphan::Cgroup(hierarchy.mount.join(name)));
        }
    }
    Ok(found)
}

fn orphan_names(dir: &std::path::Path) -> Result<Vec<String>> {
    let mut orphans = Vec::new();
    for name in scratch::top_level(dir)? {
        if let Some(run) = RunName::parse(&name)
            && run.is_orphan()?
        {
            orphans.push(name);
        }
    }
    Ok(orphans)
}
