//! The catalogue: known causes, kernel defects, ledger parts and thresholds, all data.
//!
//! The built-in files are embedded; a user's own replace entries of the same id.

mod condition;
mod entry;
mod parts;
mod symptom;
mod template;
mod validate;

pub use condition::{Condition, Operand, Truth};
pub use entry::{ClaimRule, Entry, EntryKind, ProofRule, RemedyRule};
pub(crate) use parts::part_matches;
pub use parts::{KernelParts, PartRule, Parts};
pub use symptom::{Expression, Symptom, VersionRange};
pub use template::Template;

use crate::kernel::{Family, KernelEntry};
use crate::remedy::RemedyEntry;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Name and text of each built-in file, path relative to `catalog/`.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalog_files.rs"));

/// Everything that analysis knows beforehand.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Known causes, sorted by id.
    pub entries: Vec<Entry>,
    /// Kernel defects, sorted by id.
    pub kernel: Vec<KernelEntry>,
    /// What `nodesleuth fix` does and what that frees, cheapest first.
    pub remedies: Vec<RemedyEntry>,
    /// How kernel release strings are told apart, tried in order.
    pub families: Vec<Family>,
    /// Which stack belongs to which ledger part.
    pub parts: Parts,
    /// Which kernel part a sampled stack belongs to.
    pub kernel_parts: KernelParts,
    /// Numbers that decide.
    pub thresholds: Thresholds,
}

/// Numbers that decide, from `thresholds.toml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// From how many cores on the target counts as hot.
    pub hot_cores: f64,
    /// From how many cores on another process is named.
    pub other_hot_cores: f64,
    /// What the container runtime, its shims and runc burn for one command in a container.
    pub exec_cpu_seconds: f64,
    /// A read of a memory.stat or numa_stat that takes longer than this …
    pub walk_read_seconds: f64,
    /// … with more than this many memory cgroups is a walk, whatever the kernel table says.
    pub walk_min_cgroups: f64,
    /// In a scratch subtree a read of the parent's file that takes so much longer for each cgroup
    /// below is a walk.
    pub walk_seconds_each: f64,
    /// A cause that explains less than this share of the target's CPU is not reported.
    pub min_share: f64,
    /// Causes that explain less than this share in all leave the target "not identified".
    pub min_explained_share: f64,
}

/// A catalogue file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct CatalogError {
    /// Which file.
    pub file: String,
    /// What is wrong, with line and column where the format gives them.
    pub reason: String,
}

impl CatalogError {
    pub(crate) fn new(file: &str, reason: impl ToString) -> Self {
        Self {
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// The same with line and column of the words that it quotes, where the file has them.
    fn placed(self, files: &[(String, String)]) -> Self {
        let text = files.iter().find(|(name, _)| *name == self.file);
        let quoted = self.reason.split('"').skip(1).step_by(2);
        let place = text.and_then(|(_, text)| {
            let mut found = quoted.filter(|words| !words.is_empty());
            found.find_map(|words| place_of(text, words))
        });
        match place {
            Some((line, column)) => Self {
                reason: format!("line {line}, column {column}: {}", self.reason),
                ..self
            },
            None => self,
        }
    }
}

/// Line and column, from 1, of the first place outside comments where the words stand.
fn place_of(text: &str, words: &str) -> Option<(usize, usize)> {
    let lines = text.lines().enumerate();
    let mut code = lines.filter(|(_, line)| !line.trim_start().starts_with('#'));
    code.find_map(|(at, line)| {
        let byte = line.find(words)?;
        Some((at + 1, line[..byte].chars().count() + 1))
    })
}

impl Catalog {
    /// The built-in catalogue.
    ///
    /// # Errors
    /// Never with the files of a release: a test loads them.
    pub fn built_in() -> Result<Self, CatalogError> {
        let mut catalog = Self::default();
        for (name, text) in BUILT_IN {
            catalog.add(name, text)?;
        }
        catalog.finish()
    }

    /// The built-in catalogue with a user's entries added; an entry of the same id is replaced.
    /// `files` are names and texts of cause files.
    ///
    /// # Errors
    /// When a file is not valid; the message names file, line and what to change.
    pub fn with_user_files(files: &[(String, String)]) -> Result<Self, CatalogError> {
        let mut catalog = Self::built_in()?;
        let mut own = BTreeMap::new();
        for (name, text) in files {
            let entry: Entry = parse(name, text)?;
            if let Some(first) = own.insert(entry.id.clone(), name) {
                let reason = format!("the id {:?} is already used by {first}", entry.id);
                return Err(CatalogError::new(name, reason));
            }
            catalog.entries.retain(|known| known.id != entry.id);
            catalog.entries.push(Entry {
                file: name.clone(),
                ..entry
            });
        }
        catalog.finish().map_err(|error| error.placed(files))
    }

    /// The entry with this id.
    #[must_use]
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// The remedy with this id.
    #[must_use]
    pub fn remedy(&self, id: &str) -> Option<&RemedyEntry> {
        self.remedies.iter().find(|remedy| remedy.id == id)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), CatalogError> {
        match name.split_once('/') {
            Some(("causes", _)) => {
                let entry: Entry = parse(name, text)?;
                self.entries.push(Entry {
                    file: name.to_owned(),
                    ..entry
                });
            }
            Some(("remedies", _)) => self.remedies.push(parse(name, text)?),
            Some(("kernel", _)) => self.kernel.push(parse(name, text)?),
            _ => match name.trim_start_matches("./") {
                "parts.toml" => self.parts = parse(name, text)?,
                "kernel-parts.toml" => self.kernel_parts = parse(name, text)?,
                "thresholds.toml" => self.thresholds = parse(name, text)?,
                "kernel-families.toml" => {
                    let file: FamilyFile = parse(name, text)?;
                    self.families = file.family;
                }
                other => return Err(CatalogError::new(other, "not a known catalogue file")),
            },
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Self, CatalogError> {
        self.entries.sort_by(|a, b| a.id.cmp(&b.id));
        self.remedies.sort_by_key(|remedy| remedy.order);
        self.kernel.sort_by(|a, b| a.id.cmp(&b.id));
        validate::check(&self)?;
        Ok(self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyFile {
    family: Vec<Family>,
}

fn parse<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Result<T, CatalogError> {
    toml::from_str(text).map_err(|error| CatalogError::new(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: &str = "id = \"go-gc\"\nclass = \"T19_go_gc\"\ntitle = \"mine\"\n\
        component = \"x\"\nstanding = \"reported\"\nexplanation = \"x\"\ndisproof = [\"x\"]\n\
        when = { fact = \"target.cpu.cores\", op = \">\", value = 1 }\n";

    #[test]
    fn the_built_in_catalogue_is_valid() {
        let catalog = Catalog::built_in().unwrap();
        assert!(catalog.entries.len() >= 7);
    }

    #[test]
    fn a_users_entry_replaces_the_built_in_one_of_the_same_id() {
        let catalog =
            Catalog::with_user_files(&[("mine.toml".to_owned(), MINE.to_owned())]).unwrap();
        assert_eq!(catalog.entry("go-gc").unwrap().title.text(), "mine");
    }

    #[test]
    fn two_files_of_a_user_cannot_have_the_same_id() {
        let files = ["a.toml", "b.toml"].map(|name| (name.to_owned(), MINE.to_owned()));
        let error = Catalog::with_user_files(&files).unwrap_err().to_string();
        assert_eq!(error, "b.toml: the id \"go-gc\" is already used by a.toml");
    }

    #[test]
    fn a_mistake_in_meaning_is_named_with_its_place() {
        let wrong = MINE.replace("target.cpu.cores", "target.cpu.coers");
        let error = Catalog::with_user_files(&[("mine.toml".to_owned(), wrong)]).unwrap_err();
        let said = error.to_string();
        let place = "mine.toml: line 8, column 18: there is no fact \"target.cpu.coers\"";
        assert!(said.starts_with(place), "{said}");
    }

    #[test]
    fn a_typing_error_is_named_with_its_line() {
        let files = [(
            "bad.toml".to_owned(),
            "id = \"x\"\nclas = \"y\"\n".to_owned(),
        )];
        let error = Catalog::with_user_files(&files).unwrap_err().to_string();
        assert!(
            error.starts_with("bad.toml: ") && error.contains("line 2"),
            "{error}"
        );
    }
}
