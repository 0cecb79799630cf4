//! `nodesleuth pprof` against recorded output of pprof, byte by byte, and against its verdicts on
//! malformed files. What came out equal is the table in docs/conformance.md: these tests fail when
//! a number falls below it. `cargo xtask docs` writes it (BLESS=1).

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails loudly"
)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PAGE: &str = "../../docs/conformance.md";

/// Reports that are refused, with advice: see `nodesleuth pprof --help`.
const REFUSED: [&str; 4] = ["callgrind", "dot", "topproto", "disasm"];

const HEAD: &str = "\
# Conformance of `nodesleuth pprof`

Written by `cargo xtask docs`, kept by `tests/pprof_conformance.rs`: a number that falls fails the
tests. Each case runs the real binary and compares every byte of its output and its success.

Recordings: `oracle-go1.27` is Go 1.27's `go tool pprof` on real profiles; `pprof-reports` the
reports of pprof's own tests; `pprof-raw` older formats as `-raw` prints them; `malformed` says
which files Go accepts; `folded` are stacks of other tools, which `nodesleuth flame` must read and
write so that they read back the same. The reports -dot, -callgrind, -topproto and -disasm are
refused on purpose and not counted.

| recordings | kind | equal | of |
|---|---|---:|---:|
";

/// How many cases of a kind came out equal, and which did not.
#[derive(Debug, Default)]
struct Score {
    equal: usize,
    all: usize,
    different: Vec<String>,
}

type Scores = BTreeMap<(String, String), Score>;

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: no conformance corpus at {}", path.display());
    None
}

fn pprof(arguments: &[&str], files: &[PathBuf], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nodesleuth"))
        .arg("pprof")
        .args(arguments)
        .args(files)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn entries(file: &Path) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

fn arguments(entry: &Value) -> Vec<&str> {
    let all = entry["args"].as_array().unwrap();
    all.iter().map(|a| a.as_str().unwrap()).collect()
}

/// Option names without their values and without `-symbolize`.
fn kind(arguments: &[&str], inputs: usize) -> String {
    let names = arguments.iter().map(|a| a.split('=').next().unwrap());
    let names: Vec<_> = names.filter(|name| *name != "-symbolize").collect();
    let merged = if inputs > 1 { " (merged)" } else { "" };
    format!("`{}`{merged}", names.join(" "))
}

fn is_refused(arguments: &[&str]) -> bool {
    let name = |a: &&str| {
        a.trim_start_matches('-')
            .split('=')
            .next()
            .unwrap()
            .to_owned()
    };
    arguments
        .iter()
        .any(|a| REFUSED.contains(&name(a).as_str()))
}

fn count(scores: &mut Scores, suite: &str, kind: String, case: &str, is_equal: bool) {
    let score = scores.entry((suite.to_owned(), kind)).or_default();
    score.all += 1;
    match is_equal {
        true => score.equal += 1,
        false => score.different.push(case.to_owned()),
    }
}

/// Inputs are relative to `inputs`, paths in options to `corpus`.
fn reports(scores: &mut Scores, corpus: &Path, suite: &str, inputs: &Path) {
    let folder = corpus.join(suite);
    for entry in &entries(&folder.join("manifest.json")) {
        let arguments = arguments(entry);
        if is_refused(&arguments) || entry["kind"].as_str().is_some_and(|k| k != "cli-identical") {
            continue;
        }
        let names = match entry["inputs"].as_array() {
            Some(several) => several
                .iter()
                .map(|i| format!("profiles/{}", i.as_str().unwrap()))
                .collect(),
            None => vec![entry["input"].as_str().unwrap().to_owned()],
        };
        let files: Vec<_> = names.iter().map(|name| inputs.join(name)).collect();
        let golden = entry["golden"].as_str().unwrap();
        let succeeds = entry["rc"].as_i64().unwrap_or(0) == 0;
        let run = pprof(&arguments, &files, corpus);
        let is_equal = run.status.success() == succeeds
            && run.stdout == fs::read(folder.join(golden)).unwrap();
        let kind = kind(&arguments, files.len());
        // Reports of pprof's own tests all have many options: told apart by the report alone.
        let kind = match suite {
            "pprof-reports" => report_of(&kind),
            _ => kind,
        };
        count(scores, suite, kind, golden, is_equal);
    }
}

fn report_of(kind: &str) -> String {
    let reports = ["-peek", "-tags", "-text", "-traces", "-tree"];
    let found = reports.iter().find(|report| kind.contains(*report));
    format!("`{}`", found.unwrap_or(&"?"))
}

/// Files whose text is in a file beside them.
fn raw_texts(scores: &mut Scores, corpus: &Path) {
    let folder = corpus.join("pprof-raw");
    for text in sorted(&folder) {
        let Some(input) = text.to_str().unwrap().strip_suffix(".string") else {
            continue;
        };
        let name = Path::new(input).file_name().unwrap().to_str().unwrap();
        let run = pprof(
            &["-symbolize=none", "-raw"],
            &[PathBuf::from(input)],
            &folder,
        );
        let is_equal = run.status.success() && run.stdout == fs::read(&text).unwrap();
        let kind = if name.starts_with("go") {
            "Go's"
        } else {
            "C++ and Java"
        };
        count(scores, "pprof-raw", kind.to_owned(), name, is_equal);
    }
}

/// pprof itself refuses a profile without sample types, which Go's parser accepts.
fn verdicts(scores: &mut Scores, corpus: &Path) {
    let folder = corpus.join("malformed");
    for entry in &entries(&folder.join("verdicts.json")) {
        let (file, verdict) = (
            entry["file"].as_str().unwrap(),
            entry["verdict"].as_str().unwrap(),
        );
        let run = pprof(&["-raw"], &[folder.join(file)], &folder);
        let message = String::from_utf8_lossy(&run.stderr);
        let is_equal = match verdict {
            "accept" => run.status.success() || message.contains("empty common sample type list"),
            _ => run.status.code() == Some(2) && run.stdout.is_empty() && message.contains(file),
        };
        count(scores, "malformed", verdict.to_owned(), file, is_equal);
    }
}

/// Stacks of other tools in any encoding: all are read, and what is written reads back the same.
fn folded(scores: &mut Scores, corpus: &Path) {
    let fold = |file: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nodesleuth"));
        command.args(["flame", "--format", "folded"]).arg(file);
        command.output().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    for file in sorted(&corpus.join("folded")) {
        let once = fold(&file);
        let written = folder.path().join("written.folded");
        fs::write(&written, &once.stdout).unwrap();
        let is_equal = once.status.success() && fold(&written).stdout == once.stdout;
        let name = file.file_name().unwrap().to_str().unwrap();
        count(
            scores,
            "folded",
            "read and written".to_owned(),
            name,
            is_equal,
        );
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn table(scores: &Scores) -> String {
    let mut text = HEAD.to_owned();
    for ((suite, kind), score) in scores {
        let Score { equal, all, .. } = score;
        writeln!(text, "| {suite} | {kind} | {equal} | {all} |").unwrap();
    }
    text
}

/// The numbers of a written table.
fn recorded(page: &str) -> BTreeMap<(String, String), usize> {
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["", suite, kind, equal, _, ""] => {
                Some(((suite.to_string(), kind.to_string()), equal.parse().ok()?))
            }
            _ => None,
        }
    });
    rows.collect()
}

#[test]
fn no_number_falls_below_the_page() {
    let Some(corpus) = corpus() else { return };
    let mut scores = Scores::new();
    reports(&mut scores, &corpus, "oracle-go1.27", &corpus);
    reports(
        &mut scores,
        &corpus,
        "pprof-reports",
        &corpus.join("pprof-reports"),
    );
    raw_texts(&mut scores, &corpus);
    verdicts(&mut scores, &corpus);
    folded(&mut scores, &corpus);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, table(&scores)).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    let recorded = recorded(&page);
    assert!(
        !recorded.is_empty(),
        "no table in {PAGE}: run `cargo xtask docs`"
    );
    for (name, score) in &scores {
        eprintln!("{:>4}/{:<4} {} {}", score.equal, score.all, name.0, name.1);
        let least = recorded.get(name).copied().unwrap_or_default();
        assert!(score.equal >= least, "{name:?}: {:?}", score.different);
    }
    assert_eq!(
        page,
        table(&scores),
        "{PAGE} is out of date: run `cargo xtask docs`"
    );
}

#[test]
fn the_number_of_a_row_is_its_third_cell() {
    let page = "| recordings | kind | equal | of |\n|---|---|---:|---:|\n| a | `-top` | 3 | 4 |\n";
    let expected = BTreeMap::from([(("a".to_owned(), "`-top`".to_owned()), 3)]);
    assert_eq!(recorded(page), expected);
}
