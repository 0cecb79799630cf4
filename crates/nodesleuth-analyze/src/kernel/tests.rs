//! The kernel table as a whole: real release strings against every defect, and orderings.

use super::Release;
use crate::Catalog;
use nodesleuth_model::Observed;
use nodesleuth_model::diagnosis::AdvisoryStatus;
use nodesleuth_model::evidence::{Host, OsRelease};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Read once: property tests ask it thousands of times.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::built_in().unwrap());

fn judge_host(catalog: &Catalog, id: &str, host: &Host) -> AdvisoryStatus {
    let entry = catalog.kernel.iter().find(|entry| entry.id == id).unwrap();
    let release = Release::of(host, &catalog.families).unwrap();
    entry.judge(&release).0
}

fn host(release: &str) -> Host {
    Host {
        kernel_release: release.to_owned(),
        ..Host::default()
    }
}

fn expect(id: &str, rows: &[(&str, AdvisoryStatus)]) {
    let catalog = &*CATALOG;
    for (release, status) in rows {
        assert_eq!(
            judge_host(catalog, id, &host(release)),
            *status,
            "{id} on {release}"
        );
    }
}

use AdvisoryStatus::{Affected, Fixed, Unknown};

#[test]
fn the_reschedule_point_of_rhel_is_not_the_fix() {
    expect(
        "memory-stat-lockup",
        &[
            ("4.18.0-147.8.1.el8_1.x86_64", Affected),
            ("4.18.0-176.el8.x86_64", Fixed),
            ("4.15.0-112-generic", Fixed),
        ],
    );
    expect("memory-stat-walk", &[("4.18.0-176.el8.x86_64", Affected)]);
}

#[test]
fn the_factor_of_possible_cpus_and_the_repeated_walks() {
    expect(
        "memory-stat-per-cpu",
        &[
            ("4.15.0-112-generic", Affected),
            ("4.15.0-213-generic", Fixed),
            ("4.9.0-19-amd64", Affected),
            ("4.18.0-80.el8.x86_64", Fixed),
            ("3.10.0-1160.el7.x86_64", Unknown),
        ],
    );
    expect(
        "memory-stat-repeated-walk",
        &[
            ("4.15.0-213-generic", Affected),
            ("4.18.0-80.el8.x86_64", Affected),
            ("4.18.0-147.8.1.el8_1.x86_64", Fixed),
            ("3.10.0-957.21.3.el7.x86_64", Affected),
            ("3.10.0-1127.el7.x86_64", Unknown),
            ("3.10.0-1160.el7.x86_64", Fixed),
            ("4.19.0-27-amd64", Fixed),
        ],
    );
}

#[test]
fn the_flush_of_the_whole_tree() {
    expect(
        "rstat-whole-tree-flush",
        &[
            ("5.10.0-28-amd64", Fixed),
            ("5.15.0-204-generic", Affected),
            ("6.1.0-56-cloud-amd64", Affected),
            ("6.1.79-99.164.amzn2023.x86_64", Affected),
            ("6.6.116", Affected),
            ("6.6.117", Unknown),
            ("6.8.0-31-generic", Fixed),
            ("5.14.0-70.13.1.el9_0.x86_64", Unknown),
            ("6.18.44-fc-v669", Fixed),
        ],
    );
}

#[test]
fn the_leak_of_rhel_7_is_nobody_elses() {
    expect(
        "kmem-accounting-leak",
        &[
            ("3.10.0-957.21.3.el7.x86_64", Affected),
            ("3.10.0-1127.el7.x86_64", Fixed),
            ("4.18.0-80.el8.x86_64", Fixed),
            ("4.4.0-21-generic", Fixed),
        ],
    );
    expect(
        "cgroup-ids-kept",
        &[
            ("3.10.0-1160.el7.x86_64", Affected),
            ("4.4.0-21-generic", Affected),
            ("4.9.0-19-amd64", Fixed),
        ],
    );
}

#[test]
fn what_pins_on_which_kernel() {
    expect(
        "slab-pins-cgroups",
        &[
            ("4.15.0-213-generic", Affected),
            ("5.4.0-26-generic", Fixed),
            ("4.18.0-80.el8.x86_64", Affected),
            ("4.18.0-147.el8.x86_64", Fixed),
            ("4.14.186-146.268.amzn2.x86_64", Unknown),
        ],
    );
    expect(
        "page-cache-pins-cgroups",
        &[
            ("4.15.0-213-generic", Affected),
            ("6.18.44", Affected),
            ("7.1.0", Fixed),
            ("5.14.0-503.11.1.el9_5.x86_64", Affected),
        ],
    );
    expect(
        "writeback-pins-cgroups",
        &[
            ("4.1.9", Fixed),
            ("5.10.0-28-amd64", Affected),
            ("5.15.0-25-generic", Fixed),
        ],
    );
    expect(
        "shrinker-walk",
        &[
            ("4.15.0-213-generic", Affected),
            ("4.18.0-80.el8.x86_64", Affected),
            ("4.18.0-111.el8.x86_64", Fixed),
            ("5.4.0-26-generic", Fixed),
        ],
    );
}

#[test]
fn the_quota_defect_is_fixed_in_stable_and_vendor_kernels_apart() {
    expect(
        "cfs-quota-throttling",
        &[
            ("5.4.0-26-generic", Fixed),
            ("4.19.83", Affected),
            ("4.19.84", Fixed),
            ("4.14.153", Affected),
            ("4.14.154", Fixed),
            ("4.15.0-66-generic", Affected),
            ("4.15.0-67-generic", Fixed),
            ("4.14.154-128.180.amzn2.x86_64", Fixed),
            ("4.14.152-127.182.amzn2.x86_64", Affected),
            ("4.14.186-146.268.amzn2.x86_64", Fixed),
            ("4.18.0-147.el8.x86_64", Affected),
            ("4.18.0-147.0.3.el8_1.x86_64", Affected),
            ("4.18.0-147.2.1.el8_1.x86_64", Fixed),
            ("4.18.0-150.el8.x86_64", Affected),
            ("4.18.0-164.el8.x86_64", Fixed),
            ("4.18.0-193.28.1.el8_2.x86_64", Fixed),
            ("5.3.18-150300.59.161-default", Unknown),
            // Debian's string hides the stable level.
            ("4.19.0-27-amd64", Unknown),
        ],
    );
}

#[test]
fn the_stable_level_comes_from_where_the_distribution_tells_it() {
    let catalog = &*CATALOG;
    let debian = Host {
        kernel_version: "#1 SMP Debian 4.19.316-1 (2024-06-25)".to_owned(),
        ..host("4.19.0-27-amd64")
    };
    assert_eq!(judge_host(catalog, "cfs-quota-throttling", &debian), Fixed);
    let ubuntu = Host {
        version_signature: Some("Ubuntu 5.4.0-216.236-generic 5.4.287".to_owned()),
        ..host("5.4.0-216-generic")
    };
    let release = Release::of(&ubuntu, &catalog.families).unwrap();
    assert_eq!(release.stable, Some(287));
    // A rebuilt kernel whose version text is of another base says nothing.
    let other = Host {
        kernel_version: "#1 SMP Debian 5.10.1-1".to_owned(),
        ..host("4.19.0-27-amd64")
    };
    assert_eq!(Release::of(&other, &catalog.families).unwrap().stable, None);
}

#[test]
fn a_vendor_that_is_not_known_is_to_be_probed_where_its_base_lacks_the_fix() {
    let catalog = &*CATALOG;
    for release in ["4.19.90-vendor7", "4.15.15-oldk", "4.18.0-deepin+"] {
        let release = Release::parse(release, &catalog.families).unwrap();
        assert_eq!(release.family, Release::UNKNOWN);
        let entry = catalog
            .kernel
            .iter()
            .find(|entry| entry.id == "memory-stat-walk")
            .unwrap();
        let (status, reason) = entry.judge(&release);
        assert_eq!(status, Unknown);
        assert!(reason.ends_with("probe"), "{reason}");
    }
    let uos = Host {
        os: Observed::Value(OsRelease {
            id: "uos".to_owned(),
            ..OsRelease::default()
        }),
        ..host("4.19.0-amd64-desktop")
    };
    let entry = catalog
        .kernel
        .iter()
        .find(|entry| entry.id == "numa-stat-walk")
        .unwrap();
    let (_, reason) = entry.judge(&Release::of(&uos, &catalog.families).unwrap());
    assert!(reason.contains("UBXC000117"), "{reason}");
}

#[test]
fn every_defect_says_where_it_is_known_from_and_what_helps() {
    for entry in &CATALOG.kernel {
        for text in [&entry.effect, &entry.source, &entry.remedy] {
            assert!(text.len() > 15, "{}: {text:?}", entry.id);
        }
        for rule in &entry.rule {
            assert!(rule.family.is_some() || rule.os_id.is_some() || rule.base.is_some());
        }
    }
}

/// How bad: a later build may be better, never worse.
fn rank(status: AdvisoryStatus) -> u8 {
    match status {
        Affected => 2,
        Unknown => 1,
        Fixed => 0,
    }
}

proptest! {
    /// A later mainline release never has a defect again that an earlier one had lost.
    #[test]
    fn mainline_only_gets_better(a in (3u32..8, 0u32..20, 0u32..400), b in (3u32..8, 0u32..20, 0u32..400)) {
        let catalog = &*CATALOG;
        let (early, late) = (a.min(b), a.max(b));
        let release = |v: (u32, u32, u32)| {
            Release::parse(&format!("{}.{}.{}", v.0, v.1, v.2), &catalog.families).unwrap()
        };
        // A stable series may carry what the next base release lacks: 4.14.154 is better than
        // 4.15. Within a series, and between first releases, time only helps.
        let comparable = (early.0, early.1) == (late.0, late.1) || early.2 == 0;
        for entry in catalog.kernel.iter().filter(|entry| entry.since.is_none() && comparable) {
            let (before, after) = (entry.judge(&release(early)).0, entry.judge(&release(late)).0);
            prop_assert!(
                rank(after) <= rank(before),
                "{}: {early:?} {before:?}, {late:?} {after:?}",
                entry.id
            );
        }
    }

    /// Minor releases of RHEL 8 and 7 only get better; updates of an older minor release are a
    /// branch of their own and are not compared with them.
    #[test]
    fn builds_of_rhel_only_get_better(a in 1u32..600, b in 1u32..600, seven in any::<bool>()) {
        let catalog = &*CATALOG;
        let (early, late) = (a.min(b), a.max(b));
        let release = |build: u32| {
            let text = if seven {
                format!("3.10.0-{}.el7.x86_64", build * 2)
            } else {
                format!("4.18.0-{build}.el8.x86_64")
            };
            Release::parse(&text, &catalog.families).unwrap()
        };
        for entry in &catalog.kernel {
            let (before, after) = (entry.judge(&release(early)).0, entry.judge(&release(late)).0);
            // Where the last state is not established, "affected" may be followed by "unknown".
            prop_assert!(
                rank(after) <= rank(before),
                "{}: {early} {before:?}, {late} {after:?}",
                entry.id
            );
        }
    }

    /// Any text is judged or refused, without a panic.
    #[test]
    fn any_string_is_judged_or_refused(text in "\\PC{0,60}", version in "[0-9]{1,12}\\.[0-9]{1,12}[-.a-z0-9]{0,30}") {
        let catalog = &*CATALOG;
        for text in [text, version] {
            if let Some(release) = Release::parse(&text, &catalog.families) {
                for entry in &catalog.kernel {
                    let (_, reason) = entry.judge(&release);
                    prop_assert!(!reason.is_empty());
                }
            }
        }
    }
}
