//! Walking a profile: its stacks and their frames.

use crate::fields::{Label, LabelValue, Mapping};
use crate::profile::Profile;
use crate::rows::{FrameRow, LabelRow, LabelValueRow, LocationRow};

/// A distinct frame name of a profile, counted from 0: tables indexed by it need
/// [`Profile::name_count`] entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(crate) u32);

impl NameId {
    /// Position in a table of names.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A distinct frame of a profile (function, line, address), counted from 0: tables indexed by it
/// need [`Profile::frame_count`] entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(u32);

impl FrameId {
    pub(crate) fn new(frame: u32) -> Self {
        Self(frame)
    }

    /// Position in a table of frames.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One sample: who called whom, and what it cost.
#[derive(Debug, Clone, Copy)]
pub struct Stack<'p> {
    profile: &'p Profile,
    index: usize,
}

impl<'p> Stack<'p> {
    pub(crate) fn new(profile: &'p Profile, index: usize) -> Self {
        Self { profile, index }
    }

    /// Frames from root to leaf; a function that was inlined follows the one it was inlined
    /// into. None at all in a sample that only has a value.
    pub fn frames(self) -> impl DoubleEndedIterator<Item = Frame<'p>> + Clone {
        self.frame_ids().map(move |id| Frame::new(self.profile, id))
    }

    /// Ids of the frames from root to leaf.
    pub fn frame_ids(self) -> impl DoubleEndedIterator<Item = FrameId> + Clone {
        let profile = self.profile;
        self.locations()
            .iter()
            .flat_map(move |l| profile.frames_of(*l))
            .map(FrameId)
    }

    /// Ids of the frames' names from root to leaf.
    pub fn name_ids(self) -> impl DoubleEndedIterator<Item = NameId> + Clone {
        let names = self.profile.frame_names();
        self.frame_ids().map(|frame| names.of_frame(frame.0))
    }

    /// One value for each of the profile's sample types.
    pub fn values(self) -> &'p [i64] {
        let types = self.profile.header.sample_types.len();
        &self.profile.samples.values[self.index * types..][..types]
    }

    /// Labels in the order of the file; keys may repeat.
    pub fn labels(self) -> impl ExactSizeIterator<Item = Label<'p>> {
        let strings = &self.profile.strings;
        self.label_rows().iter().map(|row| Label {
            key: strings.get(row.key),
            value: match row.value {
                LabelValueRow::Text(text) => LabelValue::Text(strings.get(text)),
                LabelValueRow::Number { number, unit } => LabelValue::Number {
                    number,
                    unit: strings.get(unit),
                },
            },
        })
    }

    pub(crate) fn label_rows(self) -> &'p [LabelRow] {
        let samples = &self.profile.samples;
        &samples.labels[nth_range(&samples.label_ends, self.index)]
    }

    /// Locations from root to leaf.
    pub(crate) fn locations(self) -> &'p [u32] {
        let samples = &self.profile.samples;
        &samples.locations[nth_range(&samples.location_ends, self.index)]
    }
}

/// The `index`-th of consecutive ranges given by their ends.
pub(crate) fn nth_range(ends: &[usize], index: usize) -> std::ops::Range<usize> {
    let start = index.checked_sub(1).map_or(0, |before| ends[before]);
    start..ends[index]
}

/// A function at a place in a stack.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'p> {
    profile: &'p Profile,
    id: FrameId,
}

impl<'p> Frame<'p> {
    pub(crate) fn new(profile: &'p Profile, id: FrameId) -> Self {
        Self { profile, id }
    }

    /// Its id in the profile.
    pub fn id(self) -> FrameId {
        self.id
    }

    /// The id of its name.
    pub fn name_id(self) -> NameId {
        self.profile.frame_names().of_frame(self.id.0)
    }

    /// What to call it: the function's name as it is in the profile, else the mapped file in
    /// brackets, else `<unknown>`. Never empty.
    pub fn name(self) -> &'p str {
        self.profile.name(self.name_id())
    }

    /// The function's name; `None` if the address has no function or the function no name.
    pub fn function_name(self) -> Option<&'p str> {
        self.function_text(|f| f.name)
    }

    /// The function's name in the symbol table.
    pub fn system_name(self) -> Option<&'p str> {
        self.function_text(|f| f.system_name)
    }

    /// Source file.
    pub fn file(self) -> Option<&'p str> {
        self.function_text(|f| f.file)
    }

    /// Line in the source file.
    pub fn line(self) -> Option<i64> {
        Some(self.row().line).filter(|line| *line != 0)
    }

    /// Line at which the function starts.
    pub fn start_line(self) -> Option<i64> {
        let function = self.row().function?;
        Some(self.profile.functions[function as usize].start_line).filter(|line| *line != 0)
    }

    /// Instruction address; `None` if the profile has none.
    pub fn address(self) -> Option<u64> {
        Some(self.location().address).filter(|address| *address != 0)
    }

    /// The mapped file the address is in.
    pub fn mapping(self) -> Option<Mapping<'p>> {
        let mapping = &self.profile.mappings[self.mapping_index()?];
        Some(self.profile.mapping(mapping))
    }

    /// Its position in [`Profile::mappings`].
    pub(crate) fn mapping_index(self) -> Option<usize> {
        Some(self.location().mapping? as usize)
    }

    /// Path of the mapped file.
    pub fn mapping_file(self) -> Option<&'p str> {
        self.mapping()
            .map(|mapping| mapping.file)
            .filter(|file| !file.is_empty())
    }

    /// Whether the compiler inlined it into the frame before it.
    pub fn is_inline(self) -> bool {
        self.profile.frames_of(self.row().location).start != self.id.0
    }

    fn row(self) -> &'p FrameRow {
        &self.profile.frames[self.id.index()]
    }

    fn location(self) -> &'p LocationRow {
        &self.profile.locations[self.row().location as usize]
    }

    fn function_text(
        self,
        field: impl Fn(&crate::rows::FunctionRow) -> crate::strings::StrId,
    ) -> Option<&'p str> {
        let function = self.row().function?;
        let text = self
            .profile
            .strings
            .get(field(&self.profile.functions[function as usize]));
        Some(text).filter(|text| !text.is_empty())
    }
}
