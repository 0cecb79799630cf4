//! The file header: where sections and segments are.

use super::record::{Field, Layout, Record};
use super::{ElfError, malformed};
use crate::ranged_read::{RangedRead, fill};

const MAGIC: &[u8] = b"\x7fELF";

/// An ELF file whose header has been read.
pub(crate) struct Elf<'f> {
    pub(super) file: &'f dyn RangedRead,
    pub(super) layout: Layout,
    /// Processor, as in `e_machine`.
    pub(super) machine: u16,
    pub(super) segments: Table,
    pub(super) sections: Table,
    /// Which section holds the sections' names.
    pub(super) names: u16,
}

/// A table of equally long headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) offset: u64,
    entry: u16,
    pub(super) count: u16,
}

impl Table {
    /// Offset of one header.
    pub(super) fn at(&self, index: u64) -> Result<u64, ElfError> {
        u64::from(self.entry)
            .checked_mul(index)
            .and_then(|distance| self.offset.checked_add(distance))
            .ok_or_else(|| malformed("a header table ends behind the largest offset"))
    }
}

impl<'f> Elf<'f> {
    /// Reads the header of `file`.
    pub(crate) fn open(file: &'f dyn RangedRead) -> Result<Self, ElfError> {
        let layout = layout(file)?;
        let length = if layout.wide { 64 } else { 52 };
        let header = Record::read(file, layout, 0, length)?;
        Ok(Self {
            file,
            layout,
            machine: header.half(Field(18, 18)),
            segments: Table {
                offset: header.native(Field(28, 32)),
                entry: header.half(Field(42, 54)),
                count: header.half(Field(44, 56)),
            },
            sections: Table {
                offset: header.native(Field(32, 40)),
                entry: header.half(Field(46, 58)),
                count: header.half(Field(48, 60)),
            },
            names: header.half(Field(50, 62)),
        })
    }
}

fn layout(file: &dyn RangedRead) -> Result<Layout, ElfError> {
    let mut ident = [0; 6];
    let length = fill(file, 0, &mut ident)?;
    if !ident[..length].starts_with(MAGIC) {
        return Err(ElfError::NotElf);
    }
    let wide = match ident[4] {
        1 => false,
        2 => true,
        class => return Err(malformed(format!("unknown class {class}"))),
    };
    let big_endian = match ident[5] {
        1 => false,
        2 => true,
        order => return Err(malformed(format!("unknown byte order {order}"))),
    };
    Ok(Layout { wide, big_endian })
}
