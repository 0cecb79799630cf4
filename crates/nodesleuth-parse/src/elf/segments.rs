//! Segments: which part of the file is loaded at which address.

use super::record::{Field, Record};
use super::{Elf, ElfError, Range, malformed};

/// `PT_LOAD`.
const LOADED: u32 = 1;
const EXECUTABLE: u32 = 1;
const WRITABLE: u32 = 2;
/// Binaries have some ten.
const MOST: u16 = 256;

struct Segment {
    kind: u32,
    flags: u32,
    range: Range,
    /// Bytes once loaded, at least those in the file.
    memory: u64,
}

impl Segment {
    fn holds(&self, address: u64, length: u64) -> bool {
        address
            .checked_sub(self.range.address)
            .and_then(|distance| distance.checked_add(length))
            .is_some_and(|end| end <= self.memory.max(self.range.size))
    }
}

impl Elf<'_> {
    /// The first loaded segment that is writable and not executable: data.
    pub(crate) fn data_segment(&self) -> Result<Option<Range>, ElfError> {
        let data = self.find(|segment| segment.flags & (WRITABLE | EXECUTABLE) == WRITABLE)?;
        Ok(data.map(|segment| segment.range))
    }

    /// Fills `buffer` with what is at `address` once the file is loaded; a segment's end that the
    /// file does not hold (`.bss`) is zeros.
    pub(crate) fn load(&self, address: u64, buffer: &mut [u8]) -> Result<(), ElfError> {
        let length = buffer.len() as u64;
        let segment = self
            .find(|segment| segment.holds(address, length))?
            .ok_or_else(|| {
                malformed(format!(
                    "no segment holds {length} bytes at address {address:#x}"
                ))
            })?;
        let distance = address.saturating_sub(segment.range.address);
        let in_file = segment.range.size.saturating_sub(distance).min(length);
        let (from_file, zeros) = buffer.split_at_mut(usize::try_from(in_file).unwrap_or(0));
        zeros.fill(0);
        if from_file.is_empty() {
            return Ok(());
        }
        let offset = segment
            .range
            .offset
            .checked_add(distance)
            .ok_or_else(|| malformed("a segment ends behind the largest offset"))?;
        self.fill(offset, from_file)
    }

    fn find(&self, wanted: impl Fn(&Segment) -> bool) -> Result<Option<Segment>, ElfError> {
        for index in 0..self.segments.count.min(MOST) {
            let segment = self.segment(u64::from(index))?;
            if segment.kind == LOADED && wanted(&segment) {
                return Ok(Some(segment));
            }
        }
        Ok(None)
    }

    fn segment(&self, index: u64) -> Result<Segment, ElfError> {
        let length = if self.layout.wide { 56 } else { 32 };
        let record = Record::read(self.file, self.layout, self.segments.at(index)?, length)?;
        Ok(Segment {
            kind: record.word(Field(0, 0)),
            flags: record.word(Field(24, 4)),
            range: Range {
                address: record.native(Field(8, 16)),
                offset: record.native(Field(4, 8)),
                size: record.native(Field(16, 32)),
            },
            memory: record.native(Field(20, 40)),
        })
    }
}
