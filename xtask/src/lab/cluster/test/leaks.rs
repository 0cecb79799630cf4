//! Leaked cgroups where a kubelet and its cAdvisor follow them: directly below the class of pods
//! without requests, as scopes are left behind.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::lab::cluster::cgroups::PODS;
use crate::lab::hierarchies::{self, Hierarchy};
use crate::lab::scratch;

/// Cgroups that exist as long as this value.
#[derive(Debug)]
pub(crate) struct LeakedPodCgroups {
    /// The class in each hierarchy.
    parents: Vec<PathBuf>,
    /// So many below each.
    count: usize,
    /// How long making them took.
    took: Duration,
}

impl LeakedPodCgroups {
    /// So many in each v1 hierarchy.
    pub(crate) fn make(count: usize) -> Result<Self> {
        let began = Instant::now();
        // A kubelet leaves some hierarchies out, and so do leaks.
        let mut hierarchies = hierarchies::for_leaks()?;
        hierarchies.retain(|hierarchy| class_of(hierarchy).is_dir());
        if hierarchies.is_empty() {
            return Err(Failure::new("leaking cgroups", "no hierarchy has pods"));
        }
        let mut leaked = Self {
            parents: hierarchies.iter().map(class_of).collect(),
            count,
            took: Duration::ZERO,
        };
        in_each(&hierarchies, |hierarchy| fill(hierarchy, count))?;
        leaked.took = began.elapsed();
        Ok(leaked)
    }

    /// What was made, in words.
    pub(crate) fn told(&self) -> String {
        format!(
            "{} × {} cgroups, made in {:.0} s",
            self.count,
            self.parents.len(),
            self.took.as_secs_f64()
        )
    }
}

impl Drop for LeakedPodCgroups {
    fn drop(&mut self) {
        let count = self.count;
        // What would not go, `down` reports: it removes all of the pods' cgroups.
        let _ = in_each(&self.parents, |parent| {
            for index in (0..count).rev() {
                let _ = scratch::remove_dir(&leaf(parent, index));
            }
            Ok(())
        });
    }
}

fn class_of(hierarchy: &Hierarchy) -> PathBuf {
    hierarchy.mount.join(PODS).join("besteffort")
}

fn leaf(class: &Path, index: usize) -> PathBuf {
    class.join(format!("leak-{index}"))
}

fn fill(hierarchy: &Hierarchy, count: usize) -> Result<()> {
    let class = class_of(hierarchy);
    if hierarchy.controllers.iter().any(|name| name == "cpuset") {
        // They inherit from here on. Set on each of them, every write would look at all others.
        scratch::allow_cpus(&hierarchy.mount.join(PODS), &class)?;
    }
    for index in 0..count {
        interrupt::check()?;
        scratch::make_dir(&leaf(&class, index))?;
    }
    Ok(())
}

/// A thread each: hierarchies make and remove independently of one another, and most of that is
/// waiting.
fn in_each<T: Sync>(all: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let threads: Vec<_> = all.iter().map(|one| scope.spawn(|| work(one))).collect();
        let joined = threads.into_iter().map(|thread| {
            let panicked = |_| Err(Failure::new("leaking cgroups", "a thread panicked"));
            thread.join().unwrap_or_else(panicked)
        });
        // All of them end before the first failure is told.
        joined.collect::<Vec<_>>().into_iter().collect()
    })
}
