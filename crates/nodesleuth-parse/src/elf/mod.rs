//! ELF headers, sections and segments, as far as finding something in a binary needs them.
//!
//! 32 and 64 bits, either byte order; the layout is that of `elf(5)`. Every read is small and
//! every count capped.

#[cfg(test)]
pub(crate) mod fixture;
mod header;
mod image;
mod load_map;
mod notes;
mod record;
mod relocations;
mod sections;
mod segments;
mod symbols;
#[cfg(test)]
mod tests;

pub(crate) use header::Elf;
pub(crate) use image::Image;
pub(crate) use load_map::LoadMap;
pub(crate) use notes::build_id;
pub(crate) use record::Layout;
pub(crate) use relocations::Relocations;
pub(crate) use symbols::Symbols;

use crate::Malformed;
use crate::ranged_read::{RangedRead, fill};
use std::io;

/// Why an ELF file could not be read.
#[derive(Debug)]
pub(crate) enum ElfError {
    /// It does not begin with the ELF magic.
    NotElf,
    /// It contradicts itself or was cut.
    Malformed(Malformed),
    /// It could not be read.
    Io(io::Error),
}

impl From<io::Error> for ElfError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Malformed> for ElfError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

/// A range of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// Virtual address of its first byte once loaded.
    pub(crate) address: u64,
    /// Offset of its first byte in the file.
    pub(crate) offset: u64,
    /// Bytes in the file.
    pub(crate) size: u64,
}

fn malformed(reason: impl Into<String>) -> ElfError {
    ElfError::Malformed(Malformed::whole("ELF file", reason))
}

impl Elf<'_> {
    /// Fills `buffer` from an offset of the file.
    pub(crate) fn fill(&self, offset: u64, buffer: &mut [u8]) -> Result<(), ElfError> {
        fill_all(self.file, offset, buffer)
    }

    /// Fills as much of `buffer` as there is.
    pub(crate) fn fill_some(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, ElfError> {
        Ok(fill(self.file, offset, buffer)?)
    }
}

/// Fills all of `buffer` or says that the file was cut.
fn fill_all(file: &dyn RangedRead, offset: u64, buffer: &mut [u8]) -> Result<(), ElfError> {
    if fill(file, offset, buffer)? < buffer.len() {
        return Err(malformed(format!(
            "ends before {} bytes at offset {offset:#x}",
            buffer.len()
        )));
    }
    Ok(())
}
