//! Texts that people send instead of profiles, through the real binary.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails loudly"
)]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: no conformance corpus at {}", path.display());
    None
}

/// What `nodesleuth pprof` prints, and whether it succeeds.
fn outcome(arguments: &[&str], input: &Path) -> (bool, String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_nodesleuth"))
        .arg("pprof")
        .args(arguments)
        .arg(input)
        .output()
        .unwrap();
    // Broken bytes of names are printed as they are; text with them is read with U+FFFD instead.
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (run.status.success(), text(run.stdout), text(run.stderr))
}

fn pprof(arguments: &[&str], input: &Path) -> String {
    let (success, printed, complaint) = outcome(arguments, input);
    assert!(success, "{}: {complaint}", input.display());
    printed
}

/// Recorded texts of `-raw`, with what their names begin with.
fn raw_texts(corpus: &Path) -> Vec<(PathBuf, String)> {
    let folder = corpus.join("oracle-go1.27");
    let files = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut texts: Vec<_> = files
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            let input = name.strip_suffix(".raw.txt")?.to_owned();
            Some((path, input))
        })
        .collect();
    texts.sort();
    assert!(texts.len() >= 20, "{}", texts.len());
    texts
}

#[test]
fn raw_text_is_printed_again_as_it_was() {
    let Some(corpus) = corpus() else { return };
    for (path, _) in raw_texts(&corpus) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(pprof(&["-raw"], &path) == text, "{}", path.display());
    }
    for entry in fs::read_dir(corpus.join("malformed")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "string")
        {
            let profile = path.with_extension("pb");
            let (text, binary) = [&path, &profile].map(|p| outcome(&["-raw"], p)).into();
            assert_eq!((text.0, text.1), (binary.0, binary.1), "{}", path.display());
        }
    }
}

/// What a report says below what it says about the profile.
fn body(text: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with('-'));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn traces_are_printed_again_as_they_were() {
    let Some(corpus) = corpus() else { return };
    for (raw, input) in raw_texts(&corpus) {
        let path = raw.with_file_name(format!("{input}.traces.txt"));
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let (success, printed, complaint) = outcome(&["-traces"], &path);
        if body(&text).lines().count() == 1 {
            assert!(
                !success && complaint.contains("holds no sample"),
                "{complaint}"
            );
            continue;
        }
        assert!(
            body(&printed) == body(&text),
            "{}: {complaint}",
            path.display()
        );
    }
}

/// Without the duration, of which the text holds four characters.
fn without_duration(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("Duration: "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn reports_of_raw_text_are_those_of_the_profile() {
    let Some(corpus) = corpus() else { return };
    let reports: [(&[&str], &str); 4] = [
        (&["-top"], "top"),
        (&["-traces"], "traces"),
        (&["-tags"], "tags"),
        (&["-top", "-lines", "-nodecount=40"], "top-lines"),
    ];
    let mut compared = 0;
    for (raw, input) in raw_texts(&corpus) {
        for (arguments, report) in reports {
            let golden = raw.with_file_name(format!("{input}.{report}.txt"));
            let Ok(expected) = fs::read_to_string(&golden) else {
                continue;
            };
            let printed = pprof(arguments, &raw);
            assert!(
                without_duration(&printed) == without_duration(&expected),
                "{}",
                golden.display()
            );
            compared += 1;
        }
    }
    assert!(compared >= 70, "{compared}");
}

#[test]
fn reports_of_goroutines_in_text_are_those_of_go() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("oracle-go1.27");
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let entries: Vec<Value> = serde_json::from_str(&manifest).unwrap();
    let mut compared = 0;
    for entry in &entries {
        let input = entry["input"].as_str().unwrap_or_default();
        let arguments = entry["args"].as_array().unwrap().iter();
        let arguments: Vec<_> = arguments.map(|a| a.as_str().unwrap()).collect();
        let is_made = !["-dot", "-callgrind"]
            .iter()
            .any(|other| arguments.contains(other));
        if input.ends_with(".txt") && is_made {
            let golden = fs::read_to_string(folder.join(entry["golden"].as_str().unwrap()));
            let printed = outcome(&arguments, &corpus.join(input));
            assert_eq!(printed.0, entry["rc"] == 0, "{arguments:?}: {}", printed.2);
            assert!(printed.1 == golden.unwrap(), "{arguments:?}");
            compared += 1;
        }
    }
    assert!(compared >= 14, "{compared}");
    // Without -symbolize=none the functions that the text tells in comments are used.
    let goroutines = corpus.join("profiles/etcd.goroutine.txt");
    let named = pprof(&["-traces"], &goroutines);
    assert!(named.contains("   internal/poll.(*FD).Read\n"), "{named}");
}
