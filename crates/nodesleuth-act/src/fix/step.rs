//! One change to the node.

use nodesleuth_model::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Writing a disk out may take long; it is given up then, and the kernel goes on by itself. Pages that
/// 20,000 cgroups of v2 had written took 47 s (5.10, emulated): each has its own writeback.
const WRITE_OUT_LIMIT: Duration = Duration::from_secs(120);
/// Dropping caches on a node with millions of dentries takes seconds.
const DROP_LIMIT: Duration = Duration::from_secs(120);
const RECLAIM_LIMIT: Duration = Duration::from_secs(120);
/// A batch of cgroups, each with what it still holds.
const REMOVE_LIMIT: Duration = Duration::from_secs(60);
/// systemd waits 90 s for a unit before it kills it.
const STOP_LIMIT: Duration = Duration::from_secs(100);

/// One change to the node. Paths are the node's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Step {
    /// Write out one filesystem's dirty pages (`syncfs`).
    WriteOut {
        /// Where it is mounted.
        filesystem: String,
    },
    /// Write to `/proc/sys/vm/drop_caches`.
    DropCaches {
        /// 1 page cache, 2 dentries and inodes, 3 both.
        what: u8,
    },
    /// v1: write to `memory.force_empty` of a cgroup.
    ForceEmpty {
        /// Its folder.
        cgroup: String,
    },
    /// v2: write to `memory.reclaim` of a cgroup.
    Reclaim {
        /// Its folder.
        cgroup: String,
        /// How much to ask for.
        bytes: Bytes,
    },
    /// Have systemd stop units of its own.
    StopUnits {
        /// Their names.
        units: Vec<String>,
    },
    /// Remove cgroups without a process, children before parents; on v1 their memory is emptied
    /// before.
    RemoveCgroups {
        /// Their folders.
        cgroups: Vec<String>,
    },
}

impl Step {
    /// After which it is given up.
    #[must_use]
    pub fn limit(&self) -> Duration {
        match self {
            Self::WriteOut { .. } => WRITE_OUT_LIMIT,
            Self::DropCaches { .. } => DROP_LIMIT,
            Self::ForceEmpty { .. } | Self::Reclaim { .. } => RECLAIM_LIMIT,
            Self::StopUnits { .. } => STOP_LIMIT,
            Self::RemoveCgroups { .. } => REMOVE_LIMIT,
        }
    }

    /// How many things it stops or removes.
    #[must_use]
    pub fn items(&self) -> usize {
        match self {
            Self::StopUnits { units: items } | Self::RemoveCgroups { cgroups: items } => {
                items.len()
            }
            _ => 1,
        }
    }
}

/// What a person would type.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WriteOut { filesystem } => write!(f, "sync -f {filesystem}"),
            Self::DropCaches { what } => write!(f, "echo {what} > /proc/sys/vm/drop_caches"),
            Self::ForceEmpty { cgroup } => write!(f, "echo 0 > {cgroup}/memory.force_empty"),
            Self::Reclaim { cgroup, bytes } => {
                write!(f, "echo {} > {cgroup}/memory.reclaim", bytes.0)
            }
            Self::StopUnits { units } => listed(f, "systemctl stop", units),
            Self::RemoveCgroups { cgroups } => listed(f, "rmdir", cgroups),
        }
    }
}

/// The first of them, and how many more.
fn listed(f: &mut fmt::Formatter<'_>, command: &str, items: &[String]) -> fmt::Result {
    match items {
        [] => write!(f, "{command}"),
        [one] => write!(f, "{command} {one}"),
        [first, rest @ ..] => write!(f, "{command} {first} (and {} more)", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_as_a_person_would_type_it_and_survives_the_disk() {
        let steps = [
            (
                Step::Reclaim {
                    cgroup: "/sys/fs/cgroup/kubepods".to_owned(),
                    bytes: Bytes(4096),
                },
                "echo 4096 > /sys/fs/cgroup/kubepods/memory.reclaim",
            ),
            (
                Step::RemoveCgroups {
                    cgroups: vec!["/a/b".to_owned(), "/a".to_owned()],
                },
                "rmdir /a/b (and 1 more)",
            ),
        ];
        for (step, typed) in steps {
            assert_eq!(step.to_string(), typed);
            let text = serde_json::to_string(&step).unwrap();
            assert_eq!(serde_json::from_str::<Step>(&text).unwrap(), step);
        }
    }
}
