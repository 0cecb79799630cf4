//! Old kernels through the whole analysis: real captures with another kernel's numbers put in
//! (`fixtures/old-kernels/README.md` says where those come from).

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its fixtures and fails loudly"
)]

use nodesleuth_analyze::{Catalog, LoadedProfile, analyze};
use nodesleuth_model::evidence::{DyingCount, ProfileRecord, ReadOutcome, TimedRead};
use nodesleuth_model::{Diagnosis, Evidence, Nanos, Observed};
use nodesleuth_profile::Limits;
use serde::Deserialize;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct Row {
    base: String,
    release: String,
    dying: u64,
    stat_ns: Option<u64>,
    numa_ns: Option<u64>,
    finds: Option<String>,
    stat_walk: String,
    numa_walk: String,
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn rows() -> Vec<Row> {
    let text = fs::read(fixtures().join("old-kernels/kernels.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn diagnose(row: &Row) -> Diagnosis {
    let folder = fixtures().join("bundles").join(&row.base);
    let json = fs::read(folder.join("evidence.json")).unwrap();
    let mut evidence: Evidence = serde_json::from_slice(&json).unwrap();
    put_in(row, &mut evidence);
    let read = |record: &ProfileRecord| {
        let bytes = fs::read(folder.join(&record.file)).unwrap();
        nodesleuth_profile::open(bytes, &Limits::default())
            .unwrap()
            .profile
    };
    let profiles: Vec<_> = evidence.profiles.iter().map(read).collect();
    let records = evidence.profiles.iter().zip(&profiles);
    let loaded: Vec<_> = records
        .map(|(record, profile)| LoadedProfile { record, profile })
        .collect();
    analyze(&evidence, &loaded, &Catalog::built_in().unwrap(), "test")
}

fn put_in(row: &Row, evidence: &mut Evidence) {
    let (Observed::Value(host), Observed::Value(census)) =
        (&mut evidence.host, &mut evidence.cgroups)
    else {
        panic!("{}: no host or census", row.base);
    };
    row.release.clone_into(&mut host.kernel_release);
    host.kernel_version.clear();
    host.version_signature = None;
    let memory = census
        .hierarchies
        .iter_mut()
        .find(|hierarchy| hierarchy.has("memory"))
        .unwrap();
    let live = *memory.live.value().unwrap();
    memory.kernel_count = Observed::Value(live + row.dying);
    memory.dying = Observed::Value(DyingCount {
        count: row.dying,
        how: "put in".to_owned(),
        spread: None,
    });
    let Observed::Value(timed) = &mut evidence.timed_reads else {
        panic!("{}: no timed reads", row.base);
    };
    for read in &mut timed.reads {
        put_in_read(row, read);
    }
}

fn put_in_read(row: &Row, read: &mut TimedRead) {
    let time = match read.file_name() {
        "memory.stat" => row.stat_ns,
        "memory.numa_stat" => row.numa_ns,
        _ => return,
    };
    read.outcome = match (time, &read.outcome) {
        (Some(time), ReadOutcome::Read { bytes, repeats, .. }) => ReadOutcome::Read {
            bytes: *bytes,
            wall: Nanos(time),
            cpu: Nanos(time),
            repeats: *repeats,
            first_cpu: None,
        },
        _ => ReadOutcome::Skipped {
            reason: "predicted to be over the budget".to_owned(),
        },
    };
    if time.is_none() {
        read.predicted = Some(Nanos(1_300_000_000));
    }
}

#[test]
fn every_old_kernel_gets_its_verdict() {
    let rows = rows();
    assert_eq!(rows.len(), 8);
    for row in rows {
        let diagnosis = diagnose(&row);
        let first = diagnosis.findings.first().map(|finding| finding.id.clone());
        assert_eq!(
            first, row.finds,
            "{}: {:#?}",
            row.release, diagnosis.findings
        );
        for (id, status) in [
            ("memory-stat-walk", &row.stat_walk),
            ("numa-stat-walk", &row.numa_walk),
        ] {
            let told = diagnosis.advisories.iter().find(|told| told.id == id);
            let told = told.unwrap();
            assert_eq!(told.status.as_str(), status, "{} {told:?}", row.release);
        }
    }
}
