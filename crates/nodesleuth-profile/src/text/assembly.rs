//! A profile put together from text under limits.

use std::collections::HashMap;

use crate::error::ReadError;
use crate::index::push;
use crate::limits::Limits;
use crate::profile::Profile;
use crate::rows::{
    FrameRow, FunctionRow, Header, LabelRow, LabelValueRow, LocationRow, MappingRow, ValueTypeRow,
};
use crate::strings::{Interner, StrId, dense};

/// A function with a position in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineRow {
    pub(crate) function: u32,
    pub(crate) line: i64,
    pub(crate) column: i64,
}

/// What a location is besides its lines.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LocationHead {
    /// 0 for the next free one.
    pub(crate) id: u64,
    pub(crate) address: u64,
    pub(crate) mapping: Option<u32>,
    pub(crate) is_folded: bool,
}

/// Like [`ProfileBuilder`](crate::ProfileBuilder), but bounded, and its text is borrowed.
#[derive(Debug)]
pub(crate) struct Assembly<'t> {
    pub(crate) profile: Profile,
    strings: Interner<'t>,
    functions: HashMap<FunctionRow, u32>,
    /// Frames over all stacks.
    depth: usize,
    pub(crate) limits: &'t Limits,
}

impl<'t> Assembly<'t> {
    pub(crate) fn new(limits: &'t Limits) -> Self {
        Self {
            profile: Profile::default(),
            strings: Interner::default(),
            functions: HashMap::new(),
            depth: 0,
            limits,
        }
    }

    pub(crate) fn header(&mut self) -> &mut Header {
        &mut self.profile.header
    }

    pub(crate) fn text(&mut self, text: &'t str) -> StrId {
        self.strings.intern(text.as_bytes())
    }

    /// For text that is not in the input as it is.
    pub(crate) fn made_up(&mut self, text: &str) -> StrId {
        self.strings.intern_copy(text.as_bytes())
    }

    pub(crate) fn value_type(&mut self, kind: &str, unit: &str) -> ValueTypeRow {
        ValueTypeRow {
            kind: self.made_up(kind),
            unit: self.made_up(unit),
        }
    }

    pub(crate) fn sample_type(&mut self, kind: &str, unit: &str) -> Result<(), ReadError> {
        let row = self.value_type(kind, unit);
        let limit = self.limits.max_table_entries;
        push(
            &mut self.profile.header.sample_types,
            row,
            "sample types",
            limit,
        )
    }

    /// What the values are, without their units.
    pub(crate) fn sample_kinds(&self) -> Vec<&str> {
        let types = self.profile.header.sample_types.iter();
        types.map(|row| self.strings.get(row.kind)).collect()
    }

    pub(crate) fn comment(&mut self, text: &str) -> Result<(), ReadError> {
        let row = self.made_up(text);
        let limit = self.limits.max_table_entries;
        push(&mut self.profile.header.comments, row, "comments", limit)
    }

    /// An id of 0 becomes the next free one.
    pub(crate) fn mapping(&mut self, mut row: MappingRow) -> Result<u32, ReadError> {
        let rows = &mut self.profile.mappings;
        let position = dense(rows.len());
        if row.id == 0 {
            row.id = u64::from(position) + 1;
        }
        push(rows, row, "mappings", self.limits.max_table_entries)?;
        Ok(position)
    }

    /// Equal functions are kept once; their id is made up.
    pub(crate) fn function(&mut self, row: FunctionRow) -> Result<u32, ReadError> {
        if let Some(known) = self.functions.get(&row) {
            return Ok(*known);
        }
        let rows = &mut self.profile.functions;
        let position = dense(rows.len());
        let id = u64::from(position) + 1;
        push(
            rows,
            FunctionRow { id, ..row },
            "functions",
            self.limits.max_table_entries,
        )?;
        self.functions.insert(row, position);
        Ok(position)
    }

    /// A function of which only the name is known.
    pub(crate) fn named(&mut self, name: &'t str) -> Result<LineRow, ReadError> {
        let name = self.text(name);
        self.function_named(name)
    }

    /// The same for a name that is not in the input as it is.
    pub(crate) fn made_up_name(&mut self, name: &str) -> Result<LineRow, ReadError> {
        let name = self.made_up(name);
        self.function_named(name)
    }

    fn function_named(&mut self, name: StrId) -> Result<LineRow, ReadError> {
        let function = self.function(FunctionRow {
            name,
            system_name: name,
            ..FunctionRow::default()
        })?;
        Ok(LineRow {
            function,
            line: 0,
            column: 0,
        })
    }

    /// Lines run from the innermost inlined function outwards. Nothing is compared with what is
    /// there already.
    pub(crate) fn location(
        &mut self,
        head: LocationHead,
        lines: impl DoubleEndedIterator<Item = LineRow>,
    ) -> Result<u32, ReadError> {
        let limit = self.limits.max_table_entries;
        let position = dense(self.profile.locations.len());
        let frames = &mut self.profile.frames;
        let first = frames.len();
        for line in lines.rev() {
            let frame = FrameRow {
                location: position,
                function: Some(line.function),
                line: line.line,
                column: line.column,
            };
            push(frames, frame, "lines of locations", limit)?;
        }
        if frames.len() == first {
            let unknown = FrameRow {
                location: position,
                function: None,
                line: 0,
                column: 0,
            };
            push(frames, unknown, "lines of locations", limit)?;
        }
        let row = LocationRow {
            id: if head.id == 0 {
                u64::from(position) + 1
            } else {
                head.id
            },
            address: head.address,
            mapping: head.mapping,
            is_folded: head.is_folded,
            frames_end: dense(frames.len()),
        };
        push(&mut self.profile.locations, row, "locations", limit)?;
        Ok(position)
    }

    /// Locations run from root to leaf; there must be one value for each sample type, now or later.
    pub(crate) fn sample(
        &mut self,
        stack: impl Iterator<Item = u32>,
        values: &[i64],
    ) -> Result<(), ReadError> {
        let limits = self.limits;
        let first = self.profile.samples.locations.len();
        let max_frames = limits.max_frames;
        for location in stack {
            push(
                &mut self.profile.samples.locations,
                location,
                "stack frames",
                max_frames,
            )?;
        }
        let stack = &self.profile.samples.locations[first..];
        let depth = stack.iter().map(|at| self.profile.frames_of(*at).len());
        self.depth += depth.sum::<usize>();
        if self.depth > max_frames {
            return Err(ReadError::OverLimit {
                what: "stack frames",
                limit: max_frames,
            });
        }
        self.values(values.iter().copied())?;
        let samples = &mut self.profile.samples;
        let end = samples.locations.len();
        push(
            &mut samples.location_ends,
            end,
            "samples",
            limits.max_samples,
        )?;
        samples.label_ends.push(samples.labels.len());
        Ok(())
    }

    /// Adds values to those of the samples, for formats that tell them late.
    pub(crate) fn values(&mut self, values: impl Iterator<Item = i64>) -> Result<(), ReadError> {
        let rows = &mut self.profile.samples.values;
        for value in values {
            push(rows, value, "sample values", self.limits.max_values)?;
        }
        Ok(())
    }

    /// Adds a label to the last sample.
    pub(crate) fn label(&mut self, key: &'t str, value: LabelValueRow) -> Result<(), ReadError> {
        let key = self.text(key);
        let samples = &mut self.profile.samples;
        let limit = self.limits.max_labels;
        push(
            &mut samples.labels,
            LabelRow { key, value },
            "labels",
            limit,
        )?;
        if let Some(end) = samples.label_ends.last_mut() {
            *end = samples.labels.len();
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Profile {
        Profile {
            strings: self.strings.finish(),
            ..self.profile
        }
        .with_names()
    }
}
