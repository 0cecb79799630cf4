//! Leaked cgroups: empty leaves under a parent of our own in every hierarchy, and their removal,
//! children first, also when the run fails.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::lab::RunName;
use crate::lab::hierarchies;

/// A cgroup whose last process has just ended says EBUSY for a moment.
const BUSY_LIMIT: Duration = Duration::from_secs(5);
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Cgroups that exist as long as this value.
#[derive(Debug)]
pub(crate) struct ScratchCgroups {
    parents: Vec<PathBuf>,
}

impl ScratchCgroups {
    /// `leak-0` … `leak-(count-1)` under a new parent `name` in each hierarchy.
    pub(crate) fn make(name: &RunName, count: usize) -> Result<Self> {
        let mut made = Self {
            parents: Vec::new(),
        };
        if count == 0 {
            return Ok(made);
        }
        for hierarchy in hierarchies::for_leaks()? {
            let parent = hierarchy.mount.join(name.to_string());
            make_dir(&parent)?;
            made.parents.push(parent.clone());
            if hierarchy.controllers.iter().any(|name| name == "cpuset") {
                allow_cpus(&hierarchy.mount, &parent)?;
            }
            for index in 0..count {
                interrupt::check()?;
                make_dir(&parent.join(format!("leak-{index}")))?;
            }
        }
        Ok(made)
    }

    /// The parent in each hierarchy.
    pub(crate) fn parents(&self) -> &[PathBuf] {
        &self.parents
    }

    /// Removes them and says what would not go.
    pub(crate) fn remove(mut self) -> Result<()> {
        remove_all(std::mem::take(&mut self.parents))
    }
}

impl Drop for ScratchCgroups {
    fn drop(&mut self) {
        if let Err(failure) = remove_all(std::mem::take(&mut self.parents)) {
            eprintln!("lab: {failure}");
        }
    }
}

/// Gives a new cpuset its parent's CPUs and memory nodes, and makes its children inherit them, as
/// runc does. cAdvisor's GetStats gives up on a cgroup at once when they are empty, and then costs
/// a third of what real leaked scopes make it cost.
pub(crate) fn allow_cpus(parent: &Path, cgroup: &Path) -> Result<()> {
    for name in ["cpuset.cpus", "cpuset.mems"] {
        let (from, to) = (parent.join(name), cgroup.join(name));
        fs::read(&from)
            .and_then(|value| fs::write(&to, value))
            .doing(|| format!("copying {} to {}", from.display(), to.display()))?;
    }
    let clone = cgroup.join("cgroup.clone_children");
    fs::write(&clone, "1").doing(|| format!("writing {}", clone.display()))
}

fn remove_all(parents: Vec<PathBuf>) -> Result<()> {
    let mut left = Vec::new();
    for parent in parents {
        if let Err(error) = remove_tree(&parent) {
            left.push(format!("\n  {}: {error}", parent.display()));
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    Err(Failure::new("cgroups left behind", left.concat())
        .remedy("`cargo xtask lab clean`, once whatever keeps them busy has ended"))
}

pub(crate) fn make_dir(path: &Path) -> Result<()> {
    fs::create_dir(path).map_err(|error| {
        let failure = Failure::new(format!("making cgroup {}", path.display()), &error);
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                failure.remedy("run the lab as root on a machine with writable cgroups")
            }
            _ => failure,
        }
    })
}

/// Removes a cgroup and all below it; one that is gone already is fine.
pub(crate) fn remove_tree(cgroup: &Path) -> io::Result<()> {
    let children = match fs::read_dir(cgroup) {
        Ok(children) => children,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for child in children {
        let child = child?;
        if child.file_type()?.is_dir() {
            remove_tree(&child.path())?;
        }
    }
    remove_dir(cgroup)
}

/// `rmdir`, again while the cgroup is busy.
pub(crate) fn remove_dir(cgroup: &Path) -> io::Result<()> {
    let end = Instant::now() + BUSY_LIMIT;
    loop {
        match fs::remove_dir(cgroup) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::ResourceBusy && Instant::now() < end => {
                std::thread::sleep(BUSY_PAUSE);
            }
            other => return other,
        }
    }
}

/// Names of the cgroups directly below a hierarchy's root.
pub(crate) fn top_level(mount: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(mount).doing(|| format!("listing {}", mount.display()))?;
    let names = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.collect())
}
