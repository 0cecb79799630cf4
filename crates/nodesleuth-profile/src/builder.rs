//! Making profiles from other sources: folded text, `perf script`, tests.

use std::collections::HashMap;

use crate::fields::{Function, Label, LabelValue, Mapping, ValueType};
use crate::profile::Profile;
use crate::rows::{
    FrameRow, FunctionRow, LabelRow, LabelValueRow, LocationRow, MappingRow, ValueTypeRow,
};
use crate::strings::{Interner, StrId, dense};

/// A mapping added to a [`ProfileBuilder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MappingId(u32);

/// A function added to a [`ProfileBuilder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionId(u32);

/// A location added to a [`ProfileBuilder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocationId(u32);

/// An address of the profiled process with the functions that are there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Location {
    /// The mapping it is in.
    pub mapping: Option<MappingId>,
    /// The address; 0 if not known.
    pub address: u64,
    /// The function and those inlined into it, outermost first; none if not symbolised.
    pub lines: Vec<Line>,
}

/// A function with a position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Line {
    /// The function.
    pub function: FunctionId,
    /// Line in its source file; 0 if not known.
    pub line: i64,
    /// Column in that line; 0 if not known.
    pub column: i64,
}

/// Builds a [`Profile`]. Equal mappings, functions and locations are kept once; ids are only
/// good for the builder that gave them.
#[derive(Debug)]
pub struct ProfileBuilder {
    profile: Profile,
    strings: Interner<'static>,
    mappings: HashMap<MappingRow, MappingId>,
    functions: HashMap<FunctionRow, FunctionId>,
    locations: HashMap<Location, LocationId>,
}

impl ProfileBuilder {
    /// A builder for samples with these values.
    pub fn new(sample_types: &[ValueType<'_>]) -> Self {
        let mut builder = Self {
            profile: Profile::default(),
            strings: Interner::default(),
            mappings: HashMap::new(),
            functions: HashMap::new(),
            locations: HashMap::new(),
        };
        let rows = sample_types
            .iter()
            .map(|t| builder.value_type(*t))
            .collect();
        builder.profile.header.sample_types = rows;
        builder
    }

    /// Start and length of the time the profile is about.
    pub fn time(&mut self, time_nanos: i64, duration_nanos: i64) -> &mut Self {
        self.profile.header.time_nanos = time_nanos;
        self.profile.header.duration_nanos = duration_nanos;
        self
    }

    /// Distance between samples.
    pub fn period(&mut self, period: i64, of: ValueType<'_>) -> &mut Self {
        self.profile.header.period_type = self.value_type(of);
        self.profile.header.period = period;
        self
    }

    /// The sample type to show when none is asked for.
    pub fn default_sample_type(&mut self, kind: &str) -> &mut Self {
        self.profile.header.default_sample_type = self.text(kind);
        self
    }

    /// Adds free text about the profile.
    pub fn comment(&mut self, text: &str) -> &mut Self {
        let text = self.text(text);
        self.profile.header.comments.push(text);
        self
    }

    /// The id for a mapped file.
    pub fn mapping(&mut self, mapping: Mapping<'_>) -> MappingId {
        let row = MappingRow {
            id: 0,
            start: mapping.start,
            limit: mapping.limit,
            offset: mapping.offset,
            file: self.text(mapping.file),
            build_id: self.text(mapping.build_id),
            has_functions: mapping.has_functions,
            has_filenames: mapping.has_filenames,
            has_line_numbers: mapping.has_line_numbers,
            has_inline_frames: mapping.has_inline_frames,
        };
        let rows = &mut self.profile.mappings;
        *self.mappings.entry(row).or_insert_with(|| {
            rows.push(MappingRow {
                id: rows.len() as u64 + 1,
                ..row
            });
            MappingId(dense(rows.len() - 1))
        })
    }

    /// The id for a function.
    pub fn function(&mut self, function: Function<'_>) -> FunctionId {
        let row = FunctionRow {
            id: 0,
            name: self.text(function.name),
            system_name: self.text(function.system_name),
            file: self.text(function.file),
            start_line: function.start_line,
        };
        let rows = &mut self.profile.functions;
        *self.functions.entry(row).or_insert_with(|| {
            rows.push(FunctionRow {
                id: rows.len() as u64 + 1,
                ..row
            });
            FunctionId(dense(rows.len() - 1))
        })
    }

    /// The id for an address with its functions.
    pub fn location(&mut self, location: Location) -> LocationId {
        let Profile {
            locations, frames, ..
        } = &mut self.profile;
        *self
            .locations
            .entry(location)
            .or_insert_with_key(|location| {
                let position = dense(locations.len());
                let unknown = FrameRow {
                    location: position,
                    function: None,
                    line: 0,
                    column: 0,
                };
                frames.extend(location.lines.iter().map(|line| FrameRow {
                    function: Some(line.function.0),
                    line: line.line,
                    column: line.column,
                    ..unknown
                }));
                if location.lines.is_empty() {
                    frames.push(unknown);
                }
                locations.push(LocationRow {
                    id: u64::from(position) + 1,
                    address: location.address,
                    mapping: location.mapping.map(|mapping| mapping.0),
                    is_folded: false,
                    frames_end: dense(frames.len()),
                });
                LocationId(position)
            })
    }

    /// The id for a function of which only the name is known.
    pub fn named(&mut self, name: &str) -> LocationId {
        let function = self.function(Function {
            name,
            ..Function::default()
        });
        let line = Line {
            function,
            line: 0,
            column: 0,
        };
        self.location(Location {
            lines: vec![line],
            ..Location::default()
        })
    }

    /// Adds a sample: its stack from root to leaf, and one value for each sample type.
    ///
    /// # Panics
    /// If the number of values is not the number of sample types.
    pub fn sample(
        &mut self,
        stack: impl IntoIterator<Item = LocationId>,
        values: &[i64],
        labels: &[Label<'_>],
    ) {
        let types = self.profile.header.sample_types.len();
        assert_eq!(
            values.len(),
            types,
            "a sample needs one value for each sample type"
        );
        for label in labels {
            let key = self.text(label.key);
            let value = match label.value {
                LabelValue::Text(text) => LabelValueRow::Text(self.text(text)),
                LabelValue::Number { number, unit } => LabelValueRow::Number {
                    number,
                    unit: self.text(unit),
                },
            };
            self.profile.samples.labels.push(LabelRow { key, value });
        }
        let samples = &mut self.profile.samples;
        samples
            .locations
            .extend(stack.into_iter().map(|location| location.0));
        samples.location_ends.push(samples.locations.len());
        samples.values.extend_from_slice(values);
        samples.label_ends.push(samples.labels.len());
    }

    /// The profile.
    pub fn finish(self) -> Profile {
        Profile {
            strings: self.strings.finish(),
            ..self.profile
        }
        .with_names()
    }

    fn text(&mut self, text: &str) -> StrId {
        self.strings.intern_copy(text.as_bytes())
    }

    fn value_type(&mut self, value_type: ValueType<'_>) -> ValueTypeRow {
        ValueTypeRow {
            kind: self.text(value_type.kind),
            unit: self.text(value_type.unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(profile: &Profile) -> Vec<Vec<&str>> {
        profile
            .stacks()
            .map(|stack| stack.frames().map(|f| f.name()).collect())
            .collect()
    }

    #[test]
    fn inlined_functions_follow_their_callers() {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let lines = ["outer", "inlined"].map(|name| {
            let function = builder.function(Function {
                name,
                ..Function::default()
            });
            Line {
                function,
                line: 7,
                column: 0,
            }
        });
        let location = Location {
            address: 0x10,
            mapping: None,
            lines: lines.to_vec(),
        };
        let location = builder.location(location);
        builder.sample([location], &[1], &[]);
        let profile = builder.finish();
        assert_eq!(names(&profile), [["outer", "inlined"]]);
        let stack = profile.stacks().next().unwrap();
        let inline: Vec<_> = stack.frames().map(|f| f.is_inline()).collect();
        assert_eq!(inline, [false, true]);
    }

    #[test]
    fn frames_without_a_function_are_called_by_their_file() {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let mapping = builder.mapping(Mapping {
            file: "/usr/bin/x",
            ..Mapping::default()
        });
        let known = Location {
            mapping: Some(mapping),
            address: 1,
            lines: vec![],
        };
        let unknown = Location {
            mapping: None,
            address: 2,
            lines: vec![],
        };
        let stack = [known, unknown].map(|location| builder.location(location));
        builder.sample(stack, &[1], &[]);
        let profile = builder.finish();
        assert_eq!(names(&profile), [["[x]", "<unknown>"]]);
        let leaf = profile
            .stacks()
            .next()
            .unwrap()
            .frames()
            .next_back()
            .unwrap();
        assert_eq!((leaf.function_name(), leaf.address()), (None, Some(2)));
    }

    #[test]
    fn equal_entries_are_kept_once() {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let mapping = Mapping {
            file: "x",
            ..Mapping::default()
        };
        assert_eq!(builder.mapping(mapping), builder.mapping(mapping));
        assert_eq!(builder.named("f"), builder.named("f"));
        assert_ne!(builder.named("f"), builder.named("g"));
    }
}
