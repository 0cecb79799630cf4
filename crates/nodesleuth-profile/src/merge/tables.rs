//! The merged mappings, functions and locations: each once, however often inputs have it.

use std::collections::HashMap;

use crate::keyed_hash::KeyedHash;
use crate::merge::known::Known;
use crate::profile::Profile;
use crate::rows::{FrameRow, FunctionRow, Header, LocationRow, MappingRow};
use crate::samples::Samples;
use crate::strings::{Interner, StrId, dense};

/// Sizes of mappings are compared in pages.
const PAGE: u64 = 0x1000;

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) strings: Interner<'static>,
    mappings: Vec<MappingRow>,
    mapping_ids: HashMap<MappingKey, u32>,
    functions: Vec<FunctionRow>,
    function_ids: HashMap<FunctionRow, u32, KeyedHash>,
    locations: Vec<LocationRow>,
    frames: Vec<FrameRow>,
    known_locations: Known,
}

/// A file mapped into several processes is the same wherever it lies.
#[derive(Debug, PartialEq, Eq, Hash)]
struct MappingKey {
    rounded_size: u64,
    offset: u64,
    /// Build id, else file name, else nothing.
    identity: StrId,
}

impl Tables {
    pub(super) fn has_mappings(&self) -> bool {
        !self.mappings.is_empty()
    }

    /// The position of a mapping, and what must be added to addresses in it. `row` has our
    /// strings.
    pub(super) fn mapping(&mut self, row: MappingRow) -> (u32, u64) {
        let size = row.limit.wrapping_sub(row.start).wrapping_add(PAGE - 1);
        let key = MappingKey {
            rounded_size: size - size % PAGE,
            offset: row.offset,
            identity: match row.build_id {
                StrId::EMPTY => row.file,
                build_id => build_id,
            },
        };
        let rows = &mut self.mappings;
        let at = *self.mapping_ids.entry(key).or_insert_with(|| {
            let id = rows.len() as u64 + 1;
            rows.push(MappingRow { id, ..row });
            dense(rows.len() - 1)
        });
        (at, rows[at as usize].start.wrapping_sub(row.start))
    }

    /// The position of a function. `row` has our strings and no id.
    pub(super) fn function(&mut self, row: FunctionRow) -> u32 {
        let rows = &mut self.functions;
        *self.function_ids.entry(row).or_insert_with(|| {
            let id = rows.len() as u64 + 1;
            rows.push(FunctionRow { id, ..row });
            dense(rows.len() - 1)
        })
    }

    /// The position of a location. `row` and `frames`, root first, refer to our tables.
    pub(super) fn location(&mut self, row: LocationRow, frames: &[FrameRow]) -> u32 {
        let (locations, all) = (&self.locations, &self.frames);
        let is = |at: usize| {
            let start = at.checked_sub(1).map_or(0, |b| locations[b].frames_end);
            let known = &all[start as usize..locations[at].frames_end as usize];
            place(&locations[at]) == place(&row)
                && known.len() == frames.len()
                && lines(known).eq(lines(frames))
        };
        let content = (place(&row), lines(frames).collect::<Vec<_>>());
        match self.known_locations.find(content, is) {
            Ok(at) => at,
            Err(at) => {
                let ours = frames.iter().map(|frame| FrameRow {
                    location: at,
                    ..*frame
                });
                self.frames.extend(ours);
                self.locations.push(LocationRow {
                    id: u64::from(at) + 1,
                    frames_end: dense(self.frames.len()),
                    ..row
                });
                at
            }
        }
    }

    pub(super) fn finish(self, header: Header, samples: Samples) -> Profile {
        Profile {
            strings: self.strings.finish(),
            header,
            mappings: self.mappings,
            functions: self.functions,
            locations: self.locations,
            frames: self.frames,
            samples,
            ..Profile::default()
        }
        .with_names()
    }
}

/// What a location is besides its lines. Addresses are already those of our mapping.
fn place(row: &LocationRow) -> (u64, Option<u32>, bool) {
    (row.address, row.mapping, row.is_folded)
}

/// What lines are told apart by: of columns, pprof looks only at the outermost function's.
fn lines(frames: &[FrameRow]) -> impl Iterator<Item = (Option<u32>, i64, i64)> {
    let column = |at, frame: &FrameRow| if at == 0 { frame.column } else { 0 };
    let parts = frames.iter().enumerate();
    parts.map(move |(at, frame)| (frame.function, frame.line, column(at, frame)))
}
