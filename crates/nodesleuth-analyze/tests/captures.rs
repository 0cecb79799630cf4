//! Real captures (fixtures/bundles) through the whole analysis: the right cause, the right price,
//! and silence where there is nothing.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its fixtures and fails loudly"
)]

use nodesleuth_analyze::{Catalog, LoadedProfile, analyze};
use nodesleuth_model::diagnosis::{AdvisoryStatus, NotChecked};
use nodesleuth_model::evidence::{GoModule, ProcessStat, ProfileRecord, ReadOutcome, TimedRead};
use nodesleuth_model::{
    Bytes, Confidence, Diagnosis, Evidence, FindingKind, Nanos, Observed, Outcome, Pid, Ticks,
};
use nodesleuth_profile::Limits;
use std::fs;
use std::path::Path;

fn diagnose_changed(case: &str, change: impl FnOnce(&mut Evidence)) -> Diagnosis {
    let bundles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bundles");
    let folder = bundles.join(case);
    let json = fs::read(folder.join("evidence.json")).unwrap();
    let mut evidence: Evidence = serde_json::from_slice(&json).unwrap();
    change(&mut evidence);
    let read = |record: &ProfileRecord| {
        let bytes = fs::read(folder.join(&record.file)).unwrap();
        nodesleuth_profile::open(bytes, &Limits::default())
            .unwrap()
            .profile
    };
    let profiles: Vec<_> = evidence.profiles.iter().map(read).collect();
    let loaded: Vec<_> = evidence
        .profiles
        .iter()
        .zip(&profiles)
        .map(|(record, profile)| LoadedProfile { record, profile })
        .collect();
    analyze(&evidence, &loaded, &Catalog::built_in().unwrap(), "test")
}

fn diagnose(case: &str) -> Diagnosis {
    diagnose_changed(case, |_| {})
}

fn ids(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis
        .findings
        .iter()
        .map(|finding| finding.id.as_str())
        .collect()
}

fn cores_of(diagnosis: &Diagnosis, id: &str) -> f64 {
    let finding = diagnosis.findings.iter().find(|finding| finding.id == id);
    finding
        .and_then(|finding| finding.cores)
        .unwrap_or_default()
        .0
}

fn status(diagnosis: &Diagnosis, id: &str) -> AdvisoryStatus {
    diagnosis
        .advisories
        .iter()
        .find(|advisory| advisory.id == id)
        .unwrap()
        .status
}

#[test]
fn the_articles_case_is_named_although_the_profile_hides_it() {
    let diagnosis = diagnose("k415-z20000");
    assert_eq!(diagnosis.outcome, Outcome::CauseFound);
    assert_eq!(
        ids(&diagnosis)[0],
        "memory-stat-walk",
        "{:#?}",
        diagnosis.findings
    );
    let burnt = diagnosis.ledger.total_cores.0 * diagnosis.window_seconds;
    assert!((13.3..13.6).contains(&burnt), "{burnt} s");
    let explained = cores_of(&diagnosis, "memory-stat-walk") * diagnosis.window_seconds;
    assert!(explained >= 0.8 * burnt, "{explained} of {burnt} s");
    assert_eq!(diagnosis.findings[0].confidence, Confidence::High);
    assert_eq!(
        status(&diagnosis, "memory-stat-walk"),
        AdvisoryStatus::Affected
    );
    let note = &diagnosis.ledger.view("owner").unwrap().notes[0];
    assert!(note.contains("long system calls"), "{note}");
    let commands: Vec<_> = diagnosis.findings[0]
        .remedies_now
        .iter()
        .filter_map(|remedy| remedy.command.as_deref())
        .collect();
    assert!(
        commands
            .iter()
            .any(|command| command.contains("nodesleuth fix drop-slab")),
        "{commands:?}"
    );
}

#[test]
fn fewer_walks_are_priced_lower_in_the_order_of_what_was_burnt() {
    let price = |case| cores_of(&diagnose(case), "memory-stat-walk");
    let (z5000, drop2, z20000, every_second) = (
        price("k415-z5000"),
        price("k415-z20000-drop2"),
        price("k415-z20000"),
        price("k415-z20000-1s"),
    );
    assert!(0.05 < z5000 && z5000 < drop2, "{z5000} {drop2}");
    assert!(
        drop2 < z20000 && z20000 < every_second,
        "{drop2} {z20000} {every_second}"
    );
}

#[test]
fn without_dying_cgroups_the_same_machine_is_not_hot() {
    let diagnosis = diagnose("k415-z0");
    assert_eq!(diagnosis.outcome, Outcome::NotHot);
    assert!(diagnosis.findings.is_empty());
}

#[test]
fn the_same_number_of_dying_cgroups_is_harmless_on_a_kernel_that_does_not_walk() {
    let diagnosis = diagnose("k510-z20000");
    assert_eq!(diagnosis.outcome, Outcome::NotHot);
    assert_eq!(
        status(&diagnosis, "memory-stat-walk"),
        AdvisoryStatus::Fixed
    );
    let herrings: Vec<_> = diagnosis
        .red_herrings
        .iter()
        .map(|f| f.id.as_str())
        .collect();
    assert_eq!(herrings, ["harmless-dying-cgroups"]);
}

#[test]
fn the_walk_is_found_without_a_profile_too() {
    let diagnosis = diagnose_changed("k415-z20000", |evidence| evidence.profiles.clear());
    assert_eq!(ids(&diagnosis)[0], "memory-stat-walk");
    assert!(diagnosis.ledger.explained_share() > 0.8);
}

#[test]
fn what_a_profiles_reader_left_out_is_shown_as_not_checked() {
    let note = "2 lines were not understood and are ignored; the first is line 7: x";
    let diagnosis = diagnose_changed("k415-z20000", |evidence| {
        evidence.profiles[0].notes.push(note.to_owned());
    });
    let row = |row: &&NotChecked| row.why == note && row.what.starts_with("parts of profile ");
    assert!(diagnosis.not_checked.iter().any(|found| row(&found)));
}

#[test]
fn without_timed_reads_the_walk_is_undecided_not_blamed() {
    let diagnosis = diagnose_changed("k415-z20000", |evidence| {
        evidence.timed_reads = Default::default();
    });
    assert!(!ids(&diagnosis).contains(&"memory-stat-walk"));
    let undecided: Vec<_> = diagnosis
        .not_checked
        .iter()
        .map(|row| row.what.as_str())
        .collect();
    assert!(
        undecided
            .iter()
            .any(|what| what.contains("memory-stat-walk")),
        "{undecided:?}"
    );
    assert_eq!(diagnosis.outcome, Outcome::NotIdentified);
}

#[test]
fn ten_thousand_leaked_cgroups_are_named_and_their_readers_priced() {
    let diagnosis = diagnose("kubelet-leaked-10000");
    assert_eq!(ids(&diagnosis)[0], "many-live-cgroups");
    let finding = &diagnosis.findings[0];
    assert!(finding.share.unwrap() >= 0.8, "{:?}", finding.share);
    let seen = finding
        .evidence
        .iter()
        .map(|proof| proof.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    assert!(seen.contains("/kubepods/besteffort/leak-*"), "{seen}");
    let owner = diagnosis.ledger.view("owner").unwrap();
    let part = |id: &str| {
        owner
            .parts
            .iter()
            .find(|part| part.id == id)
            .unwrap()
            .cores
            .0
    };
    // 37 %, 35 % and 18 % of the profile's 0.63 cores.
    assert!((0.22..0.25).contains(&part("cadvisor-housekeeping")));
    assert!((0.20..0.24).contains(&part("pod-cleanups")));
    assert!((0.10..0.13).contains(&part("eviction")));
    assert_eq!(
        status(&diagnosis, "memory-stat-walk"),
        AdvisoryStatus::Fixed
    );
}

#[test]
fn the_lines_that_burn_are_named_with_their_page_where_the_version_is_known() {
    let runc = "github.com/opencontainers/runc/libcontainer/cgroups/fscommon.GetCgroupParamUint";
    let diagnosis = diagnose_changed("kubelet-leaked-10000", |evidence| {
        let Observed::Value(target) = &mut evidence.target else {
            panic!("no target");
        };
        let Observed::Value(go) = &mut target.go else {
            panic!("no Go build");
        };
        go.deps = vec![GoModule {
            path: "github.com/opencontainers/runc".to_owned(),
            version: "v1.0.0-rc92".to_owned(),
        }];
    });
    let sources = &diagnosis.findings[0].sources;
    assert!(sources[0].function.ends_with("GetAllPodsFromCgroups"));
    let line = sources.iter().find(|line| line.function == runc).unwrap();
    assert!(line.file.ends_with("fscommon/utils.go"), "{line:?}");
    assert_eq!(
        line.link.as_deref(),
        Some(
            "https://github.com/opencontainers/runc/blob/v1.0.0-rc92/libcontainer/cgroups/\
             fscommon/utils.go#L59"
        )
    );
    assert!(sources[0].cores.0 > line.cores.0);
    // The page of a version that nobody knows would show other lines.
    let unknown = diagnose("kubelet-leaked-10000");
    let pages = unknown.findings[0].sources.iter();
    assert_eq!(pages.filter(|line| line.link.is_some()).count(), 0);
}

#[test]
fn healthy_kubelets_are_not_hot() {
    for case in ["kubelet-idle", "kubelet-churn", "kubelet-zombies-26000"] {
        let diagnosis = diagnose(case);
        assert_eq!(
            diagnosis.outcome,
            Outcome::NotHot,
            "{case}: {}",
            diagnosis.verdict
        );
        assert!(diagnosis.findings.is_empty(), "{case}");
    }
}

#[test]
fn the_parts_of_every_view_add_up_to_the_total() {
    for case in [
        "k415-z20000",
        "k415-z20000-drop2",
        "kubelet-leaked-10000",
        "kubelet-churn",
        "cadvisor-2000",
        "cadvisor-2000-no-profile",
        "demo-cgroups",
    ] {
        let ledger = diagnose(case).ledger;
        for view in &ledger.views {
            let sum: f64 = view.parts.iter().map(|part| part.cores.0).sum();
            assert!(
                (sum - ledger.total_cores.0).abs() < 1e-6,
                "{case} {}: {sum}",
                view.id
            );
        }
    }
}

#[test]
fn nothing_is_explained_twice() {
    for case in ["k415-z20000", "k415-z20000-drop2", "kubelet-leaked-10000"] {
        let diagnosis = diagnose(case);
        let explained: f64 = diagnosis
            .findings
            .iter()
            .filter_map(|finding| finding.cores)
            .map(|c| c.0)
            .sum();
        assert!(
            explained <= diagnosis.ledger.total_cores.0 + 1e-9,
            "{case}: {explained}"
        );
        for part in diagnosis.ledger.views.iter().flat_map(|view| &view.parts) {
            let claimed: f64 = part.claims.iter().map(|claim| claim.cores.0).sum();
            assert!(claimed <= part.cores.0 + 1e-9, "{case}: {part:?}");
        }
        let kinds: Vec<_> = diagnosis
            .findings
            .iter()
            .map(|finding| finding.kind)
            .collect();
        assert!(!kinds.contains(&FindingKind::RedHerring));
    }
}

#[test]
fn the_same_evidence_gives_the_same_diagnosis() {
    assert_eq!(
        diagnose("kubelet-leaked-10000"),
        diagnose("kubelet-leaked-10000")
    );
}

fn set_live_cgroups(evidence: &mut Evidence, count: u64) {
    let Observed::Value(census) = &mut evidence.cgroups else {
        panic!("no census")
    };
    for hierarchy in &mut census.hierarchies {
        hierarchy.live = Observed::Value(count);
    }
}

#[test]
fn many_cgroups_begin_at_three_hundred() {
    let with = |count| {
        diagnose_changed("kubelet-leaked-10000", |evidence| {
            set_live_cgroups(evidence, count)
        })
    };
    assert_eq!(ids(&with(300))[0], "many-live-cgroups");
    for count in [299, 0] {
        assert!(!ids(&with(count)).contains(&"many-live-cgroups"), "{count}");
    }
}

#[test]
fn a_cause_whose_deciding_fact_is_missing_is_not_blamed() {
    let diagnosis = diagnose_changed("kubelet-leaked-10000", |evidence| {
        evidence.cgroups = Observed::NotRequested;
    });
    assert!(!ids(&diagnosis).contains(&"many-live-cgroups"));
    assert!(
        diagnosis
            .not_checked
            .iter()
            .any(|row| row.what.contains("many-live-cgroups"))
    );
}

fn timed_reads(evidence: &mut Evidence, change: impl Fn(&mut TimedRead)) {
    let Observed::Value(timed) = &mut evidence.timed_reads else {
        panic!("no reads")
    };
    timed.reads.iter_mut().for_each(change);
}

fn takes(read: &mut TimedRead, nanos: u64) {
    read.outcome = ReadOutcome::Read {
        bytes: Bytes(700),
        wall: Nanos(nanos),
        cpu: Nanos(nanos),
        repeats: 1,
        first_cpu: None,
    };
}

fn is_skipped(read: &mut TimedRead) {
    read.predicted = Some(Nanos(3_000_000_000));
    read.outcome = ReadOutcome::Skipped {
        reason: "predicted 3.0 s, over the budget".to_owned(),
    };
}

fn times_out(read: &mut TimedRead) {
    read.outcome = ReadOutcome::TimedOut {
        after: Nanos(1_000_000_000),
        stuck: None,
    };
}

/// On a starved machine the process that reads may not even begin before its deadline.
#[test]
fn no_answer_in_time_proves_a_walk_only_where_the_kernel_may_walk() {
    let on = |release: &str| {
        diagnose_changed("k415-z20000", |evidence| {
            timed_reads(evidence, times_out);
            has_release(evidence, release);
        })
    };
    assert_eq!(ids(&on("4.15.0-112-generic"))[0], "memory-stat-walk");
    let fixed = on("5.10.0-32-cloud-amd64");
    assert!(!ids(&fixed).contains(&"memory-stat-walk"));
    assert_eq!(fixed.facts["cgroup.walk_reads.slow"].value, None);
}

/// The same open files and rates, once with slow files and once without.
#[test]
fn slow_files_and_many_files_are_told_apart_without_a_profile() {
    let slow = diagnose_changed("cadvisor-2000-no-profile", |evidence| {
        timed_reads(evidence, |read| takes(read, 50_000_000));
    });
    assert_eq!(ids(&slow)[0], "memory-stat-walk");
    assert_eq!(
        ids(&diagnose("cadvisor-2000-no-profile")),
        ["many-live-cgroups"]
    );
}

#[test]
fn one_read_that_is_a_little_slow_does_not_hide_ten_thousand_cgroups() {
    let diagnosis = diagnose_changed("kubelet-leaked-10000", |evidence| {
        timed_reads(evidence, |read| takes(read, 1_500_000));
    });
    assert_eq!(ids(&diagnosis)[0], "many-live-cgroups");
    assert!(diagnosis.findings[0].share.unwrap() > 0.8);
}

fn has_release(evidence: &mut Evidence, release: &str) {
    let Observed::Value(host) = &mut evidence.host else {
        panic!("no host")
    };
    release.clone_into(&mut host.kernel_release);
}

#[test]
fn files_that_were_not_read_are_never_called_measured() {
    let diagnosis = diagnose_changed("k415-z20000", |evidence| {
        timed_reads(evidence, is_skipped);
        has_release(evidence, "4.15.0-112-generic");
    });
    assert_eq!(ids(&diagnosis)[0], "memory-stat-walk");
    assert_eq!(diagnosis.findings[0].confidence, Confidence::Medium);
    let said = format!("{:?} {:?}", diagnosis.findings[0], diagnosis.advisories);
    assert!(
        said.contains("was not read") && !said.contains("measured: 3"),
        "{said}"
    );
    assert_eq!(diagnosis.facts["cgroup.slowest_read.seconds"].value, None);
}

#[test]
fn a_prediction_is_no_proof_on_a_kernel_that_nobody_knows() {
    let diagnosis = diagnose_changed("k415-z20000", |evidence| {
        timed_reads(evidence, is_skipped);
        has_release(evidence, "4.14.186-146.268.amzn2.x86_64");
    });
    assert!(!ids(&diagnosis).contains(&"memory-stat-walk"));
    assert_eq!(
        status(&diagnosis, "memory-stat-walk"),
        AdvisoryStatus::Unknown
    );
    assert!(
        diagnosis.verdict.contains("could not be checked"),
        "{}",
        diagnosis.verdict
    );
}

#[test]
fn dying_cgroups_are_not_called_harmless_while_the_files_were_not_read() {
    let diagnosis = diagnose_changed("k415-z20000", |evidence| {
        timed_reads(evidence, |read| {
            if read.path.contains("pod1") {
                return takes(read, 20_000);
            }
            read.outcome = ReadOutcome::Failed {
                reason: "EIO".to_owned(),
            };
        });
    });
    assert!(
        diagnosis.red_herrings.is_empty(),
        "{:?}",
        diagnosis.red_herrings
    );
}

fn change_target(evidence: &mut Evidence, change: impl Fn(&mut ProcessStat)) {
    let pid = evidence.target.value().unwrap().pid;
    let Observed::Value(window) = &mut evidence.processes else {
        panic!("no processes")
    };
    let after = window.after.value.processes.iter_mut();
    after.filter(|process| process.pid == pid).for_each(change);
}

#[test]
fn user_time_that_reading_cannot_explain_stays_unexplained() {
    let diagnosis = diagnose_changed("cadvisor-2000-no-profile", |evidence| {
        change_target(evidence, |process| {
            (process.utime, process.stime) = (Ticks(process.utime.0 + 500), process.stime);
        });
    });
    let ledger = &diagnosis.ledger;
    // 5 s more of user time in a window of 6 s.
    assert!(ledger.unexplained_cores.0 > 0.6, "{ledger:?}");
}

#[test]
fn one_file_read_again_and_again_is_not_many_cgroups() {
    let diagnosis = diagnose_changed("cadvisor-2000-no-profile", |evidence| {
        let Observed::Value(open) = &mut evidence.open_files else {
            panic!("no samples")
        };
        open.passing.truncate(1);
        open.passing[0].distinct = 1;
    });
    assert!(!ids(&diagnosis).contains(&"many-live-cgroups"));
}

#[test]
fn a_handful_of_sightings_leaves_the_cause_undecided() {
    let diagnosis = diagnose_changed("demo-cgroups", |evidence| {
        let Observed::Value(open) = &mut evidence.open_files else {
            panic!("no samples")
        };
        open.passing.truncate(1);
        open.passing[0].samples = 4;
    });
    let why: Vec<_> = diagnosis
        .not_checked
        .iter()
        .map(|row| row.why.as_str())
        .collect();
    assert!(
        why.iter().any(|why| why.contains("longer --window")),
        "{why:?}"
    );
}

#[test]
fn what_children_burnt_before_the_window_is_not_booked_into_it() {
    let with_child = |known: bool| {
        diagnose_changed("kubelet-churn", |evidence| {
            change_target(evidence, |process| process.cutime = Ticks(6_000));
            let pid = evidence.target.value().unwrap().pid;
            let Observed::Value(window) = &mut evidence.processes else {
                panic!("no processes")
            };
            if known {
                window.before.value.processes.push(ProcessStat {
                    pid: Pid(99_999),
                    ppid: pid,
                    utime: Ticks(5_990),
                    ..ProcessStat::default()
                });
            }
        })
    };
    assert_eq!(with_child(true).outcome, Outcome::NotHot);
    // Where it cannot be known, it is at most what the machine's two CPUs can give.
    let target = with_child(false).target.unwrap();
    assert!(target.cores.unwrap().0 <= 2.0, "{target:?}");
}

#[test]
fn a_window_of_no_length_measures_nothing() {
    let diagnosis = diagnose_changed("kubelet-churn", |evidence| {
        let Observed::Value(window) = &mut evidence.processes else {
            panic!("no processes")
        };
        window.after.at = window.before.at;
    });
    assert_eq!(diagnosis.outcome, Outcome::NotIdentified);
    assert!(
        diagnosis.verdict.contains("too short"),
        "{}",
        diagnosis.verdict
    );
    assert_eq!(diagnosis.target.unwrap().cores, None);
}

#[test]
fn a_profile_of_another_program_is_not_used() {
    let diagnosis = diagnose_changed("kubelet-leaked-10000", |evidence| {
        let Observed::Value(target) = &mut evidence.target else {
            panic!("no target")
        };
        target.exe = Observed::Value("/usr/bin/python3.11".to_owned());
    });
    assert!(diagnosis.findings.is_empty(), "{:?}", ids(&diagnosis));
    assert!(
        diagnosis.warnings[0].contains("a profile of kubelet"),
        "{:?}",
        diagnosis.warnings
    );
}

#[test]
fn a_profile_of_another_time_makes_nothing_certain() {
    let diagnosis = diagnose_changed("kubelet-leaked-10000", |evidence| {
        evidence.profiles[0].covers_window = false;
    });
    assert_eq!(diagnosis.findings[0].confidence, Confidence::Medium);
}

/// Three known figures of the thresholds file decide; here the one for being hot.
#[test]
fn hot_begins_at_a_tenth_of_a_core() {
    let with_kernel_ticks = |ticks: u64| {
        diagnose_changed("kubelet-churn", |evidence| {
            let Observed::Value(window) = &mut evidence.processes else {
                panic!("no processes")
            };
            let pid = evidence.target.value().unwrap().pid;
            for process in &mut window.after.value.processes {
                if process.pid == pid {
                    (process.utime, process.stime) = (Ticks(0), Ticks(ticks));
                }
            }
        })
    };
    // The window lasts 30.5 s.
    assert_eq!(with_kernel_ticks(304).outcome, Outcome::NotHot);
    assert_ne!(with_kernel_ticks(306).outcome, Outcome::NotHot);
}

#[test]
fn absurd_evidence_gives_an_answer_and_no_panic() {
    let shares_are_finite = |diagnosis: &Diagnosis| {
        let json = serde_json::to_string(diagnosis).unwrap();
        assert!(
            !json.contains("NaN") && !json.contains("null,\"unexplained"),
            "{json}"
        );
        assert!(diagnosis.ledger.unexplained_cores.0.is_finite());
    };
    let changes: [fn(&mut Evidence); 6] = [
        |evidence| {
            let Observed::Value(host) = &mut evidence.host else {
                panic!("no host")
            };
            host.ticks_per_second = 0;
        },
        |evidence| {
            let Observed::Value(window) = &mut evidence.processes else {
                panic!("no processes")
            };
            window.after.at = window.before.at;
        },
        |evidence| {
            let Observed::Value(window) = &mut evidence.processes else {
                panic!("no processes")
            };
            std::mem::swap(&mut window.before, &mut window.after);
        },
        |evidence| {
            let Observed::Value(window) = &mut evidence.processes else {
                panic!("no processes")
            };
            window.after.value.processes[0].stime = Ticks(u64::MAX);
        },
        |evidence| {
            let Observed::Value(census) = &mut evidence.cgroups else {
                panic!("no census")
            };
            census.hierarchies.clear();
        },
        |evidence| {
            let Observed::Value(host) = &mut evidence.host else {
                panic!("no host")
            };
            host.kernel_release = "\u{1b}[2J".to_owned();
        },
    ];
    for change in changes {
        shares_are_finite(&diagnose_changed("k415-z20000", change));
        shares_are_finite(&diagnose_changed("cadvisor-2000", change));
    }
}
