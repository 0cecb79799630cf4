//! When a remedy is not carried out: the node is under pressure, or there is nothing to repair.

use super::{Look, Plan};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Bytes, Nanos};
use serde::Serialize;
use std::fmt;

/// Where guards draw the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Most percent of the last 10 s in which a task waited for memory or for storage.
    pub pressure_percent: f64,
    /// Least share of memory that is available, where the kernel keeps no pressure.
    pub available_share: f64,
    /// Reads faster than this need no remedy.
    pub fast_read: Nanos,
    /// Free dying cgroups also where reads are fast, for the memory that they hold.
    pub although_fast: bool,
}

/// Why a remedy is not carried out now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "obstacle", rename_all = "kebab-case")]
pub enum Obstacle {
    /// Tasks wait for memory or storage.
    Pressure {
        /// `memory` or `io`.
        resource: &'static str,
        /// Of the last 10 s.
        percent: f64,
        /// The line.
        limit: f64,
    },
    /// Little memory is available, on a kernel that keeps no pressure.
    LittleMemory {
        /// `MemAvailable`.
        available: Bytes,
        /// `MemTotal`.
        total: Bytes,
    },
    /// Neither pressure nor available memory could be read.
    Unknown {
        /// What was tried.
        reason: String,
    },
    /// Reading statistics is fast already.
    AlreadyFast {
        /// The slowest file that was read.
        path: String,
        /// How long that took.
        took: Nanos,
        /// Dying cgroups, where that is known.
        dying: Option<u64>,
    },
    /// No cgroup is dying.
    NoneDying,
}

impl Obstacle {
    /// True when there is nothing to repair; false when it must not be repaired now.
    #[must_use]
    pub fn is_not_needed(&self) -> bool {
        matches!(self, Self::AlreadyFast { .. } | Self::NoneDying)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pressure {
                resource,
                percent,
                limit,
            } => write!(
                f,
                "the node is under {resource} pressure: tasks waited in {percent:.0} % of the last \
                 10 s (limit {limit:.0} %)"
            ),
            Self::LittleMemory { available, total } => write!(
                f,
                "little memory is available: {available} of {total} (this kernel keeps no pressure \
                 to judge by)"
            ),
            Self::Unknown { reason } => {
                write!(
                    f,
                    "whether the node is under pressure is not known: {reason}"
                )
            }
            Self::AlreadyFast { path, took, dying } => {
                write!(f, "reads are fast already: {path} takes {took}")?;
                match dying {
                    Some(dying) => write!(f, " with {} dying cgroups", grouped(*dying)),
                    None => Ok(()),
                }
            }
            Self::NoneDying => write!(f, "no cgroup is dying"),
        }
    }
}

/// The first reason not to carry this plan out on a node that looks so.
pub(super) fn obstacle(plan: Plan, look: &Look, limits: &Limits) -> Option<Obstacle> {
    under_pressure(look, limits).or_else(|| not_needed(plan, look, limits))
}

/// The pressure half alone: asked again between steps.
pub(super) fn under_pressure(look: &Look, limits: &Limits) -> Option<Obstacle> {
    let kept = [
        ("memory", look.memory_pressure_percent),
        ("io", look.io_pressure_percent),
    ];
    for (resource, percent) in kept {
        if let Some(percent) = percent.filter(|percent| *percent > limits.pressure_percent) {
            let limit = limits.pressure_percent;
            return Some(Obstacle::Pressure {
                resource,
                percent,
                limit,
            });
        }
    }
    if look.memory_pressure_percent.is_some() {
        return None;
    }
    match (look.available, look.memory) {
        (Some(available), Some(total)) => {
            let little = (available.0 as f64) < total.0 as f64 * limits.available_share;
            little.then_some(Obstacle::LittleMemory { available, total })
        }
        _ => Some(Obstacle::Unknown {
            reason: "neither /proc/pressure/memory nor MemAvailable in /proc/meminfo".to_owned(),
        }),
    }
}

fn not_needed(plan: Plan, look: &Look, limits: &Limits) -> Option<Obstacle> {
    if !plan.frees_dying() {
        return None;
    }
    if look.dying == Some(0) {
        return Some(Obstacle::NoneDying);
    }
    // A file that was left unread, for instance because it would take too long, is not fast.
    let slowest = look.slowest.as_ref().filter(|_| look.all_read)?;
    (slowest.took < limits.fast_read && !limits.although_fast).then(|| Obstacle::AlreadyFast {
        path: slowest.path.clone(),
        took: slowest.took,
        dying: look.dying,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::SlowestRead;

    const LIMITS: Limits = Limits {
        pressure_percent: 20.0,
        available_share: 0.05,
        fast_read: Nanos(1_000_000),
        although_fast: false,
    };

    fn calm(took_ms: u64) -> Look {
        Look {
            memory_pressure_percent: Some(0.0),
            io_pressure_percent: Some(3.0),
            dying: Some(900),
            slowest: Some(SlowestRead {
                path: "/sys/fs/cgroup/memory/memory.stat".to_owned(),
                took: Nanos(took_ms * 1_000_000),
            }),
            all_read: true,
            ..Look::default()
        }
    }

    #[test]
    fn a_calm_sick_node_is_repaired_and_a_pressed_one_is_not() {
        assert_eq!(obstacle(Plan::DropSlab, &calm(40), &LIMITS), None);
        let pressed = Look {
            io_pressure_percent: Some(55.0),
            ..calm(40)
        };
        let found = obstacle(Plan::DropSlab, &pressed, &LIMITS).unwrap();
        assert_eq!(
            found.to_string(),
            "the node is under io pressure: tasks waited in 55 % of the last 10 s (limit 20 %)"
        );
        assert!(!found.is_not_needed());
    }

    #[test]
    fn fast_reads_need_no_remedy_unless_it_is_for_the_memory() {
        let found = obstacle(Plan::DropAll, &calm(0), &LIMITS).unwrap();
        assert!(found.is_not_needed());
        assert!(
            found.to_string().ends_with("with 900 dying cgroups"),
            "{found}"
        );
        let limits = Limits {
            although_fast: true,
            ..LIMITS
        };
        assert_eq!(obstacle(Plan::DropAll, &calm(0), &limits), None);
        assert_eq!(obstacle(Plan::RemoveEmptyCgroups, &calm(0), &LIMITS), None);
    }

    #[test]
    fn a_file_that_was_too_slow_to_be_read_is_not_fast() {
        let unread = Look {
            all_read: false,
            ..calm(0)
        };
        assert_eq!(obstacle(Plan::DropSlab, &unread, &LIMITS), None);
    }

    #[test]
    fn without_pressure_available_memory_decides_and_without_both_nothing_is_done() {
        let old = |available| Look {
            memory_pressure_percent: None,
            io_pressure_percent: None,
            available: Some(Bytes(available)),
            memory: Some(Bytes(1000)),
            ..calm(40)
        };
        assert_eq!(obstacle(Plan::DropSlab, &old(60), &LIMITS), None);
        assert!(matches!(
            obstacle(Plan::DropSlab, &old(40), &LIMITS),
            Some(Obstacle::LittleMemory { .. })
        ));
        let blind = Look {
            memory: None,
            ..old(60)
        };
        assert!(matches!(
            obstacle(Plan::DropSlab, &blind, &LIMITS),
            Some(Obstacle::Unknown { .. })
        ));
    }
}
