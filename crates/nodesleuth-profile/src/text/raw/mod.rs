//! The text of `go tool pprof -raw`, of any version: what people send when they are asked for a
//! profile.
//!
//! It holds the whole profile but for `drop_frames`, the ids of functions, and all but four
//! characters of the duration.

mod duration;
mod header;
mod labels;
mod location;
mod mapping;
mod sample;

use crate::error::{ReadError, Table};
use crate::ids::IdIndex;
use crate::limits::Limits;
use crate::open::OpenError;
use crate::text::assembly::Assembly;
use crate::text::ignored::Ignored;
use crate::text::section::Section;
use crate::text::{TextError, Understood};

pub(crate) const WHAT: &str = "the text of `go tool pprof -raw`";

/// How many lines may come before the samples (a prompt, comments).
const HEAD_LINES: usize = 1000;

/// Whether there is a line `Samples:` with types below it, as nothing else has.
pub(crate) fn recognise(text: &str) -> bool {
    let mut head = text.lines().take(HEAD_LINES);
    let found = head.any(|line| line.trim() == "Samples:");
    let is_type = |word: &str| word.contains('/') || !word.contains(':');
    found
        && head
            .next()
            .is_none_or(|types| types.split_whitespace().all(is_type))
}

/// A paste in work.
struct Raw<'t> {
    assembly: Assembly<'t>,
    ignored: Ignored,
    notes: Vec<String>,
}

/// Reads it. Tables come before samples, because samples refer to them.
pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let missing = |title: &str| {
        let problem = format!("has no line `{title}`: paste all of it");
        TextError::whole(WHAT, problem)
    };
    let text = Section::whole(text);
    let (head, rest) = text.split("Samples:").ok_or_else(|| missing("Samples:"))?;
    let (samples, rest) = rest
        .split("Locations")
        .ok_or_else(|| missing("Locations"))?;
    let (locations, mappings) = rest.split("Mappings").unwrap_or((rest, rest.end()));
    let mut raw = Raw {
        assembly: Assembly::new(limits),
        ignored: Ignored::default(),
        notes: Vec::new(),
    };
    raw.header(head)?;
    let mappings = raw.mappings(mappings)?;
    let locations = raw.locations(locations, &mappings)?;
    raw.samples(samples, &locations)?;
    raw.notes.extend(raw.ignored.note());
    Ok(Understood {
        profile: raw.assembly.finish(),
        notes: raw.notes,
    })
}

/// Entries of a table: ids, and in which lines they are.
#[derive(Debug, Default)]
struct Ids {
    ids: Vec<u64>,
    lines: Vec<usize>,
}

impl Ids {
    fn add(&mut self, id: u64, line: usize) {
        self.ids.push(id);
        self.lines.push(line);
    }

    fn index(&self, table: Table) -> Result<IdIndex, TextError> {
        IdIndex::new(table, &self.ids, |_| 0).map_err(|error| {
            let (at, problem) = match error {
                ReadError::ReservedId { at } => (at.number, "has the reserved id"),
                ReadError::DuplicateId { at, .. } => (at.number, "has, like a line before, the id"),
                _ => (0, "has a wrong id"),
            };
            let entry = at.checked_sub(1);
            let of = |table: &[u64]| entry.and_then(|at| table.get(at).copied());
            let id = of(&self.ids).unwrap_or_default().to_string();
            let line = entry.and_then(|at| self.lines.get(at).copied());
            TextError::line(WHAT, (line.unwrap_or_default(), &id), problem)
        })
    }
}

#[cfg(test)]
mod tests;
