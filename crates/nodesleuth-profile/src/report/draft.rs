//! A profile that may be changed. Stacks and lines run from leaf to root here, as in the file,
//! because pprof's rules are stated that way.

use std::collections::BTreeMap;

use crate::fields::{Function, Mapping, ValueType};
use crate::profile::Profile;
use crate::rows::LabelValueRow;
use crate::strings::dense;

/// A copy of a profile that reports are made from; see [`report`](crate::report()).
#[derive(Debug, Clone)]
pub struct Draft<'p> {
    pub(crate) sample_types: Vec<ValueType<'p>>,
    pub(crate) default_sample_type: &'p str,
    pub(crate) drop_frames: &'p str,
    pub(crate) keep_frames: &'p str,
    pub(crate) time_nanos: i64,
    pub(crate) duration_nanos: i64,
    pub(crate) period_type: ValueType<'p>,
    pub(crate) period: i64,
    pub(crate) comments: Vec<&'p str>,
    pub(crate) doc_url: &'p str,
    pub(crate) mappings: Vec<DraftMapping<'p>>,
    pub(crate) functions: Vec<Function<'p>>,
    pub(crate) locations: Vec<DraftLocation>,
    pub(crate) samples: Vec<DraftSample<'p>>,
}

#[derive(Debug, Clone)]
pub(crate) struct DraftMapping<'p> {
    pub(crate) id: u64,
    pub(crate) mapping: Mapping<'p>,
}

/// Lines run from the innermost inlined function outwards.
#[derive(Debug, Clone)]
pub(crate) struct DraftLocation {
    pub(crate) id: u64,
    pub(crate) address: u64,
    pub(crate) mapping: Option<u32>,
    pub(crate) is_folded: bool,
    pub(crate) lines: Vec<DraftLine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DraftLine {
    pub(crate) function: u32,
    pub(crate) line: i64,
    pub(crate) column: i64,
}

/// Locations run from leaf to root.
#[derive(Debug, Clone)]
pub(crate) struct DraftSample<'p> {
    pub(crate) locations: Vec<u32>,
    pub(crate) values: Vec<i64>,
    pub(crate) labels: BTreeMap<&'p str, Vec<&'p str>>,
    /// Numbers with their units.
    pub(crate) numbers: BTreeMap<&'p str, Vec<(i64, &'p str)>>,
}

impl<'p> Draft<'p> {
    /// The profile as it is in its file, with the mapping that pprof makes up when there is none.
    pub fn of(profile: &'p Profile) -> Self {
        let mut draft = Self {
            sample_types: profile.sample_types().collect(),
            default_sample_type: profile.strings.get(profile.header.default_sample_type),
            drop_frames: profile.drop_frames(),
            keep_frames: profile.keep_frames(),
            time_nanos: profile.time_nanos(),
            duration_nanos: profile.duration_nanos(),
            period_type: profile.period_type(),
            period: profile.period(),
            comments: profile.comments().collect(),
            doc_url: profile.doc_url(),
            mappings: mappings(profile),
            functions: functions(profile),
            locations: (0..profile.locations.len())
                .map(|position| location(profile, position))
                .collect(),
            samples: samples(profile),
        };
        draft.complete_mappings();
        for DraftMapping { mapping, .. } in &mut draft.mappings {
            // pprof notes where it got a mapping from in this field, and forgets it before reports.
            if mapping.build_id.is_empty() && is_url(mapping.file) {
                mapping.file = "";
            }
        }
        draft
    }

    fn complete_mappings(&mut self) {
        if self.mappings.is_empty() {
            self.mappings.push(DraftMapping {
                id: 1,
                mapping: Mapping::default(),
            });
            for location in &mut self.locations {
                location.mapping = Some(0);
            }
        }
    }

    /// The mapped file of a location; empty if not known.
    pub(crate) fn file_of(&self, location: &DraftLocation) -> &'p str {
        location
            .mapping
            .map_or("", |at| self.mappings[at as usize].mapping.file)
    }
}

/// Whether it begins with a scheme.
fn is_url(file: &str) -> bool {
    let scheme = file.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn mappings(profile: &Profile) -> Vec<DraftMapping<'_>> {
    let rows = profile.mappings.iter();
    rows.map(|row| DraftMapping {
        id: row.id,
        mapping: profile.mapping(row),
    })
    .collect()
}

fn functions(profile: &Profile) -> Vec<Function<'_>> {
    let text = |id| profile.strings.get(id);
    let rows = profile.functions.iter();
    rows.map(|row| Function {
        name: text(row.name),
        system_name: text(row.system_name),
        file: text(row.file),
        start_line: row.start_line,
    })
    .collect()
}

fn location(profile: &Profile, position: usize) -> DraftLocation {
    let row = &profile.locations[position];
    let frames = profile.frames_of(dense(position)).rev();
    let lines = frames.filter_map(|frame| {
        let frame = profile.frames[frame as usize];
        Some(DraftLine {
            function: frame.function?,
            line: frame.line,
            column: frame.column,
        })
    });
    DraftLocation {
        id: row.id,
        address: row.address,
        mapping: row.mapping,
        is_folded: row.is_folded,
        lines: lines.collect(),
    }
}

fn samples(profile: &Profile) -> Vec<DraftSample<'_>> {
    profile
        .stacks()
        .map(|stack| {
            let mut sample = DraftSample {
                locations: stack.locations().iter().rev().copied().collect(),
                values: stack.values().to_vec(),
                labels: BTreeMap::new(),
                numbers: BTreeMap::new(),
            };
            for row in stack.label_rows() {
                let text = |id| profile.strings.get(id);
                match row.value {
                    LabelValueRow::Text(value) if text(value).is_empty() => {}
                    LabelValueRow::Text(value) => {
                        let values = sample.labels.entry(text(row.key)).or_default();
                        values.push(text(value));
                    }
                    LabelValueRow::Number { number, unit } => {
                        let unit = text(unit);
                        if number != 0 || !unit.is_empty() {
                            let values = sample.numbers.entry(text(row.key)).or_default();
                            values.push((number, unit));
                        }
                    }
                }
            }
            sample
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_scheme_makes_a_url() {
        assert!(is_url("http://host/debug/pprof"));
        for file in ["/usr/bin/x", "[anon:heap]", "x", "", "/a:b"] {
            assert!(!is_url(file), "{file}");
        }
    }
}
