//! The folders of `fixtures/cases` through the readers and the analysis, without a process for each:
//! which entries are named, and what becomes of an answer without what decided it.

use crate::repository;
use nodesleuth_analyze::catalog::{Expression, Symptom};
use nodesleuth_analyze::{Catalog, analyze};
use nodesleuth_model::evidence::Pasted;
use nodesleuth_model::{Confidence, Diagnosis, Evidence, Finding};
use nodesleuth_parse::pasted::Ingested;
use nodesleuth_profile::Pattern;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Name and evidence of each case.
fn cases() -> Vec<(String, Evidence)> {
    let mut folders: Vec<PathBuf> = fs::read_dir(repository("fixtures/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 280, "the cases are gone");
    folders.iter().map(|folder| read(folder)).collect()
}

fn read(folder: &Path) -> (String, Evidence) {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !name(path).starts_with('.'))
        .collect();
    files.sort();
    (name(folder), read_files(&files))
}

/// Evidence of some files.
pub(crate) fn read_files(files: &[PathBuf]) -> Evidence {
    let mut ingested = Ingested::default();
    for file in files {
        ingested.read(&name(file), &fs::read(file).unwrap(), None, true);
    }
    ingested.finish();
    ingested.evidence
}

pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn diagnosed(evidence: &Evidence, catalog: &Catalog) -> Diagnosis {
    analyze(evidence, &[], catalog, "test")
}

fn all(diagnosis: &Diagnosis) -> impl Iterator<Item = &Finding> {
    diagnosis.findings.iter().chain(&diagnosis.red_herrings)
}

/// Entries that some case names.
pub(crate) fn named() -> BTreeSet<String> {
    let catalog = Catalog::built_in().unwrap();
    let mut named = BTreeSet::new();
    for (_, evidence) in cases() {
        let diagnosis = diagnosed(&evidence, &catalog);
        named.extend(all(&diagnosis).map(|finding| finding.id.clone()));
    }
    named
}

/// An answer is as sure as what decides it: with that taken out of the files it is less sure, or not
/// given any more.
#[test]
fn without_what_decides_an_answer_is_less_sure() {
    let catalog = Catalog::built_in().unwrap();
    let mut tried = 0;
    for (case, evidence) in cases() {
        let diagnosis = diagnosed(&evidence, &catalog);
        let best = diagnosis.ranking.first();
        let best = best.and_then(|id| all(&diagnosis).find(|finding| finding.id == *id));
        let Some(best) = best.filter(|best| best.confidence > Confidence::Low) else {
            continue;
        };
        let entry = catalog.entry(&best.id).unwrap();
        let mut without = evidence.clone();
        let deciding = entry.symptoms.iter().filter(|symptom| symptom.decides);
        deciding.for_each(|symptom| take_out(symptom, &mut without));
        let weaker = diagnosed(&without, &catalog);
        let left = all(&weaker).find(|finding| finding.id == entry.id);
        let confidence = left.map(|left| left.confidence);
        assert!(
            confidence < Some(best.confidence),
            "{case}: {} stays {confidence:?}: {:?}",
            entry.id,
            left.and_then(|left| left.score.clone())
        );
        tried += 1;
    }
    assert!(tried >= 100, "only {tried} answers were sure");
}

/// Removes everything in which a symptom could be seen.
fn take_out(symptom: &Symptom, evidence: &mut Evidence) {
    let pasted = &mut evidence.pasted;
    let texts = [&symptom.log, &symptom.said, &symptom.call, &symptom.process];
    for text in texts.into_iter().flatten() {
        take_out_text(text, pasted);
    }
    for pattern in symptom.frames.iter().filter_map(|list| list.last()) {
        let pattern: Pattern = pattern.parse().unwrap();
        for table in &mut pasted.stack_tables {
            table.rows.retain(|row| !pattern.matches_normal(&row.name));
        }
        let holds = |frames: &[String]| frames.iter().any(|frame| pattern.matches_normal(frame));
        pasted.stacks.retain(|stack| !holds(&stack.frames));
    }
    if let Some(range) = &symptom.version {
        pasted
            .versions
            .retain(|version| version.component != range.component);
        evidence.host = nodesleuth_model::Observed::default();
    }
    if symptom.when.is_some() {
        let pasted = &mut evidence.pasted;
        pasted.timed.clear();
        pasted.counts.clear();
        pasted.metrics.clear();
        pasted.machine.clear();
        pasted.calls.clear();
        for table in &mut pasted.stack_tables {
            table.length_seconds = None;
        }
        pasted
            .stacks
            .iter_mut()
            .for_each(|stack| stack.wait_minutes = None);
        evidence.cgroups = nodesleuth_model::Observed::default();
        evidence.dentries = nodesleuth_model::Observed::default();
        evidence.mounts = nodesleuth_model::Observed::default();
        evidence.timed_reads = nodesleuth_model::Observed::default();
    }
}

fn take_out_text(text: &Expression, pasted: &mut Pasted) {
    let is_in = |line: &str| text.regex().is_match(line);
    pasted
        .prose
        .retain(|line| !is_in(&line.text) && !is_in(&line.text.replace('_', " ")));
    pasted
        .logs
        .retain(|line| !is_in(&line.example) && !is_in(&line.template));
    pasted
        .processes
        .retain(|usage| !is_in(&usage.comm) && !usage.command.as_deref().is_some_and(is_in));
    for table in &mut pasted.calls {
        table.calls.retain(|call| !is_in(&call.name));
        table.patterns.retain(|pattern| {
            let error = pattern.error.as_deref().unwrap_or_default();
            let call = format!(
                "{}({}) {error} {}",
                pattern.call, pattern.arguments, pattern.example
            );
            !is_in(&call)
        });
    }
    pasted.metrics.retain(|metric| !is_in(&metric.name));
    pasted
        .counts
        .retain(|count| !is_in(&format!("{} {} {}", count.value, count.what, count.unit)));
    pasted.stacks.iter_mut().for_each(|stack| {
        stack.headline.take_if(|headline| is_in(headline));
    });
    let timed = |command: &Option<String>| command.as_deref().is_some_and(is_in);
    pasted.timed.retain(|row| !timed(&row.command));
}

/// What `catalog new` prints of a case can be used as it is.
#[test]
fn a_new_entry_made_from_files_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    for case in ["fixtures/cases/cadvisor-1774", "fixtures/bundles/proc-scan"] {
        let case = repository(case);
        let made = crate::support::run(&["catalog", "new", case.to_str().unwrap()]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let file = folder.path().join("my.toml");
        fs::write(&file, &made.out).unwrap();
        let checked = crate::support::run(&["catalog", "check", file.to_str().unwrap()]);
        assert_eq!(checked.code, Some(0), "{checked:?}\n{}", made.out);
        assert!(checked.out.contains("my.toml: my-cause"), "{checked:?}");
        let plain = made.out.replace("# [[symptoms]]", "[[symptoms]]");
        let plain = plain
            .replace("\n# points", "\npoints")
            .replace("\n# decides", "\ndecides");
        let plain = plain
            .replace("\n# frames", "\nframes")
            .replace("\n# log", "\nlog");
        fs::write(&file, plain.replace("\n# call", "\ncall")).unwrap();
        let checked = crate::support::run(&["catalog", "check", file.to_str().unwrap()]);
        assert_eq!(checked.code, Some(0), "{checked:?}\n{plain}");
    }
}

/// All mistakes of all files are named, with their places.
#[test]
fn catalog_check_names_every_mistake_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |id: &str, rest: &str| {
        format!(
            "id = \"{id}\"\nclass = \"T01_x\"\ntitle = \"t\"\ncomponent = \"c\"\n\
             standing = \"reported\"\nexplanation = \"e\"\ndisproof = [\"d\"]\n{rest}"
        )
    };
    let symptom = |line: &str| format!("[[symptoms]]\n{line}\npoints = 2\n");
    let files = [
        (
            "a.toml",
            entry("a", &symptom("log = \"(\"")),
            "line 9, column",
        ),
        (
            "b.toml",
            entry("b", &symptom("log = \"x\"\nsaid = \"y\"")),
            "log and said",
        ),
        (
            "c.toml",
            entry("c", "[when]\nfact = \"no.such\"\nop = \"==\"\nvalue = 1\n"),
            "line 9, column 9",
        ),
    ];
    for (name, text, _) in &files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let checked = crate::support::run(&["catalog", "check", folder.path().to_str().unwrap()]);
    assert_eq!(checked.code, Some(2), "{checked:?}");
    for (name, _, said) in &files {
        assert!(
            checked.err.contains(name) && checked.err.contains(said),
            "{said}: {}",
            checked.err
        );
    }
    assert!(checked.err.contains("3 of 3"), "{}", checked.err);
}
