//! `nodesleuth pprof` against recorded output of Go 1.27's `go tool pprof`, byte by byte.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails loudly"
)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Kinds of reports that are made, with how many recorded ones must come out equal. The inputs of
/// kind `.txt` (an older text format) are not read and not counted.
const ORACLE: &[(&str, usize)] = &[
    ("-peek", 18),
    ("-raw", 18),
    ("-tags", 18),
    ("-top", 18),
    ("-top -cum -nodecount", 18),
    ("-top -focus -ignore", 18),
    ("-top -hide", 18),
    ("-top -lines -nodecount", 18),
    ("-top -noinlines -nodecount", 18),
    ("-top -relative_percentages -focus", 18),
    ("-top -sample_index", 18),
    ("-top -unit", 18),
    ("-traces", 18),
    ("-tree -nodecount", 18),
];

/// The same for the reports of pprof's own tests.
const REPORTS: &[(&str, usize)] = &[
    ("peek", 1),
    ("tags", 1),
    ("text", 12),
    ("traces", 1),
    ("tree", 2),
];

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: no conformance corpus at {}", path.display());
    None
}

fn entries(folder: &Path) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap()
}

fn arguments(entry: &Value) -> Vec<&str> {
    let all = entry["args"].as_array().unwrap();
    all.iter().map(|a| a.as_str().unwrap()).collect()
}

/// Option names without their values and without `-symbolize`.
fn names(arguments: &[&str]) -> String {
    let names = arguments.iter().map(|a| a.split('=').next().unwrap());
    names.skip(1).collect::<Vec<_>>().join(" ")
}

/// Whether our output and success are those of the recording.
fn equals(arguments: &[&str], input: &Path, golden: &Path, succeeds: bool) -> bool {
    let run = Command::new(env!("CARGO_BIN_EXE_nodesleuth"))
        .arg("pprof")
        .args(arguments)
        .arg(input)
        .output()
        .unwrap();
    run.status.success() == succeeds && run.stdout == fs::read(golden).unwrap()
}

#[derive(Default)]
struct Score {
    passed: usize,
    total: usize,
    failed: Vec<String>,
}

/// Prints the table and compares it with what is declared.
fn check(scores: &BTreeMap<String, Score>, declared: &[(&str, usize)]) {
    for (kind, score) in scores {
        eprintln!("{:>4}/{:<4} {kind}", score.passed, score.total);
    }
    for (kind, expected) in declared {
        let score = &scores[*kind];
        assert!(score.passed >= *expected, "{kind}: {:?}", score.failed);
    }
}

fn count(
    scores: &mut BTreeMap<String, Score>,
    kind: String,
    entry: &Value,
    input: &Path,
    folder: &Path,
) {
    let golden = entry["golden"].as_str().unwrap();
    let succeeds = entry["rc"].as_i64().unwrap_or(0) == 0;
    let score = scores.entry(kind).or_default();
    score.total += 1;
    if equals(&arguments(entry), input, &folder.join(golden), succeeds) {
        score.passed += 1;
    } else {
        score.failed.push(golden.to_owned());
    }
}

#[test]
fn reports_on_real_profiles_are_those_of_go() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("oracle-go1.27");
    let mut scores = BTreeMap::new();
    for entry in &entries(&folder) {
        let kind = names(&arguments(entry));
        let Some(input) = entry["input"].as_str() else {
            continue;
        };
        if ORACLE.iter().any(|(known, _)| *known == kind) && !input.ends_with(".txt") {
            count(&mut scores, kind, entry, &corpus.join(input), &folder);
        }
    }
    check(&scores, ORACLE);
}

#[test]
fn reports_of_its_own_tests_are_those_of_pprof() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("pprof-reports");
    let mut scores = BTreeMap::new();
    for entry in &entries(&folder) {
        let arguments = arguments(entry);
        let is = |name: &&str| {
            arguments
                .iter()
                .any(|a| a.trim_start_matches('-').split('=').next() == Some(name))
        };
        let kind = ["peek", "tags", "text", "traces", "tree"]
            .into_iter()
            .find(is);
        // Filters on labels are not done, and refused.
        let by_label = arguments
            .iter()
            .any(|a| a.starts_with("-tagfocus") || a.starts_with("-taghide"));
        if let Some(kind) = kind.filter(|_| !by_label) {
            let input = folder.join(entry["input"].as_str().unwrap());
            count(&mut scores, kind.to_owned(), entry, &input, &folder);
        }
    }
    check(&scores, REPORTS);
}

#[test]
fn what_is_not_done_is_refused_with_advice() {
    let cases = [
        ("-dot", "use -top"),
        ("-http=:1", "use -top"),
        ("-base=x", "not supported"),
        ("-tagfocus=x", "not supported"),
    ];
    for (option, expected) in cases {
        let run = Command::new(env!("CARGO_BIN_EXE_nodesleuth"))
            .args(["pprof", "-top", option, "x.pb.gz"])
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{option}");
        assert!(
            error.contains(expected) && run.stdout.is_empty(),
            "{option}: {error}"
        );
    }
}
