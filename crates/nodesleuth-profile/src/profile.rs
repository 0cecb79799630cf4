//! A profile in memory: tables of numbers, text kept once.

use crate::fields::{Mapping, ValueType};
use crate::frame_names::{FrameNames, LazyNames};
use crate::rows::{FrameRow, FunctionRow, Header, LocationRow, MappingRow, ValueTypeRow};
use crate::samples::Samples;
use crate::stack::{Frame, FrameId, NameId, Stack};
use crate::strings::{StrId, Strings, dense};

/// Stacks with values, and what is known about their functions.
///
/// Made by [`read`](crate::read), [`ProfileBuilder`](crate::ProfileBuilder) or
/// [`Profile::from_stacks`]. Everything here runs from root to leaf, inlined frames included;
/// only the file format has it the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    pub(crate) strings: Strings,
    pub(crate) header: Header,
    pub(crate) mappings: Vec<MappingRow>,
    pub(crate) functions: Vec<FunctionRow>,
    pub(crate) locations: Vec<LocationRow>,
    pub(crate) frames: Vec<FrameRow>,
    pub(crate) samples: Samples,
    pub(crate) names: LazyNames,
}

impl Profile {
    /// What each value of a sample means, for example `cpu` in `nanoseconds`.
    pub fn sample_types(&self) -> impl ExactSizeIterator<Item = ValueType<'_>> {
        self.header
            .sample_types
            .iter()
            .map(|row| self.value_type(*row))
    }

    /// The value that is shown when none is asked for: the last, unless the profile names
    /// another one. `None` if there are no sample types (and so no samples).
    pub fn default_value_index(&self) -> Option<usize> {
        let named = self.header.default_sample_type;
        let types = &self.header.sample_types;
        let wanted = |row: &ValueTypeRow| named != StrId::EMPTY && row.kind == named;
        types.iter().position(wanted).or(types.len().checked_sub(1))
    }

    /// The value with this type or this position, as `-sample_index` of pprof finds it:
    /// `inuse_space` also finds `space`.
    pub fn value_index(&self, wanted: &str) -> Option<usize> {
        if let Ok(index) = wanted.parse() {
            return (index < self.header.sample_types.len()).then_some(index);
        }
        let bare = wanted.strip_prefix("inuse_").unwrap_or(wanted);
        self.sample_types()
            .position(|t| t.kind == wanted || t.kind == bare)
    }

    /// When the profile was taken, in nanoseconds since 1970; 0 if not known.
    pub fn time_nanos(&self) -> i64 {
        self.header.time_nanos
    }

    /// How long it was taken for; 0 if not known or not a matter of time.
    pub fn duration_nanos(&self) -> i64 {
        self.header.duration_nanos
    }

    /// Distance between samples, in units of [`period_type`](Self::period_type).
    pub fn period(&self) -> i64 {
        self.header.period
    }

    /// What the period counts; both parts empty if not known.
    pub fn period_type(&self) -> ValueType<'_> {
        self.value_type(self.header.period_type)
    }

    /// Free text of whoever made the profile.
    pub fn comments(&self) -> impl ExactSizeIterator<Item = &str> {
        self.header.comments.iter().map(|id| self.strings.get(*id))
    }

    /// Regular expression for leaf frames to be dropped, as written by the profile's maker;
    /// nothing is dropped here. Empty if there is none; may be invalid.
    pub fn drop_frames(&self) -> &str {
        self.strings.get(self.header.drop_frames)
    }

    /// Exceptions from [`drop_frames`](Self::drop_frames).
    pub fn keep_frames(&self) -> &str {
        self.strings.get(self.header.keep_frames)
    }

    /// Link to an explanation of this kind of profile; empty if there is none.
    pub fn doc_url(&self) -> &str {
        self.strings.get(self.header.doc_url)
    }

    /// Files mapped into the process; the first is usually its main binary.
    pub fn mappings(&self) -> impl ExactSizeIterator<Item = Mapping<'_>> {
        self.mappings.iter().map(|row| self.mapping(row))
    }

    /// The samples in the order of the file.
    pub fn stacks(&self) -> impl ExactSizeIterator<Item = Stack<'_>> + DoubleEndedIterator {
        (0..self.stack_count()).map(move |index| Stack::new(self, index))
    }

    /// Number of samples.
    pub fn stack_count(&self) -> usize {
        self.samples.location_ends.len()
    }

    /// Sum of one value over all samples, clamped to the range of `i64`. See
    /// [`magnitude`](Self::magnitude) for what pprof calls the total.
    ///
    /// # Panics
    /// If there is no value with this index.
    pub fn total(&self, value_index: usize) -> i64 {
        clamp(self.values(value_index).map(i128::from).sum())
    }

    /// Sum of the absolute values, which differs from [`total`](Self::total) only where some
    /// are negative, as in differences. Percentages of pprof are fractions of this.
    ///
    /// # Panics
    /// If there is no value with this index.
    pub fn magnitude(&self, value_index: usize) -> i64 {
        clamp(
            self.values(value_index)
                .map(|value| i128::from(value).abs())
                .sum(),
        )
    }

    /// One value of each sample, in the order of [`stacks`](Self::stacks).
    ///
    /// # Panics
    /// If there is no value with this index.
    pub fn values(&self, value_index: usize) -> impl Iterator<Item = i64> {
        let types = self.header.sample_types.len();
        assert!(
            value_index < types,
            "value {value_index} of a profile with {types} values"
        );
        self.samples
            .values
            .iter()
            .skip(value_index)
            .step_by(types)
            .copied()
    }

    /// Number of distinct frame names; [`NameId::index`] is below this.
    pub fn name_count(&self) -> usize {
        self.frame_names().len()
    }

    /// Distinct frame names with their ids, in the order of the ids.
    pub fn names(&self) -> impl ExactSizeIterator<Item = (NameId, &str)> {
        (0..dense(self.name_count())).map(|id| (NameId(id), self.name(NameId(id))))
    }

    /// What the frames with this id are called, see [`Frame::name`].
    pub fn name(&self, id: NameId) -> &str {
        self.frame_names().get(id)
    }

    /// Number of distinct frames; [`FrameId::index`] is below this.
    pub fn frame_count(&self) -> usize {
        self.frames.len()
    }

    /// The frame with this id.
    pub fn frame(&self, id: FrameId) -> Frame<'_> {
        Frame::new(self, id)
    }

    /// All frames, in the order of their ids.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        (0..dense(self.frame_count())).map(|id| self.frame(FrameId::new(id)))
    }

    pub(crate) fn value_type(&self, row: ValueTypeRow) -> ValueType<'_> {
        ValueType {
            kind: self.strings.get(row.kind),
            unit: self.strings.get(row.unit),
        }
    }

    pub(crate) fn mapping(&self, row: &MappingRow) -> Mapping<'_> {
        Mapping {
            start: row.start,
            limit: row.limit,
            offset: row.offset,
            file: self.strings.get(row.file),
            build_id: self.strings.get(row.build_id),
            has_functions: row.has_functions,
            has_filenames: row.has_filenames,
            has_line_numbers: row.has_line_numbers,
            has_inline_frames: row.has_inline_frames,
        }
    }

    /// Frames of a location, outermost first.
    pub(crate) fn frames_of(&self, location: u32) -> std::ops::Range<u32> {
        let start = location
            .checked_sub(1)
            .map_or(0, |before| self.locations[before as usize].frames_end);
        start..self.locations[location as usize].frames_end
    }

    /// Without functions, only addresses: what pprof sees of texts that tell functions in comments.
    pub(crate) fn unsymbolized(mut self) -> Self {
        self.functions.clear();
        self.frames.clear();
        for (position, location) in self.locations.iter_mut().enumerate() {
            self.frames.push(FrameRow {
                location: dense(position),
                function: None,
                line: 0,
                column: 0,
            });
            location.frames_end = dense(self.frames.len());
        }
        self.with_names()
    }

    /// To be called when the tables are complete or were changed.
    pub(crate) fn with_names(mut self) -> Self {
        self.names = LazyNames::default();
        self
    }

    pub(crate) fn frame_names(&self) -> &FrameNames {
        self.names.of(self)
    }
}

pub(crate) fn clamp(sum: i128) -> i64 {
    sum.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}
