//! Finding a section by its name. A stripped binary may have no section headers at all.

use super::record::{Field, Record};
use super::{Elf, ElfError, Range};
use crate::ranged_read::fill;

/// `SHT_NOBITS`: takes no room in the file.
const NO_BITS: u32 = 8;

struct Section {
    name: u32,
    kind: u32,
    link: u32,
    range: Range,
}

impl Elf<'_> {
    /// Whether there are section headers.
    pub(crate) fn has_sections(&self) -> bool {
        self.sections.offset != 0 && self.sections.count != 0
    }

    /// The section of this name, if there is one that takes room in the file.
    pub(crate) fn section(&self, name: &str) -> Result<Option<Range>, ElfError> {
        if self.sections.offset == 0 {
            return Ok(None);
        }
        let (count, names) = self.counts()?;
        if count == 0 {
            return Ok(None);
        }
        let names = self.header(names)?.range.offset;
        for index in 0..count {
            let section = self.header(index)?;
            let at = names.saturating_add(u64::from(section.name));
            if section.kind != NO_BITS && self.is_named(at, name)? {
                return Ok(Some(section.range));
            }
        }
        Ok(None)
    }

    /// Symbol table of a kind (`SHT_SYMTAB` or `SHT_DYNSYM`) and its names.
    pub(super) fn symbol_table(&self, kind: u32) -> Result<Option<(Range, Range)>, ElfError> {
        if self.sections.offset == 0 {
            return Ok(None);
        }
        for index in 0..self.counts()?.0 {
            let section = self.header(index)?;
            if section.kind == kind {
                let names = self.header(u64::from(section.link))?;
                return Ok(Some((section.range, names.range)));
            }
        }
        Ok(None)
    }

    /// How many sections there are and which holds the names. With 65,280 or more the header has
    /// no room, and the first section's size and link tell it.
    fn counts(&self) -> Result<(u64, u64), ElfError> {
        const NAMES_ELSEWHERE: u16 = 0xffff;
        let (mut count, mut names) = (u64::from(self.sections.count), u64::from(self.names));
        if count == 0 || self.names == NAMES_ELSEWHERE {
            let first = self.header(0)?;
            if count == 0 {
                count = first.range.size;
            }
            if self.names == NAMES_ELSEWHERE {
                names = u64::from(first.link);
            }
        }
        /// Binaries have some forty; more than this is not one worth reading.
        const MOST: u64 = 4096;
        Ok((count.min(MOST), names))
    }

    fn header(&self, index: u64) -> Result<Section, ElfError> {
        let length = if self.layout.wide { 64 } else { 40 };
        let record = Record::read(self.file, self.layout, self.sections.at(index)?, length)?;
        Ok(Section {
            name: record.word(Field(0, 0)),
            kind: record.word(Field(4, 4)),
            link: record.word(Field(24, 40)),
            range: Range {
                address: record.native(Field(12, 16)),
                offset: record.native(Field(16, 24)),
                size: record.native(Field(20, 32)),
            },
        })
    }

    fn is_named(&self, at: u64, name: &str) -> Result<bool, ElfError> {
        let mut bytes = [0; 32];
        let length = fill(self.file, at, &mut bytes)?;
        let found = bytes[..length].split(|&byte| byte == 0).next();
        Ok(found == Some(name.as_bytes()))
    }
}
