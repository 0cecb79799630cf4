//! Second pass over locations: addresses with the functions that are there.

use crate::decode::{Decoder, place};
use crate::error::{Place, ReadError, Table};
use crate::ids::IdIndex;
use crate::index::push;
use crate::profile::Profile;
use crate::rows::{FrameRow, LocationRow};
use crate::strings::dense;
use crate::wire::{Fields, Span};

impl Decoder<'_> {
    /// Decodes all locations, ids of mappings and functions into positions.
    pub(crate) fn locations(
        &self,
        profile: &mut Profile,
        mappings: &IdIndex,
        functions: &IdIndex,
    ) -> Result<(), ReadError> {
        for (number, span) in self.index.locations.iter().enumerate() {
            let at = place(Table::Location, number, *span);
            let first = profile.frames.len();
            let row = self.location(*span, at, &mut profile.frames, functions)?;
            profile.frames[first..].reverse();
            let mapping = row.mapping.and_then(|id| mappings.find(id));
            profile.locations.push(LocationRow {
                id: row.id,
                address: row.address,
                mapping,
                is_folded: row.is_folded,
                frames_end: dense(profile.frames.len()),
            });
        }
        Ok(())
    }

    /// Adds the location's frames as they are in the file, innermost first.
    fn location(
        &self,
        span: Span,
        at: Place,
        frames: &mut Vec<FrameRow>,
        functions: &IdIndex,
    ) -> Result<RawLocation, ReadError> {
        let mut raw = RawLocation::default();
        let unknown = FrameRow {
            location: dense(at.number - 1),
            function: None,
            line: 0,
            column: 0,
        };
        let first = frames.len();
        let limit = self.limits.max_table_entries;
        let mut fields = Fields::within(self.data, span);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => raw.id = field.number("Location.id")?,
                2 => raw.mapping = Some(field.number("Location.mapping_id")?),
                3 => raw.address = field.number("Location.address")?,
                4 => {
                    let mut frame = unknown;
                    let id = self.line(field.span("Location.line")?, &mut frame)?;
                    frame.function = Some(functions.find(id).ok_or(ReadError::Missing {
                        at,
                        table: Table::Function,
                        id,
                    })?);
                    push(frames, frame, "lines of locations", limit)?;
                }
                5 => raw.is_folded = field.number("Location.is_folded")? != 0,
                _ => {}
            }
        }
        if frames.len() == first {
            push(frames, unknown, "lines of locations", limit)?;
        }
        Ok(raw)
    }

    /// Returns the function's id.
    fn line(&self, span: Span, frame: &mut FrameRow) -> Result<u64, ReadError> {
        let mut function = 0;
        let mut fields = Fields::within(self.data, span);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => function = field.number("Line.function_id")?,
                2 => frame.line = field.signed("Line.line")?,
                3 => frame.column = field.signed("Line.column")?,
                _ => {}
            }
        }
        Ok(function)
    }
}

#[derive(Debug, Default)]
struct RawLocation {
    id: u64,
    mapping: Option<u64>,
    address: u64,
    is_folded: bool,
}
