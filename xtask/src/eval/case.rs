//! A case: a folder of files, and what is expected.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::{Result, While};

const EXPECTED: &str = ".expected.json";
/// A folder with this file is a recording of ours and is given as a whole.
const EVIDENCE: &str = "evidence.json";

/// A folder of files and what is expected of an answer to them.
#[derive(Debug)]
pub(crate) struct Case {
    /// Its folder's name.
    pub(crate) name: String,
    /// What the binary is given.
    pub(crate) inputs: Vec<PathBuf>,
    /// Acceptable classes, best first.
    pub(crate) classes: Vec<String>,
    /// Whether the cause is known at all.
    pub(crate) answerable: bool,
    /// Whether CPU is burnt for a cause that can be named.
    pub(crate) cpu_cause: bool,
    /// Made up, after what is known of a cause.
    pub(crate) synthetic: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    classes: Vec<String>,
    answerable: bool,
    cpu_cause: bool,
    #[serde(default)]
    synthetic: bool,
}

/// The cases of a folder, by name; folders without an expectation are none.
pub(crate) fn all(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for path in sorted(folder)? {
        let file = path.join(EXPECTED);
        if !file.is_file() {
            continue;
        }
        let text = fs::read_to_string(&file).doing(|| format!("reading {}", file.display()))?;
        let expected: Expected =
            serde_json::from_str(&text).doing(|| format!("reading {}", file.display()))?;
        let inputs = match path.join(EVIDENCE).is_file() {
            true => vec![path.clone()],
            false => sorted(&path)?
                .into_iter()
                .filter(|path| !is_hidden(path))
                .collect(),
        };
        cases.push(Case {
            name: name(&path),
            inputs,
            classes: expected.classes,
            answerable: expected.answerable,
            cpu_cause: expected.cpu_cause,
            synthetic: expected.synthetic,
        });
    }
    Ok(cases)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).doing(|| format!("reading {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(
            entry
                .doing(|| format!("reading {}", folder.display()))?
                .path(),
        );
    }
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn is_hidden(path: &Path) -> bool {
    name(path).starts_with('.')
}
