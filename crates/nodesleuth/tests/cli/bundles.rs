//! Every recorded bundle through the real binary. A folder under `fixtures/bundles` is a case;
//! `BLESS=1` rewrites the expectations, a missing one is a failure.

use crate::repository;
use crate::support::{self, Run, run};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(repository("fixtures/bundles"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("evidence.json").exists())
        .collect();
    cases.sort();
    assert!(cases.len() >= 10, "the recorded cases are gone");
    cases
}

fn analyzed(case: &Path, format: &str) -> Run {
    let run = run(&["analyze", case.to_str().unwrap(), "-o", format]);
    assert_eq!(run.code, Some(0), "{}: {run:?}", case.display());
    run
}

/// The version of the tool is not part of what a case expects.
fn without_version(text: &str) -> String {
    text.replace(
        concat!("nodesleuth ", env!("CARGO_PKG_VERSION")),
        "nodesleuth VERSION",
    )
}

fn check(expected: &Path, got: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(expected, got).unwrap();
        return;
    }
    match fs::read_to_string(expected) {
        Ok(text) if text == got => {}
        Ok(text) => {
            let differs = text.lines().zip(got.lines()).find(|(old, new)| old != new);
            wrong.push(format!("{} differs: {differs:?}", expected.display()));
        }
        Err(error) => wrong.push(format!(
            "{}: {error} (BLESS=1 writes it)",
            expected.display()
        )),
    }
}

#[test]
fn every_recorded_bundle_gives_its_expected_report() {
    let mut wrong = Vec::new();
    for case in cases() {
        let text = without_version(&analyzed(&case, "text").out);
        check(&case.join("expected.txt"), &text, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What matters to programs: outcome, findings, prices.
#[test]
fn every_recorded_bundle_gives_its_expected_findings() {
    let mut wrong = Vec::new();
    for case in cases() {
        let json = analyzed(&case, "json").json();
        let finding = |finding: &serde_json::Value| {
            serde_json::json!({
                "id": finding["id"],
                "class": finding["class"],
                "share": finding["share"].as_f64().map(|share| (share * 100.0).round()),
                "confidence": finding["confidence"],
            })
        };
        let list = |name: &str| -> Vec<serde_json::Value> {
            json[name].as_array().unwrap().iter().map(finding).collect()
        };
        let mut summary = serde_json::json!({
            "outcome": json["outcome"],
            "findings": list("findings"),
            "red_herrings": list("red_herrings"),
        });
        if json["elsewhere"].is_array() {
            summary["elsewhere"] = list("elsewhere").into();
        }
        if json["states"].is_array() {
            summary["states"] = list("states").into();
        }
        let growth = growth_facts(&json);
        if !growth.is_empty() {
            summary["growth"] = growth.into();
        }
        let text = format!("{}\n", serde_json::to_string_pretty(&summary).unwrap());
        check(&case.join("expected.json"), &text, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who makes cgroups and how many, where that is known; numbers without their fractions.
fn growth_facts(json: &serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    let facts = json["facts"].as_object().unwrap().iter();
    let of_growth = facts.filter(|(name, _)| name.starts_with("cgroup.growth."));
    let known = of_growth.filter(|(_, fact)| !fact["value"].is_null());
    known
        .map(|(name, fact)| {
            let value = &fact["value"];
            let whole = value.as_f64().map(|number| number.round().into());
            (name.clone(), whole.unwrap_or_else(|| value.clone()))
        })
        .collect()
}

#[test]
fn every_cause_fires_in_some_case_and_is_silent_in_another() {
    let catalog = run(&["catalog", "-o", "json"]).json();
    let ids: BTreeSet<String> = catalog
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect();
    let mut fired: BTreeMap<String, u32> = BTreeMap::new();
    let cases = cases();
    for case in &cases {
        let json = analyzed(case, "json").json();
        let lists =
            ["findings", "red_herrings", "elsewhere", "states"].map(|name| json[name].as_array());
        for finding in lists.iter().flatten().copied().flatten() {
            *fired
                .entry(finding["id"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        if json["outcome"] == "not-hot" {
            *fired.entry("not-hot".to_owned()).or_default() += 1;
        }
    }
    let mut named = crate::cases::named();
    named.extend(crate::node_states::ids());
    for id in ids {
        let times = fired.get(&id).copied().unwrap_or(0);
        assert!(times > 0 || named.contains(&id), "{id} fires in no case");
        assert!((times as usize) < cases.len(), "{id} is never silent");
    }
}

#[test]
fn every_recorded_bundle_can_be_looked_into() {
    for case in cases() {
        let run = run(&["bundle", "show", case.to_str().unwrap()]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(
            run.out.contains("evidence.json") && run.out.contains("timed_reads"),
            "{run:?}"
        );
    }
}

#[test]
fn a_bundle_can_come_through_a_pipe() {
    let case = repository("fixtures/bundles/k415-z20000");
    let packed = support::must(
        Command::new("tar")
            .arg("-czf-")
            .arg("-C")
            .arg(&case)
            .args(["evidence.json", "profiles"]),
    );
    let mut command = support::nodesleuth(&["analyze", "/dev/stdin"]);
    let mut child = support::start(command.stdin(Stdio::piped()));
    let mut pipe = child.stdin.take().unwrap();
    let feed = thread::spawn(move || pipe.write_all(&packed.stdout));
    let piped = support::finish(child);
    feed.join().unwrap().unwrap();
    assert_eq!(piped.code, Some(0), "{piped:?}");
    assert_eq!(piped.out, analyzed(&case, "text").out);
}

/// A process may call itself anything, also what moves a cursor or looks like our own line.
#[test]
fn a_hostile_name_in_a_bundle_is_shown_harmlessly() {
    let recorded = repository("fixtures/bundles/demo-cgroups/evidence.json");
    let mut evidence: serde_json::Value =
        serde_json::from_slice(&fs::read(recorded).unwrap()).unwrap();
    evidence["target"]["value"]["comm"] = "x\nNOTHING WRONG\u{1b}[31m\u{7}\u{202e}".into();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("evidence.json"), evidence.to_string()).unwrap();
    let folder = folder.path().to_str().unwrap();
    for command in [&["analyze", folder][..], &["bundle", "show", folder]] {
        let run = run(command);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(
            run.out.contains("x\u{fffd}NOTHING WRONG\u{fffd}[31m"),
            "{run:?}"
        );
        let harmful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!run.out.contains(harmful), "{run:?}");
    }
}
