//! One fixed-size record of an ELF file: a header, whose fields differ by word size and byte order.

use super::{ElfError, fill_all};
use crate::ranged_read::RangedRead;

/// Word size and byte order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// 64 bits; otherwise 32.
    pub(crate) wide: bool,
    /// Most significant byte first.
    pub(crate) big_endian: bool,
}

impl Layout {
    /// Bytes of a pointer.
    pub(crate) fn pointer_size(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// The number that up to eight bytes are.
    pub(crate) fn number(self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian {
            bytes.iter().fold(0, join)
        } else {
            bytes.iter().rev().fold(0, join)
        }
    }

    /// The eight bytes that a number is.
    pub(crate) fn bytes(self, number: u64) -> [u8; 8] {
        if self.big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }
}

/// The largest record there is, the 64-bit file header; section headers are as long.
const LARGEST: usize = 64;

/// A record's bytes, padded with zeros.
pub(super) struct Record {
    layout: Layout,
    bytes: [u8; LARGEST],
}

/// Where a field is in a 32-bit and in a 64-bit file.
#[derive(Clone, Copy)]
pub(super) struct Field(pub(super) usize, pub(super) usize);

impl Record {
    pub(super) fn read(
        file: &dyn RangedRead,
        layout: Layout,
        offset: u64,
        length: usize,
    ) -> Result<Self, ElfError> {
        let mut bytes = [0; LARGEST];
        fill_all(file, offset, &mut bytes[..length])?;
        Ok(Self { layout, bytes })
    }

    /// From bytes that were read already, as many as [`LARGEST`] at most.
    pub(super) fn of(layout: Layout, record: &[u8]) -> Self {
        let mut bytes = [0; LARGEST];
        bytes[..record.len()].copy_from_slice(record);
        Self { layout, bytes }
    }

    pub(super) fn byte(&self, field: Field) -> u8 {
        self.bytes::<1>(field)[0]
    }

    pub(super) fn half(&self, field: Field) -> u16 {
        let bytes = self.bytes(field);
        if self.layout.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    pub(super) fn word(&self, field: Field) -> u32 {
        let bytes = self.bytes(field);
        if self.layout.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    /// An address, offset or size: 64 bits in a 64-bit file, else 32.
    pub(super) fn native(&self, field: Field) -> u64 {
        if !self.layout.wide {
            return u64::from(self.word(field));
        }
        let bytes = self.bytes(field);
        if self.layout.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        }
    }

    /// Fields are constants of this module's neighbours, so none reaches behind the record.
    fn bytes<const N: usize>(&self, field: Field) -> [u8; N] {
        let at = if self.layout.wide { field.1 } else { field.0 };
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.bytes[at..at + N]);
        bytes
    }
}
