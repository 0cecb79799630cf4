//! The lines above the samples: what is said once for the whole profile.

use crate::open::OpenError;
use crate::text::raw::{Raw, duration};
use crate::text::section::Section;
use crate::text::time;

impl<'t> Raw<'t> {
    /// A comment of several lines goes on until a known line.
    pub(super) fn header(&mut self, head: Section<'t>) -> Result<(), OpenError> {
        let mut comment: Option<String> = None;
        for (number, line) in head.lines() {
            let known = match line.trim_start().split_once(": ") {
                Some((key, value)) => self.field(key, value),
                // The unit may be missing too.
                None => line.trim() == "PeriodType:",
            };
            let starts = line.trim_start().strip_prefix("Comment: ");
            match (&mut comment, known || starts.is_some()) {
                (Some(text), false) => {
                    text.push('\n');
                    text.push_str(line);
                }
                (None, false) => self.ignored.add(number, line),
                (open, true) => {
                    if let Some(text) = open.take() {
                        self.assembly.comment(&text)?;
                    }
                    comment = starts.map(str::to_owned);
                }
            }
        }
        if let Some(text) = comment {
            self.assembly.comment(&text)?;
        }
        Ok(())
    }

    fn field(&mut self, key: &str, value: &str) -> bool {
        let assembly = &mut self.assembly;
        match key {
            "Doc" => assembly.header().doc_url = assembly.made_up(value),
            "PeriodType" => {
                let (kind, unit) = value.split_once(' ').unwrap_or((value, ""));
                assembly.header().period_type = assembly.value_type(kind.trim(), unit.trim());
            }
            "Period" => match value.trim().parse() {
                Ok(period) => assembly.header().period = period,
                Err(_) => return false,
            },
            "Time" => match time::parse(value) {
                Some(nanos) => assembly.header().time_nanos = nanos,
                None => return false,
            },
            "Duration" => match duration::parse(value.trim()) {
                Some(read) => {
                    assembly.header().duration_nanos = read.nanos;
                    self.notes.extend(read.note);
                }
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// `samples/count cpu/nanoseconds[dflt]`; a type may contain spaces.
    pub(super) fn types(&mut self, line: &'t str) -> Result<(), OpenError> {
        let mut rest = line.trim();
        while !rest.is_empty() {
            let slash = rest.find('/').unwrap_or(0);
            let end = rest[slash..].find(' ').map_or(rest.len(), |at| slash + at);
            let (word, after) = rest.split_at(end);
            let (word, is_default) = match word.strip_suffix("[dflt]") {
                Some(word) => (word, true),
                None => (word, false),
            };
            let (kind, unit) = word.split_once('/').unwrap_or((word, ""));
            self.assembly.sample_type(kind, unit)?;
            if is_default {
                let kind = self.assembly.text(kind);
                self.assembly.header().default_sample_type = kind;
            }
            rest = after.trim_start();
        }
        Ok(())
    }
}
