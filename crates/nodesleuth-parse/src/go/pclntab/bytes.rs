//! Reading within the table, by offset.

use crate::elf::{Image, Range};
use crate::ranged_read::fill;

/// The table's bytes in the file.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'b> {
    pub(super) image: Image<'b>,
    pub(super) range: Range,
}

impl<'b> Bytes<'b> {
    /// Fills `buffer` from `offset`; `None` if the table ends before.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> Option<()> {
        (self.read_some(offset, buffer)? == buffer.len()).then_some(())
    }

    /// Fills as much of `buffer` as there is.
    pub(super) fn read_some(&self, offset: u64, buffer: &mut [u8]) -> Option<usize> {
        let left = self.range.size.checked_sub(offset)?;
        let length = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let at = self.range.offset.checked_add(offset)?;
        fill(self.image.file, at, &mut buffer[..length]).ok()
    }

    /// A 32-bit number.
    pub(super) fn word(&self, offset: u64) -> Option<u32> {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes)?;
        u32::try_from(self.image.layout().number(&bytes)).ok()
    }

    /// Bytes one by one from `offset` on.
    pub(super) fn stream(self, offset: u64) -> Stream<'b> {
        Stream {
            bytes: self,
            next: offset,
            chunk: [0; CHUNK],
            filled: 0,
            at: 0,
        }
    }
}

/// Most value tables are shorter.
const CHUNK: usize = 256;

/// A position in the table that moves on.
pub(super) struct Stream<'b> {
    bytes: Bytes<'b>,
    /// Offset behind the chunk.
    next: u64,
    chunk: [u8; CHUNK],
    filled: usize,
    at: usize,
}

impl Stream<'_> {
    /// Where the next byte is.
    pub(super) fn offset(&self) -> u64 {
        self.next - (self.filled - self.at) as u64
    }

    /// The bytes that are at hand; there may be more behind them.
    pub(super) fn buffered(&self) -> &[u8] {
        &self.chunk[self.at..self.filled]
    }

    /// Moves on by so many of the bytes at hand.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at = self.filled.min(self.at + bytes);
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        if self.at == self.filled {
            self.filled = self.bytes.read_some(self.next, &mut self.chunk)?;
            self.next = self.next.checked_add(self.filled as u64)?;
            self.at = 0;
        }
        let byte = *self.chunk[..self.filled].get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// A number in groups of seven bits, the lowest first.
    #[inline]
    pub(super) fn varint(&mut self) -> Option<u32> {
        let first = u32::from(self.byte()?);
        if first & 0x80 == 0 {
            return Some(first);
        }
        self.varint_from(first & 0x7f)
    }

    /// The rest of a number whose lowest bits are known.
    fn varint_from(&mut self, mut number: u32) -> Option<u32> {
        for shift in (7..35).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}
