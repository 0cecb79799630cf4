//! Leaked cgroups where a kubelet and its cAdvisor follow them: directly below the class of pods
//! without requests, as scopes are left behind.

use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::lab::cluster::cgroups::PODS;
use crate::lab::hierarchies;
use crate::lab::scratch;

/// Cgroups that exist as long as this value.
#[derive(Debug)]
pub(crate) struct LeakedPodCgroups(Vec<PathBuf>);

impl LeakedPodCgroups {
    /// So many in each v1 hierarchy.
    pub(crate) fn make(count: usize) -> Result<Self> {
        let mut leaked = Self(Vec::new());
        for hierarchy in hierarchies::for_leaks()? {
            let parent = hierarchy.mount.join(PODS).join("besteffort");
            if !parent.is_dir() {
                // A kubelet leaves some hierarchies out, and so do leaks.
                continue;
            }
            for index in 0..count {
                interrupt::check()?;
                let cgroup = parent.join(format!("leak-{index}"));
                scratch::make_dir(&cgroup)?;
                leaked.0.push(cgroup);
                if hierarchy.controllers.iter().any(|name| name == "cpuset")
                    && let Some(cgroup) = leaked.0.last()
                {
                    scratch::allow_cpus(&parent, cgroup)?;
                }
            }
        }
        if leaked.0.len() < count {
            return Err(Failure::new("leaking cgroups", "no hierarchy has pods"));
        }
        Ok(leaked)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Drop for LeakedPodCgroups {
    fn drop(&mut self) {
        for cgroup in self.0.iter().rev() {
            // What would not go, `down` reports: it removes all of the pods' cgroups.
            let _ = scratch::remove_dir(cgroup);
        }
    }
}
