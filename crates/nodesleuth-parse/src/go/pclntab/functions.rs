//! The function table: entry addresses in ascending order, each with the place of a record.
//!
//! It is kept in memory, eight bytes a function, for binary search; that it is sorted is checked
//! once for the whole table.

use super::bytes::Bytes;
use super::header::Header;

/// A kubelet has 140,000.
const MOST: u64 = 4 << 20;
const CHUNK: usize = 64 << 10;

/// Entries and records of all functions.
#[derive(Debug)]
pub(super) struct Functions {
    /// What the entries count from: the start of the text, or the first entry.
    pub(super) base: u64,
    /// One more than there are functions: the last is where the text ends.
    pub(super) entries: Vec<u32>,
    /// Offsets of the records from the header's `records`.
    records: Vec<u32>,
}

/// One function of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FunctionRange {
    /// Address of its first instruction.
    pub(super) entry: u64,
    /// Where the next one begins.
    pub(super) end: u64,
    /// Offset of its record.
    pub(super) record: u32,
}

impl Functions {
    /// Reads the table; `None` if it is cut, unsorted or absurd. Relative entries have the base 0
    /// until the start of the text is known.
    pub(super) fn read(bytes: &Bytes<'_>, header: &Header) -> Option<Self> {
        let field = if header.is_relative() {
            4
        } else {
            bytes.image.layout().pointer_size()
        };
        let functions = Some(header.functions).filter(|&functions| functions <= MOST)?;
        let size = (functions * 2 + 1) * field as u64;
        let end = header.function_table.checked_add(size)?;
        (end <= bytes.range.size).then_some(())?;
        let mut functions = Self {
            base: 0,
            entries: Vec::new(),
            records: Vec::new(),
        };
        functions.fill(bytes, header, field, size)?;
        functions.is_sorted().then_some(functions)
    }

    fn fill(&mut self, bytes: &Bytes<'_>, header: &Header, field: usize, size: u64) -> Option<()> {
        let layout = bytes.image.layout();
        let mut chunk = vec![0; CHUNK];
        let mut done = 0;
        while done < size {
            let length = usize::try_from(size - done).ok()?.min(CHUNK);
            let chunk = &mut chunk[..length];
            let address = bytes
                .range
                .address
                .checked_add(header.function_table + done)?;
            if header.is_relative() {
                bytes.read(header.function_table + done, chunk)?;
            } else {
                bytes.image.read_pointers(address, chunk)?;
            }
            for (index, number) in chunk.chunks_exact(field).enumerate() {
                // A chunk holds an even count of fields, so entries have even indices in each.
                self.push(index % 2 == 0, layout.number(number), header)?;
            }
            done += length as u64;
        }
        Some(())
    }

    fn push(&mut self, is_entry: bool, number: u64, header: &Header) -> Option<()> {
        if !is_entry {
            self.records.push(u32::try_from(number).ok()?);
            return Some(());
        }
        if self.entries.is_empty() && !header.is_relative() {
            self.base = number;
        }
        let distance = number.checked_sub(self.base)?;
        self.entries.push(u32::try_from(distance).ok()?);
        Some(())
    }

    fn is_sorted(&self) -> bool {
        self.entries.len() == self.records.len() + 1 && self.entries.is_sorted()
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The function at an index.
    pub(super) fn get(&self, index: usize) -> Option<FunctionRange> {
        Some(FunctionRange {
            entry: self
                .base
                .checked_add(u64::from(*self.entries.get(index)?))?,
            end: self
                .base
                .checked_add(u64::from(*self.entries.get(index + 1)?))?,
            record: *self.records.get(index)?,
        })
    }

    /// The function that begins last at or before `address`, if the text does not end before.
    pub(super) fn at(&self, address: u64) -> Option<FunctionRange> {
        let distance = address.checked_sub(self.base)?;
        let behind = self
            .entries
            .partition_point(|entry| u64::from(*entry) <= distance);
        self.get(behind.checked_sub(1)?)
    }
}
