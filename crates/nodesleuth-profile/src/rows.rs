//! The rows of a profile's tables: numbers only, text by its id.

use crate::strings::StrId;

/// What is said once for the whole profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Header {
    pub(crate) sample_types: Vec<ValueTypeRow>,
    pub(crate) period_type: ValueTypeRow,
    pub(crate) period: i64,
    pub(crate) time_nanos: i64,
    pub(crate) duration_nanos: i64,
    pub(crate) default_sample_type: StrId,
    pub(crate) drop_frames: StrId,
    pub(crate) keep_frames: StrId,
    pub(crate) doc_url: StrId,
    pub(crate) comments: Vec<StrId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct ValueTypeRow {
    pub(crate) kind: StrId,
    pub(crate) unit: StrId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct MappingRow {
    pub(crate) id: u64,
    pub(crate) start: u64,
    pub(crate) limit: u64,
    pub(crate) offset: u64,
    pub(crate) file: StrId,
    pub(crate) build_id: StrId,
    pub(crate) has_functions: bool,
    pub(crate) has_filenames: bool,
    pub(crate) has_line_numbers: bool,
    pub(crate) has_inline_frames: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct FunctionRow {
    pub(crate) id: u64,
    pub(crate) name: StrId,
    pub(crate) system_name: StrId,
    pub(crate) file: StrId,
    pub(crate) start_line: i64,
}

/// An instruction address; its frames end at `frames_end` and begin where the ones of the
/// location before end. Each location has at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocationRow {
    pub(crate) id: u64,
    pub(crate) address: u64,
    pub(crate) mapping: Option<u32>,
    pub(crate) is_folded: bool,
    pub(crate) frames_end: u32,
}

/// A line of a location; without a function if the location could not be symbolised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameRow {
    pub(crate) location: u32,
    pub(crate) function: Option<u32>,
    pub(crate) line: i64,
    pub(crate) column: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LabelRow {
    pub(crate) key: StrId,
    pub(crate) value: LabelValueRow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LabelValueRow {
    Text(StrId),
    Number { number: i64, unit: StrId },
}
