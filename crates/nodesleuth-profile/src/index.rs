//! First pass over a profile: its scalars, and where each entry of each table is.
//!
//! Go writes samples before the tables they refer to, so entries are kept as slices of the data
//! and decoded when everything has been seen.

use crate::error::ReadError;
use crate::foreign::shorten;
use crate::limits::Limits;
use crate::wire::{Fields, Span};

/// The profile's own fields, with strings still as indices.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) sample_types: Vec<RawValueType>,
    /// How many there are, and their bytes together: most of a file, and read in its order.
    pub(crate) samples: usize,
    pub(crate) sample_bytes: usize,
    pub(crate) mappings: Vec<Span>,
    pub(crate) locations: Vec<Span>,
    pub(crate) functions: Vec<Span>,
    pub(crate) strings: Vec<Span>,
    pub(crate) string_bytes: usize,
    pub(crate) comments: Vec<i64>,
    pub(crate) period_type: RawValueType,
    pub(crate) period: i64,
    pub(crate) time_nanos: i64,
    pub(crate) duration_nanos: i64,
    pub(crate) drop_frames: i64,
    pub(crate) keep_frames: i64,
    pub(crate) default_sample_type: i64,
    pub(crate) doc_url: i64,
}

/// `ValueType` of the schema.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RawValueType {
    pub(crate) kind: i64,
    pub(crate) unit: i64,
}

impl Index {
    pub(crate) fn new(data: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        let mut index = Self::default();
        let mut fields = Fields::all(data);
        let entries = limits.max_table_entries;
        while let Some(field) = fields.next()? {
            match field.number {
                1 => {
                    let value_type = RawValueType::new(data, field.span("Profile.sample_type")?)?;
                    push(&mut index.sample_types, value_type, "sample types", entries)?;
                }
                2 => {
                    let span = field.span("Profile.sample")?;
                    index.sample(span, limits.max_samples)?;
                }
                3 => {
                    let span = field.span("Profile.mapping")?;
                    push(&mut index.mappings, span, "mappings", entries)?;
                }
                4 => {
                    let span = field.span("Profile.location")?;
                    push(&mut index.locations, span, "locations", entries)?;
                }
                5 => {
                    let span = field.span("Profile.function")?;
                    push(&mut index.functions, span, "functions", entries)?;
                }
                6 => index.string(data, field.span("Profile.string_table")?, limits)?,
                7 => index.drop_frames = field.signed("Profile.drop_frames")?,
                8 => index.keep_frames = field.signed("Profile.keep_frames")?,
                9 if index.time_nanos != 0 => {
                    return Err(ReadError::Concatenated {
                        offset: field.offset,
                    });
                }
                9 => index.time_nanos = field.signed("Profile.time_nanos")?,
                10 => index.duration_nanos = field.signed("Profile.duration_nanos")?,
                11 => {
                    let span = field.span("Profile.period_type")?;
                    index.period_type = RawValueType::new(data, span)?;
                }
                12 => index.period = field.signed("Profile.period")?,
                13 => field.numbers("Profile.comment", data, |comments| {
                    comments.iter().try_for_each(|comment| {
                        let comment = comment.cast_signed();
                        push(&mut index.comments, comment, "comments", entries)
                    })
                })?,
                14 => index.default_sample_type = field.signed("Profile.default_sample_type")?,
                15 => index.doc_url = field.signed("Profile.doc_url")?,
                _ => {}
            }
        }
        Ok(index)
    }

    fn sample(&mut self, span: Span, limit: usize) -> Result<(), ReadError> {
        if self.samples >= limit {
            let what = "samples";
            return Err(ReadError::OverLimit { what, limit });
        }
        self.samples += 1;
        self.sample_bytes += span.end - span.start;
        Ok(())
    }

    fn string(&mut self, data: &[u8], span: Span, limits: &Limits) -> Result<(), ReadError> {
        if self.strings.is_empty() && span.start != span.end {
            let text = shorten(&String::from_utf8_lossy(span.of(data)));
            let offset = span.start;
            return Err(ReadError::FirstString { offset, text });
        }
        self.string_bytes += span.end - span.start;
        if self.string_bytes > limits.max_string_bytes {
            return Err(ReadError::OverLimit {
                what: "bytes of strings",
                limit: limits.max_string_bytes,
            });
        }
        push(&mut self.strings, span, "strings", limits.max_table_entries)
    }
}

impl RawValueType {
    fn new(data: &[u8], span: Span) -> Result<Self, ReadError> {
        let mut value_type = Self::default();
        let mut fields = Fields::within(data, span);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => value_type.kind = field.signed("ValueType.type")?,
                2 => value_type.unit = field.signed("ValueType.unit")?,
                _ => {}
            }
        }
        Ok(value_type)
    }
}

/// Adds an entry unless the table is full.
pub(crate) fn push<T>(
    table: &mut Vec<T>,
    entry: T,
    what: &'static str,
    limit: usize,
) -> Result<(), ReadError> {
    if table.len() >= limit {
        return Err(ReadError::OverLimit { what, limit });
    }
    table.push(entry);
    Ok(())
}
