//! A function's record: `runtime._func` and the two arrays behind it.

use super::bytes::Bytes;
use super::functions::FunctionRange;
use super::header::{Header, Version};

/// How many bytes of a record come before its arrays, at most.
const LONGEST: usize = 48;
/// Arrays have some ten entries.
const MOST_ARRAY: u32 = 64;
/// No data of this kind (since Go 1.18).
const ABSENT: u64 = 0xffff_ffff;

/// How records of a Go 1.2 table end; the magic does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordEnd {
    /// Until Go 1.11 the last number is how many function data there are.
    Count,
    /// Since Go 1.12 it is four bytes, of which the last is.
    Packed,
}

/// What is needed of a record. Offsets count from the table's parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) name: u32,
    /// How far the stack pointer is from where it was at the entry.
    pub(super) stack_values: u32,
    pub(super) file_values: u32,
    pub(super) line_values: u32,
    /// Index of the unit's first file number.
    pub(super) unit: u32,
    value_tables: u32,
    data: u32,
    /// Offset of the arrays from the start of the table.
    arrays: u64,
}

impl Record {
    /// Reads the record of a function; `None` if it is not that function's.
    pub(super) fn read(
        bytes: &Bytes<'_>,
        header: &Header,
        end: RecordEnd,
        base: u64,
        function: FunctionRange,
    ) -> Option<Self> {
        let layout = bytes.image.layout();
        let place = header.records.checked_add(u64::from(function.record))?;
        let mut start = [0; LONGEST];
        let filled = bytes.read_some(place, &mut start)?;
        let entry_size = if header.is_relative() {
            4
        } else {
            layout.pointer_size()
        };
        let word = |index: usize| {
            let at = entry_size + 4 * index;
            let word = start[..filled].get(at..at + 4)?;
            u32::try_from(layout.number(word)).ok()
        };
        let entry = if header.is_relative() {
            base.checked_add(layout.number(start.get(..4)?))?
        } else {
            let address = bytes.range.address.checked_add(place)?;
            bytes.image.pointer(address)?
        };
        // args and frame or deferreturn are in between
        let last = last_word(header.version);
        let record = Self {
            name: word(0)?,
            stack_values: word(3)?,
            file_values: word(4)?,
            line_values: word(5)?,
            unit: if header.version == Version::Go12 {
                0
            } else {
                word(7)?
            },
            value_tables: word(6)?,
            data: if end == RecordEnd::Count {
                word(last)?
            } else {
                let at = entry_size + 4 * last + 3;
                u32::from(*start[..filled].get(at)?)
            },
            arrays: place.checked_add((entry_size + 4 * last + 4) as u64)?,
        };
        (entry == function.entry && record.is_plausible()).then_some(record)
    }

    fn is_plausible(&self) -> bool {
        self.value_tables <= MOST_ARRAY && self.data <= MOST_ARRAY
    }

    /// Offset of the value table of this kind; `None` if there is none.
    pub(super) fn value_table(&self, bytes: &Bytes<'_>, kind: u32) -> Option<u32> {
        if kind >= self.value_tables {
            return None;
        }
        let table = bytes.word(self.arrays.checked_add(u64::from(kind) * 4)?)?;
        (table != 0).then_some(table)
    }

    /// Address of the function data of this kind; `base` is what relative ones count from.
    pub(super) fn data(
        &self,
        bytes: &Bytes<'_>,
        header: &Header,
        base: u64,
        kind: u32,
    ) -> Option<u64> {
        if kind >= self.data {
            return None;
        }
        let behind = self.arrays.checked_add(u64::from(self.value_tables) * 4)?;
        if header.is_relative() {
            let distance = u64::from(bytes.word(behind + u64::from(kind) * 4)?);
            return (distance != ABSENT)
                .then(|| base.checked_add(distance))
                .flatten();
        }
        let size = bytes.image.layout().pointer_size() as u64;
        let place = behind.checked_next_multiple_of(size)? + u64::from(kind) * size;
        let data = bytes
            .image
            .pointer(bytes.range.address.checked_add(place)?)?;
        (data != 0).then_some(data)
    }
}

/// Index of the last 32-bit word before the arrays, counted behind the entry.
fn last_word(version: Version) -> usize {
    match version {
        Version::Go12 => 7,
        Version::Go116 | Version::Go118 => 8,
        Version::Go120 => 9,
    }
}
