//! The folders of `fixtures/cases` with parts taken away or changed, as other people would have posted
//! them: less may be answered then, but nothing wrong with certainty.

use crate::cases::{name, read_files};
use crate::repository;
use nodesleuth_analyze::{Catalog, analyze};
use nodesleuth_model::{Confidence, Evidence, FindingKind};
use std::fs;
use std::path::PathBuf;

const PROSE: &str = "report.txt";

/// A case in one of its forms.
struct Form {
    what: String,
    evidence: Evidence,
}

#[test]
fn a_part_of_a_case_gets_no_wrong_answer_that_is_certain() {
    let catalog = Catalog::built_in().unwrap();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (folder, files) in cases() {
        let expected = fs::read_to_string(folder.join(".expected.json")).unwrap();
        for form in forms(&files) {
            tried += 1;
            let diagnosis = analyze(&form.evidence, &[], &catalog, "test");
            let best = diagnosis.ranking.first();
            let best = best.and_then(|id| diagnosis.findings.iter().find(|best| best.id == *id));
            let Some(best) = best.filter(|best| best.confidence == Confidence::High) else {
                continue;
            };
            let explains = matches!(best.kind, FindingKind::Cause | FindingKind::Contributor);
            if explains && !expected.contains(&format!("\"{}\"", best.class)) {
                let score = best.score.clone().unwrap_or_default();
                wrong.push(format!(
                    "{} {}: {} {:?}",
                    name(&folder),
                    form.what,
                    best.id,
                    score.parts
                ));
            }
        }
    }
    assert!(tried >= 800, "only {tried} forms");
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Folders of cases with their files.
fn cases() -> Vec<(PathBuf, Vec<PathBuf>)> {
    let mut folders: Vec<PathBuf> = fs::read_dir(repository("fixtures/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let with_files = |folder: PathBuf| {
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !name(path).starts_with('.'))
            .collect();
        files.sort();
        (folder, files)
    };
    folders.into_iter().map(with_files).collect()
}

fn forms(files: &[PathBuf]) -> Vec<Form> {
    let form = |what: String, evidence| Form { what, evidence };
    let mut forms = Vec::new();
    for file in files {
        let one = read_files(std::slice::from_ref(file));
        forms.push(form(format!("only {}", name(file)), one));
        let rest: Vec<PathBuf> = files
            .iter()
            .filter(|other| *other != file)
            .cloned()
            .collect();
        if files.len() > 2 {
            forms.push(form(format!("without {}", name(file)), read_files(&rest)));
        }
    }
    let measured: Vec<PathBuf> = files
        .iter()
        .filter(|file| name(file) != PROSE)
        .cloned()
        .collect();
    if measured.len() > 1 {
        forms.push(form("without prose".to_owned(), read_files(&measured)));
    }
    let whole = read_files(files);
    for (component, version) in [
        ("kernel", "3.10.0-957.el7"),
        ("kernel", "6.6.31"),
        ("go", "1.14.1"),
        ("go", "1.23.4"),
    ] {
        let changed = of_version(&whole, component, version);
        if changed != whole {
            forms.push(form(format!("{component} {version}"), changed));
        }
    }
    let changed = of_other_functions(whole.clone());
    if changed != whole {
        forms.push(form("other functions".to_owned(), changed));
    }
    forms
}

/// As it would be told of another version.
fn of_version(whole: &Evidence, component: &str, version: &str) -> Evidence {
    let mut changed = whole.clone();
    let told = changed.pasted.versions.iter_mut();
    for told in told.filter(|told| told.component == component) {
        version.clone_into(&mut told.version);
    }
    if component == "kernel"
        && let nodesleuth_model::Observed::Value(host) = &mut changed.host
        && !host.kernel_release.is_empty()
    {
        version.clone_into(&mut host.kernel_release);
    }
    changed
}

/// As it would be with functions that no entry knows.
fn of_other_functions(mut evidence: Evidence) -> Evidence {
    let other = |name: &mut String| *name = format!("other.f{}", name.len());
    let pasted = &mut evidence.pasted;
    let rows = pasted
        .stack_tables
        .iter_mut()
        .flat_map(|table| &mut table.rows);
    rows.for_each(|row| other(&mut row.name));
    let frames = pasted.stacks.iter_mut().flat_map(|stack| &mut stack.frames);
    frames.for_each(other);
    evidence
}
