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

use crate::error::Table;
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
            let place = match &error {
                crate::ReadError::ReservedId { at } => at.number - 1,
                _ => self.repeated(),
            };
            let line = self.lines.get(place).copied().unwrap_or(0);
            let problem = match error {
                crate::ReadError::ReservedId { .. } => "is a table entry with the reserved id",
                _ => "is a second table entry with the id",
            };
            let id = self.ids.get(place).copied().unwrap_or(0);
            TextError::line(WHAT, (line, &id.to_string()), problem)
        })
    }

    /// Position of the first id that was there before.
    fn repeated(&self) -> usize {
        let mut seen = std::collections::HashSet::new();
        let again = self.ids.iter().position(|id| !seen.insert(*id));
        again.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
