//! One defect on one node: the table's word, corrected by a measurement where there is one.

use super::{KernelEntry, Release};
use crate::catalog::Thresholds;
use nodesleuth_model::Nanos;
use nodesleuth_model::diagnosis::{Advisory, AdvisoryStatus};
use nodesleuth_model::units::grouped;

/// What was measured on the node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Fastest read of the entry's probe file.
    pub read_seconds: Option<f64>,
    /// Memory cgroups that the kernel counts, dying ones included.
    pub memory_cgroups: Option<f64>,
    /// False when the memory controller is on v2.
    pub memory_on_v1: Option<bool>,
    /// The same file timed in scratch cgroups.
    pub lab: Option<LabTimes>,
}

/// One file's reading times in a scratch subtree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabTimes {
    /// Scratch cgroups below the parent.
    pub cgroups: f64,
    /// Of a cgroup without any below it.
    pub leaf_seconds: f64,
    /// Of their parent.
    pub parent_seconds: f64,
}

/// What to tell about one defect.
#[must_use]
pub fn advise(
    entry: &KernelEntry,
    release: Option<&Release>,
    measured: Measured,
    thresholds: &Thresholds,
) -> Advisory {
    let (mut status, mut reason) = match release {
        Some(release) => entry.judge(release),
        None => (
            AdvisoryStatus::Unknown,
            "the kernel release is not known".to_owned(),
        ),
    };
    if entry.only_v1 && measured.memory_on_v1 == Some(false) {
        status = AdvisoryStatus::Fixed;
        "the memory controller is on cgroup v2, which is not concerned".clone_into(&mut reason);
    }
    let probed = lab(measured, thresholds).or_else(|| probe(measured, thresholds));
    if let Some((probed, said)) = probed {
        if probed == status {
            reason = format!("{reason}; measured: {said}");
        } else {
            reason = format!(
                "measured: {said} (the table says {}: {reason})",
                status.as_str()
            );
            status = probed;
        }
    }
    Advisory {
        id: entry.id.clone(),
        title: entry.title.clone(),
        status,
        reason,
    }
}

/// A read that is slow with many cgroups is a walk; a fast one with many is none. With few
/// cgroups a measurement says nothing.
fn probe(measured: Measured, thresholds: &Thresholds) -> Option<(AdvisoryStatus, String)> {
    let (seconds, cgroups) = (measured.read_seconds?, measured.memory_cgroups?);
    if cgroups <= thresholds.walk_min_cgroups {
        return None;
    }
    let slow = seconds > thresholds.walk_read_seconds;
    let said = format!(
        "{} with {} memory cgroups",
        Nanos::from_seconds(seconds),
        grouped(cgroups as u64)
    );
    Some((
        if slow {
            AdvisoryStatus::Affected
        } else {
            AdvisoryStatus::Fixed
        },
        said,
    ))
}

/// A parent's file that costs more for each cgroup below it is a walk.
fn lab(measured: Measured, thresholds: &Thresholds) -> Option<(AdvisoryStatus, String)> {
    let lab = measured.lab?;
    let each = (lab.parent_seconds - lab.leaf_seconds) / lab.cgroups.max(1.0);
    let walks = each > thresholds.walk_seconds_each && lab.parent_seconds > 2.0 * lab.leaf_seconds;
    let said = format!(
        "{} with {} scratch cgroups below, {} with none",
        Nanos::from_seconds(lab.parent_seconds),
        grouped(lab.cgroups as u64),
        Nanos::from_seconds(lab.leaf_seconds)
    );
    Some((
        if walks {
            AdvisoryStatus::Affected
        } else {
            AdvisoryStatus::Fixed
        },
        said,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    fn judge(id: &str, release: &str) -> AdvisoryStatus {
        let catalog = Catalog::built_in().unwrap();
        let entry = catalog.kernel.iter().find(|entry| entry.id == id).unwrap();
        entry
            .judge(&Release::parse(release, &catalog.families).unwrap())
            .0
    }

    /// Release strings whose verdict is established (kernel changelogs and measurements).
    #[test]
    fn real_release_strings_are_judged_right() {
        use AdvisoryStatus::{Affected, Fixed, Unknown};
        let table = [
            ("4.18.0-147.8.1.el8_1.x86_64", Affected, None),
            ("4.18.0-176.el8.x86_64", Affected, None),
            ("4.18.0-193.el8.x86_64", Affected, None),
            ("4.18.0-193.28.1.el8_2.x86_64", Affected, None),
            ("4.18.0-193.10.el8.x86_64", Fixed, None),
            ("4.18.0-211.el8.x86_64", Fixed, Some(Affected)),
            ("4.18.0-240.el8.x86_64", Fixed, Some(Unknown)),
            ("4.18.0-305.25.1.el8_4.x86_64", Fixed, Some(Unknown)),
            ("3.10.0-1127.el7.x86_64", Affected, Some(Affected)),
            ("3.10.0-957.21.3.el7.x86_64", Affected, Some(Affected)),
            ("5.14.0-70.13.1.el9_0.x86_64", Fixed, Some(Fixed)),
            ("6.5.4-1.el7.elrepo.x86_64", Fixed, Some(Fixed)),
            ("4.4.235-1.el7.elrepo.x86_64", Affected, None),
            ("4.15.0-112-generic", Affected, Some(Affected)),
            ("4.15.0-213-generic", Affected, Some(Affected)),
            ("4.15.0-1158-aws", Affected, None),
            ("5.4.0-1045-aws", Fixed, Some(Affected)),
            ("5.4.0-216-generic", Fixed, Some(Affected)),
            ("5.15.0-204-generic", Fixed, Some(Fixed)),
            ("4.14.186-146.268.amzn2.x86_64", Unknown, Some(Unknown)),
            ("5.4.228-131.415.amzn2.x86_64", Fixed, Some(Unknown)),
            ("5.10.184-175.731.amzn2.x86_64", Fixed, Some(Fixed)),
            ("6.1.79-99.164.amzn2023.x86_64", Fixed, Some(Fixed)),
            ("4.19.0-27-amd64", Affected, None),
            ("5.10.0-28-amd64", Fixed, Some(Fixed)),
            ("6.1.0-56-cloud-amd64", Fixed, Some(Fixed)),
            ("5.3.18-150300.59.161-default", Fixed, Some(Unknown)),
            ("4.12.14-197.29-default", Unknown, Some(Unknown)),
            ("5.10.107+", Fixed, None),
            ("5.15.70-flatcar", Fixed, None),
            ("5.4.17-2136.300.7.el8uek.x86_64", Fixed, Some(Unknown)),
            ("4.19.91-26.al7.x86_64", Unknown, Some(Unknown)),
            ("4.19.90-2112.8.0.0131.oe1.x86_64", Unknown, Some(Unknown)),
            ("4.15.15", Affected, Some(Affected)),
            ("4.15.15-oldk", Unknown, Some(Unknown)),
            ("6.18.44-fc-v669", Fixed, Some(Fixed)),
        ];
        for (release, stat, numa) in table {
            assert_eq!(
                judge("memory-stat-walk", release),
                stat,
                "memory.stat on {release}"
            );
            if let Some(numa) = numa {
                assert_eq!(
                    judge("numa-stat-walk", release),
                    numa,
                    "numa_stat on {release}"
                );
            }
        }
    }

    fn advise_for(release: &str, read_seconds: f64, memory_cgroups: f64) -> Advisory {
        let catalog = Catalog::built_in().unwrap();
        let entry = catalog
            .kernel
            .iter()
            .find(|entry| entry.id == "memory-stat-walk")
            .unwrap();
        let release = Release::parse(release, &catalog.families);
        let measured = Measured {
            read_seconds: Some(read_seconds),
            memory_cgroups: Some(memory_cgroups),
            memory_on_v1: Some(true),
            lab: None,
        };
        advise(entry, release.as_ref(), measured, &catalog.thresholds)
    }

    #[test]
    fn a_measurement_wins_over_the_table() {
        let backported = advise_for("4.19.91-26.al7.x86_64", 0.000_05, 9_000.0);
        assert_eq!(backported.status, AdvisoryStatus::Fixed);
        let slow = advise_for("5.10.0-28-amd64", 0.8, 9_000.0);
        assert_eq!(slow.status, AdvisoryStatus::Affected);
        assert!(
            slow.reason.contains("the table says fixed"),
            "{}",
            slow.reason
        );
    }

    #[test]
    fn scratch_cgroups_win_over_everything() {
        let catalog = Catalog::built_in().unwrap();
        let entry = catalog
            .kernel
            .iter()
            .find(|entry| entry.probe_file.is_some());
        let advise_lab = |release: &str, leaf_seconds, parent_seconds| {
            let release = Release::parse(release, &catalog.families);
            let measured = Measured {
                lab: Some(LabTimes {
                    cgroups: 400.0,
                    leaf_seconds,
                    parent_seconds,
                }),
                ..Measured::default()
            };
            advise(
                entry.unwrap(),
                release.as_ref(),
                measured,
                &catalog.thresholds,
            )
        };
        // 4.19 walks once: 1.08 µs for each; a flat kernel's parent costs what its leaf does.
        let walk = advise_lab("4.19.91-26.al7.x86_64", 0.000_05, 0.000_48);
        assert_eq!(walk.status, AdvisoryStatus::Affected);
        let flat = advise_lab("4.15.0-112-generic", 0.000_05, 0.000_055);
        assert_eq!(flat.status, AdvisoryStatus::Fixed);
        assert!(
            flat.reason.contains("400 scratch cgroups"),
            "{}",
            flat.reason
        );
    }

    #[test]
    fn with_few_cgroups_a_measurement_says_nothing() {
        assert_eq!(
            advise_for("4.15.0-20-generic", 0.000_05, 31.0).status,
            AdvisoryStatus::Affected
        );
    }

    #[test]
    fn a_string_that_is_no_release_is_not_judged() {
        assert_eq!(Release::parse("not a kernel", &[]), None);
    }
}
