//! What is loaded where: the segments of a file, kept in memory.

use super::record::{Field, Layout, Record};
use super::{Elf, ElfError, Range};

/// `PT_LOAD`.
const LOADED: u32 = 1;
/// `PT_DYNAMIC`.
const DYNAMIC: u32 = 2;
/// `PT_NOTE`.
const NOTE: u32 = 4;
/// Binaries have some ten.
const MOST: u16 = 256;

/// One segment that is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoadSegment {
    pub(crate) range: Range,
    pub(crate) executable: bool,
    pub(crate) writable: bool,
}

/// The program headers, as far as symbols need them.
#[derive(Debug)]
pub(crate) struct LoadMap {
    pub(crate) layout: Layout,
    pub(crate) machine: u16,
    pub(crate) segments: Vec<LoadSegment>,
    /// The dynamic linker's table.
    pub(super) dynamic: Option<Range>,
    pub(super) notes: Vec<Range>,
}

impl LoadMap {
    pub(crate) fn read(elf: &Elf<'_>) -> Result<Self, ElfError> {
        let mut map = Self {
            layout: elf.layout,
            machine: elf.machine,
            segments: Vec::new(),
            dynamic: None,
            notes: Vec::new(),
        };
        for index in 0..elf.segments.count.min(MOST) {
            map.add(elf, u64::from(index))?;
        }
        Ok(map)
    }

    fn add(&mut self, elf: &Elf<'_>, index: u64) -> Result<(), ElfError> {
        let length = if self.layout.wide { 56 } else { 32 };
        let record = Record::read(elf.file, self.layout, elf.segments.at(index)?, length)?;
        let range = Range {
            address: record.native(Field(8, 16)),
            offset: record.native(Field(4, 8)),
            size: record.native(Field(16, 32)),
        };
        let flags = record.word(Field(24, 4));
        match record.word(Field(0, 0)) {
            LOADED => self.segments.push(LoadSegment {
                range,
                executable: flags & 1 != 0,
                writable: flags & 2 != 0,
            }),
            DYNAMIC => self.dynamic = Some(range),
            NOTE => self.notes.push(range),
            _ => {}
        }
        Ok(())
    }

    /// Where in the file the byte of this address is, and how many bytes follow it in the file.
    pub(crate) fn offset(&self, address: u64) -> Option<(u64, u64)> {
        self.segments.iter().find_map(|segment| {
            let distance = address.checked_sub(segment.range.address)?;
            let left = segment.range.size.checked_sub(distance)?;
            let offset = segment.range.offset.checked_add(distance)?;
            (left > 0).then_some((offset, left))
        })
    }

    /// The address that a byte of the file was linked for. What a process has mapped is known by
    /// file offset, so this undoes where the loader put the file.
    pub(crate) fn address(&self, offset: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let distance = offset.checked_sub(segment.range.offset)?;
            let address = segment.range.address.checked_add(distance)?;
            (distance < segment.range.size).then_some(address)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{LoadMap, LoadSegment};
    use crate::elf::Range;
    use crate::elf::record::Layout;

    fn two_segments() -> LoadMap {
        let segment = |address, offset, size, executable| LoadSegment {
            range: Range {
                address,
                offset,
                size,
            },
            executable,
            writable: !executable,
        };
        LoadMap {
            layout: Layout {
                wide: true,
                big_endian: false,
            },
            machine: 62,
            segments: vec![
                segment(0x40_1000, 0x1000, 0x500, true),
                segment(0x60_3000, 0x1500, 0x100, false),
            ],
            dynamic: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn addresses_and_offsets_translate_both_ways() {
        let map = two_segments();
        assert_eq!(map.offset(0x40_14ff), Some((0x14ff, 1)));
        assert_eq!(map.address(0x14ff), Some(0x40_14ff));
        assert_eq!(map.offset(0x60_3000), Some((0x1500, 0x100)));
        assert_eq!(map.address(0x1500), Some(0x60_3000));
    }

    #[test]
    fn what_is_not_loaded_has_no_place() {
        let map = two_segments();
        for address in [0, 0x40_0fff, 0x40_1500, 0x60_3100, u64::MAX] {
            assert_eq!(map.offset(address), None, "{address:#x}");
        }
        for offset in [0, 0xfff, 0x1600, u64::MAX] {
            assert_eq!(map.address(offset), None, "{offset:#x}");
        }
    }
}
