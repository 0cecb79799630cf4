//! Stacks of the machine, kernel functions included, through the whole analysis.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its fixtures and fails loudly"
)]

use nodesleuth_analyze::{Catalog, LoadedProfile, analyze};
use nodesleuth_model::evidence::{ProfileRecord, StackRecording};
use nodesleuth_model::{Confidence, Diagnosis, Evidence, Observed, Outcome, Ticks};
use nodesleuth_profile::{Limits, Profile, ValueType};
use std::fs;
use std::path::{Path, PathBuf};

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/bundles")
        .join(case)
}

fn evidence(case: &str) -> Evidence {
    serde_json::from_slice(&fs::read(folder(case).join("evidence.json")).unwrap()).unwrap()
}

fn recorded(case: &str, file: &str) -> Profile {
    let bytes = fs::read(folder(case).join(file)).unwrap();
    nodesleuth_profile::open(bytes, &Limits::default())
        .unwrap()
        .profile
}

fn record(source: &str, covers_window: bool) -> ProfileRecord {
    ProfileRecord {
        source: source.to_owned(),
        covers_window,
        ..ProfileRecord::default()
    }
}

fn diagnose(evidence: &Evidence, profiles: &[(ProfileRecord, Profile)]) -> Diagnosis {
    let loaded: Vec<LoadedProfile<'_>> = profiles
        .iter()
        .map(|(record, profile)| LoadedProfile { record, profile })
        .collect();
    analyze(evidence, &loaded, &Catalog::built_in().unwrap(), "test")
}

fn perf_script(case: &str) -> (ProfileRecord, Profile) {
    (
        record("perf script", false),
        recorded(case, "profiles/perf-script.txt.gz"),
    )
}

fn cores(diagnosis: &Diagnosis, view: &str, part: &str) -> f64 {
    let view = diagnosis.ledger.view(view).unwrap();
    let part = view.parts.iter().find(|known| known.id == part);
    part.map_or(0.0, |part| part.cores.0)
}

fn adds_up(diagnosis: &Diagnosis) {
    let total = diagnosis.ledger.total_cores.0;
    for view in &diagnosis.ledger.views {
        let sum: f64 = view.parts.iter().map(|part| part.cores.0).sum();
        assert!(
            (sum - total).abs() < 1e-6,
            "{}: {sum}, not {total}",
            view.id
        );
    }
}

#[test]
fn the_walk_is_named_from_its_kernel_frames_alone() {
    let case = "k415-z20000-stacks";
    let diagnosis = diagnose(&evidence(case), &[perf_script(case)]);
    assert_eq!(diagnosis.outcome, Outcome::CauseFound);
    let first = &diagnosis.findings[0];
    assert_eq!(first.id, "memory-stat-walk");
    assert_eq!(first.confidence, Confidence::High);
    assert!(first.share.unwrap() > 0.6, "{:?}", first.share);
    assert!(!first.title.contains('?'), "{}", first.title);
    let walk = cores(&diagnosis, "kernel-functions", "kernel:memcg-stat-walk");
    assert!(walk > 0.3, "{walk}");
    adds_up(&diagnosis);
}

#[test]
fn the_same_cgroups_on_a_kernel_that_does_not_walk_are_not_blamed_when_it_is_hot() {
    let case = "k510-z20000-stacks";
    let mut evidence = evidence(case);
    let nodesleuth_model::Observed::Value(window) = &mut evidence.processes else {
        panic!("no processes");
    };
    for process in &mut window.after.value.processes {
        process.stime = Ticks(process.stime.0 * 20);
    }
    let diagnosis = diagnose(&evidence, &[perf_script(case)]);
    assert_ne!(diagnosis.outcome, Outcome::NotHot);
    assert!(diagnosis.findings.is_empty(), "{:?}", diagnosis.findings);
    // One of its samples is in memcg_numa_stat_show.
    let walk = cores(&diagnosis, "kernel-functions", "kernel:memcg-stat-walk");
    assert!(walk < 0.1 * diagnosis.ledger.total_cores.0, "{walk}");
    adds_up(&diagnosis);
}

#[test]
fn nameless_user_frames_leave_the_owner_to_the_programs_own_profile() {
    let stacks = perf_script("k415-z20000-stacks");
    let own = (
        record("own", true),
        recorded("k415-z20000", "profiles/cpu.pb.gz"),
    );
    let diagnosis = diagnose(&evidence("k415-z20000-stacks"), &[stacks, own]);
    assert!(diagnosis.warnings.is_empty(), "{:?}", diagnosis.warnings);
    // What the profile does not show is the kernel's, and the kernel's stacks say what it was.
    assert!(cores(&diagnosis, "owner", "outside-profile-kernel") > 0.35);
    let first = &diagnosis.findings[0];
    assert_eq!(first.id, "memory-stat-walk");
    assert!(first.share.unwrap() > 0.6, "{:?}", first.share);
    adds_up(&diagnosis);
}

const HOUSEKEEPING: &str = "github.com/google/cadvisor/manager.(*containerData).housekeeping";

/// As the sampler writes them: 1,000 samples of 10 ms, in `/proc`'s 0.42 cores of 31.9 s.
fn named_stacks() -> Profile {
    let read = |owner, function| [owner, "syscall.Read", "sys_read_[k]", function];
    let stacks = [
        (&read(HOUSEKEEPING, "cgroup_rstat_flush_[k]")[..], 600),
        (&read("main.other", "cgroup_rstat_flush_[k]"), 100),
        (&read("main.other", "tcp_sendmsg_[k]"), 200),
        (&[HOUSEKEEPING, "strconv.ParseUint"], 100),
    ];
    let nanos = 13_400_000;
    Profile::from_stacks(
        ValueType::CPU,
        stacks.map(|(frames, count)| (frames.iter().copied(), count * nanos)),
    )
}

#[test]
fn kernel_time_hangs_under_the_function_that_made_the_call() {
    let case = "k415-z20000-stacks";
    let stacks = (record("stacks", true), named_stacks());
    let diagnosis = diagnose(&evidence(case), &[stacks]);
    adds_up(&diagnosis);
    let owner = diagnosis.ledger.view("owner").unwrap();
    let part = owner
        .parts
        .iter()
        .find(|part| part.id == "cadvisor-housekeeping");
    let part = part.unwrap();
    assert_eq!(part.kernel.len(), 1);
    assert_eq!(part.kernel[0].part, "kernel:rstat-flush");
    let flush = cores(&diagnosis, "kernel-functions", "kernel:rstat-flush");
    assert!((part.kernel[0].cores.0 / flush - 6.0 / 7.0).abs() < 1e-6);
    let network = cores(&diagnosis, "kernel-functions", "kernel:network");
    assert!((flush / network - 3.5).abs() < 1e-6, "{flush} {network}");
}

#[test]
fn stacks_that_may_not_show_the_kernel_leave_its_time_to_proc() {
    let mut evidence = evidence("k415-z20000-stacks");
    let file = "profiles/stacks.pb.gz".to_owned();
    evidence.stacks = Observed::Value(StackRecording {
        file: file.clone(),
        kernel_missing: Some("the kernel may not be sampled".to_owned()),
        ..StackRecording::default()
    });
    let record = ProfileRecord {
        file,
        ..record("stacks", true)
    };
    let second = 1_000_000_000;
    let user = Profile::from_stacks(
        ValueType::CPU,
        [(["main.main", "main.work"], second), (["x", "y"], second)],
    );
    let diagnosis = diagnose(&evidence, &[(record, user)]);
    adds_up(&diagnosis);
    assert!(cores(&diagnosis, "owner", "kernel") > 0.35);
    assert_eq!(cores(&diagnosis, "owner", "outside-profile-kernel"), 0.0);
    assert!(diagnosis.ledger.view("kernel-functions").is_none());
    let said = diagnosis.not_checked.iter();
    let said = said.filter(|row| row.why.contains("the kernel may not be sampled"));
    assert_eq!(said.count(), 1);
}

#[test]
fn a_recording_without_the_target_is_not_used() {
    let case = "k415-z20000-stacks";
    let mut evidence = evidence(case);
    let nodesleuth_model::Observed::Value(target) = &mut evidence.target else {
        panic!("no target");
    };
    target.comm = "kubelet".to_owned();
    target.pid.0 = 77;
    let diagnosis = diagnose(&evidence, &[perf_script(case)]);
    assert!(
        diagnosis.warnings[0].contains("it holds no stack of the target"),
        "{:?}",
        diagnosis.warnings
    );
    assert!(diagnosis.ledger.view("kernel-functions").is_none());
}
