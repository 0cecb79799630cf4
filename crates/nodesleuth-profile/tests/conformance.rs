//! The shared conformance corpus, where it is checked out beside the workspace: Go's verdict on
//! malformed files, and the reports of `go tool pprof` on real ones.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use nodesleuth_profile::{
    Draft, Limits, Profile, ReportKind, ReportOptions, TopRow, open, read, read_folded, report, top,
};
use serde_json::Value;

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    if !path.is_dir() {
        eprintln!("SKIPPED: no conformance corpus at {}", path.display());
        return None;
    }
    Some(path)
}

fn json(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_malformed_file_gets_the_verdict_of_go() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("malformed");
    let verdicts = json(&folder.join("verdicts.json"));
    assert!(verdicts.len() >= 50);
    let mut wrong = Vec::new();
    for verdict in &verdicts {
        let file = verdict["file"].as_str().unwrap();
        let ours = read(&fs::read(folder.join(file)).unwrap(), &Limits::default());
        if ours.is_ok() != (verdict["verdict"] == "accept") {
            wrong.push(format!(
                "{file}: Go says {verdict}, we {:?}",
                ours.map(|_| "accept")
            ));
        }
        // For review with --nocapture: our message beside Go's.
        if let Err(ours) = read(&fs::read(folder.join(file)).unwrap(), &Limits::default()) {
            eprintln!("{file}: {ours}   [Go: {}]", verdict["error"]);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Profiles with the text of a report on them, for reports of these arguments only.
fn reports(corpus: &Path, args: &[&str]) -> Vec<(String, Profile, String)> {
    let folder = corpus.join("oracle-go1.27");
    let mut found = Vec::new();
    for entry in json(&folder.join("manifest.json")) {
        let these = entry["args"].as_array().unwrap().iter().skip(1).eq(args);
        let input = entry["input"].as_str().unwrap_or_default();
        let Ok(bytes) = fs::read(corpus.join(input)) else {
            continue;
        };
        if !these || input.ends_with(".txt") {
            continue;
        }
        let profile = read(&bytes, &Limits::default()).unwrap_or_else(|e| panic!("{input}: {e}"));
        let golden = folder.join(entry["golden"].as_str().unwrap());
        found.push((
            input.to_owned(),
            profile,
            fs::read_to_string(golden).unwrap(),
        ));
    }
    found
}

#[test]
fn the_sums_of_all_values_are_those_of_raw() {
    let Some(corpus) = corpus() else { return };
    let reports = reports(&corpus, &["-raw"]);
    assert!(reports.len() >= 15, "{}", reports.len());
    for (input, profile, text) in reports {
        let rows = text.lines().skip_while(|line| *line != "Samples:").skip(2);
        let mut sums = vec![0; profile.sample_types().len()];
        for row in rows.take_while(|line| *line != "Locations") {
            let Some((values, _)) = row.split_once(": ") else {
                continue;
            };
            let values: Result<Vec<i64>, _> = values.split_whitespace().map(str::parse).collect();
            for (sum, value) in sums.iter_mut().zip(values.unwrap_or_default()) {
                *sum += value;
            }
        }
        let ours: Vec<_> = (0..sums.len()).map(|index| profile.total(index)).collect();
        assert_eq!(ours, sums, "{input}");
    }
}

#[test]
fn top_lists_what_pprof_lists_in_its_order() {
    let Some(corpus) = corpus() else { return };
    let mut compared = 0;
    for (input, profile, text) in reports(&corpus, &["-top", "-sample_index=0"]) {
        let unit = profile.sample_types().next().unwrap().unit;
        if unit != "count" || !profile.drop_frames().is_empty() {
            eprintln!("{input}: not compared (unit {unit}, or frames that pprof drops first)");
            continue;
        }
        let least = dropped_below(&text);
        let ours = top(&profile, 0)
            .into_iter()
            .filter(|row| row.cum.abs() >= least);
        // A table of words does not show which white space is in a name.
        let name = |row: TopRow<'_>| row.name.split_whitespace().collect::<Vec<_>>().join(" ");
        let ours: Vec<_> = ours.map(|row| (row.flat, row.cum, name(row))).collect();
        assert_eq!(ours, rows(&text), "{input}");
        compared += 1;
    }
    assert!(compared >= 10, "only {compared} profiles compared");
}

/// The cost below which pprof leaves functions out. It says `Dropped 50 nodes (cum <= 922)` but
/// keeps those of exactly that cost.
fn dropped_below(text: &str) -> i64 {
    let dropped = text.lines().find_map(|line| line.split_once("(cum <= "));
    dropped.map_or(0, |(_, rest)| rest.trim_end_matches(')').parse().unwrap())
}

fn rows(text: &str) -> Vec<(i64, i64, String)> {
    let rows = text
        .lines()
        .skip_while(|line| !line.contains("flat%"))
        .skip(1);
    rows.map(|row| {
        let mut columns = row.split_whitespace();
        let flat = columns.next().unwrap().parse().unwrap();
        let cum = columns.nth(2).unwrap().parse().unwrap();
        let name = columns.skip(1).collect::<Vec<_>>().join(" ");
        let name = name
            .trim_end_matches(" (inline)")
            .trim_end_matches(" (partial-inline)");
        (flat, cum, name.to_owned())
    })
    .collect()
}

#[test]
fn all_encodings_of_a_folded_file_are_the_same_stacks() {
    let Some(corpus) = corpus() else { return };
    let folded = |name: &str| {
        let path = corpus.join("folded").join(format!("speedscope.{name}.txt"));
        read_folded(&fs::read(path).unwrap()).unwrap()
    };
    let simple = folded("simple");
    assert_eq!(simple.folded.to_string(), "a;b 5\na;b;c 5\na;b;d 4\n");
    for name in ["simple-crlf", "simple-utf16-le", "simple-utf16-be"] {
        assert_eq!(folded(name), simple, "{name}");
    }
    let invalid = folded("simple-with-invalids");
    assert_eq!((invalid.folded, invalid.ignored), (simple.folded, 1));
    assert_eq!(
        folded("tall")
            .folded
            .stacks()
            .next()
            .unwrap()
            .frames()
            .len(),
        26
    );
}

/// What the command prints for a profile without mappings: it makes one up.
fn with_a_mapping(text: &str) -> String {
    let Some(table) = text.strip_suffix("\nMappings\n") else {
        return text.to_owned();
    };
    let is_location = |line: &&str| {
        line.split_once(": 0x")
            .is_some_and(|(id, _)| !id.is_empty())
    };
    let lines = table
        .lines()
        .map(|line| match Some(line).filter(is_location) {
            Some(line) => line.replacen("0x0 ", "0x0 M=1 ", 1),
            None => line.to_owned(),
        });
    let table: Vec<_> = lines.collect();
    format!("{}\nMappings\n1: 0x0/0x0/0x0   \n", table.join("\n"))
}

#[test]
fn legacy_profiles_are_read_as_pprof_reads_them() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("pprof-raw");
    let mut compared = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "string")
        {
            let input = path.with_extension("");
            let opened = open(fs::read(&input).unwrap(), &Limits::default());
            let opened = opened.unwrap_or_else(|e| panic!("{}: {e}", input.display()));
            let options = ReportOptions::new(ReportKind::Raw);
            let printed = report(Draft::of(opened.profile), &options).unwrap().bytes;
            let expected = with_a_mapping(&fs::read_to_string(&path).unwrap());
            assert!(printed == expected.as_bytes(), "{}", input.display());
            assert_eq!(opened.notes, [""; 0], "{}", input.display());
            compared += 1;
        }
    }
    assert!(compared >= 7, "{compared}");
}
