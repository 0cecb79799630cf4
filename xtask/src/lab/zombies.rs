//! Dying ("zombie") memory cgroups: each is entered, pins something of its own (`worker.rs`), and
//! is removed. Deleting the files lets them go.

mod worker;

pub(crate) use worker::{PAGE_BYTES, WorkerArgs, work};

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded::Running;
use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::lab::RunName;
use crate::lab::hierarchies::{self, Hierarchy};
use crate::lab::scratch;
use crate::parent;

/// The kernel has 65,535 ids for memory cgroups, dying ones included.
const MOST: usize = 60_000;
const MAKE_LIMIT: Duration = Duration::from_secs(600);
const GO_LIMIT: Duration = Duration::from_secs(30);

/// Zombies that exist as long as this value.
#[derive(Debug)]
pub(crate) struct Zombies {
    hierarchy: Hierarchy,
    parent: PathBuf,
    files: PathBuf,
    dying_before: u64,
    made: usize,
}

impl Zombies {
    /// Makes `count` zombies; their files go into a new folder below `dir`.
    pub(crate) fn make(name: &RunName, count: usize, dir: &Path) -> Result<Self> {
        if count > MOST {
            return Err(Failure::new(
                format!("making {count} zombies"),
                format!("the kernel runs out of memory cgroup ids; {MOST} is our limit"),
            ));
        }
        let hierarchy = hierarchies::memory()?;
        let zombies = Self {
            parent: hierarchy.mount.join(name.to_string()),
            files: dir.join(name.to_string()),
            dying_before: dying(&hierarchy)?,
            made: count,
            hierarchy,
        };
        zombies.prepare()?;
        zombies.run_worker()?;
        Ok(zombies)
    }

    /// Below which cgroup they are, as its path below the mount.
    pub(crate) fn subtree(&self) -> String {
        let name = self.parent.file_name().unwrap_or_default();
        format!("/{}", name.to_string_lossy())
    }

    /// How many dying memory cgroups there are more than before.
    pub(crate) fn counted(&self) -> Result<u64> {
        Ok(dying(&self.hierarchy)?.saturating_sub(self.dying_before))
    }

    /// Lets them go, and says how many would not.
    pub(crate) fn remove(self) -> Result<()> {
        self.take_away()?;
        // Reading what is left needs no guard any more.
        let tolerated = self.dying_before + (self.made as u64).div_ceil(100) + 16;
        let gone = interrupt::wait_until(GO_LIMIT, || Ok(dying(&self.hierarchy)? <= tolerated));
        if gone.unwrap_or(true) {
            return Ok(());
        }
        Err(Failure::new(
            "zombies left behind",
            format!("{} still pinned by something", self.counted()?),
        )
        .remedy("echo 1 > /proc/sys/vm/drop_caches"))
    }

    fn prepare(&self) -> Result<()> {
        scratch::make_dir(&self.parent)?;
        if self.hierarchy.is_v2() {
            let control = self.parent.join("cgroup.subtree_control");
            fs::write(&control, "+memory").doing(|| format!("writing {}", control.display()))?;
        }
        fs::create_dir(&self.files).doing(|| format!("making {}", self.files.display()))
    }

    fn run_worker(&self) -> Result<()> {
        let mut command = Command::new(parent::OURSELVES);
        command
            .arg("__zombies")
            .args(["--maker", &std::process::id().to_string()])
            .args(["--count", &self.made.to_string(), "--pin", "written"])
            .arg("--home")
            .arg(hierarchies::home(&self.hierarchy)?)
            .arg("--parent")
            .arg(&self.parent)
            .arg("--files")
            .arg(&self.files);
        let status = Running::start(&mut command)?.wait(MAKE_LIMIT)?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new("making zombies", status))
        }
    }

    fn take_away(&self) -> Result<()> {
        remove_files(&self.files)?;
        scratch::remove_tree(&self.parent).doing(|| format!("removing {}", self.parent.display()))
    }
}

impl Drop for Zombies {
    fn drop(&mut self) {
        if let Err(failure) = self.take_away() {
            eprintln!("lab: {failure}; `cargo xtask lab clean` tries again");
        }
    }
}

fn remove_files(files: &Path) -> Result<()> {
    if files.exists() {
        fs::remove_dir_all(files).doing(|| format!("removing {}", files.display()))?;
    }
    Ok(())
}

/// Dying memory cgroups of the machine.
pub(crate) fn dying_on_machine() -> Result<u64> {
    dying(&hierarchies::memory()?)
}

/// What the kernel counts minus what can be seen (v1), or
/// what it says itself (v2).
fn dying(hierarchy: &Hierarchy) -> Result<u64> {
    if hierarchy.is_v2() {
        let path = hierarchy.mount.join("cgroup.stat");
        let text = fs::read_to_string(&path).doing(|| format!("reading {}", path.display()))?;
        return value_of(&text, "nr_dying_descendants", 1)
            .ok_or_else(|| Failure::new("cgroup.stat", "has no nr_dying_descendants"));
    }
    let path = "/proc/cgroups";
    let text = fs::read_to_string(path).doing(|| format!("reading {path}"))?;
    let counted =
        value_of(&text, "memory", 2).ok_or_else(|| Failure::new(path, "has no line for memory"))?;
    Ok(counted.saturating_sub(directories(&hierarchy.mount)))
}

/// The number in column `column` of the line that begins with `key`.
fn value_of(text: &str, key: &str, column: usize) -> Option<u64> {
    let line = text
        .lines()
        .find(|line| line.split_whitespace().next() == Some(key))?;
    line.split_whitespace().nth(column)?.parse().ok()
}

/// `dir` and the directories below it; those that vanish meanwhile do not count.
fn directories(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    let below = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| directories(&entry.path()));
    1 + below.sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_both_tables() {
        let v1 =
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t3\t1\nmemory\t4\t20014\t1\n";
        assert_eq!(value_of(v1, "memory", 2), Some(20014));
        let v2 = "nr_descendants 41\nnr_dying_descendants 7\n";
        assert_eq!(value_of(v2, "nr_dying_descendants", 1), Some(7));
        assert_eq!(value_of("", "memory", 2), None);
    }
}
