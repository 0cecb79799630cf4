//! The linker's module data (`runtime.firstmoduledata`): where the text begins, and addresses that
//! since Go 1.18 nothing else has.
//!
//! It begins with a pointer to the table, followed by the table's parts as slices. All of that has
//! to fit, so what is found is the module data and no coincidence.

use super::functions::Functions;
use super::header::Header;
use crate::elf::{Image, Range};
use crate::ranged_read::fill;

/// The part whose layout has not changed since Go 1.18.
const FIXED: usize = 24;
/// Words that follow, among which is the address of function data.
const REST: usize = 32;
/// Data of a large program is some megabytes.
const SEARCHED: u64 = 64 << 20;
const CHUNK: usize = 64 << 10;

/// What is needed of the module data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ModuleData {
    /// Address of the text.
    pub(super) text: u64,
    /// Addresses of other things.
    pub(super) rest: Vec<u64>,
}

/// The parts of the table that the module data must agree with.
pub(super) struct Expected<'t> {
    pub(super) range: Range,
    pub(super) header: &'t Header,
    pub(super) functions: &'t Functions,
}

impl Expected<'_> {
    /// Finds the module data of this table.
    pub(super) fn find(&self, image: &Image<'_>) -> Option<ModuleData> {
        self.in_data(image).or_else(|| self.in_relocations(image))
    }

    /// Where the data holds the table's address.
    fn in_data(&self, image: &Image<'_>) -> Option<ModuleData> {
        let mut left = SEARCHED;
        for segment in image.map.segments.iter().filter(|found| found.writable) {
            let size = segment.range.size.min(left);
            left -= size;
            let range = Range {
                size,
                ..segment.range
            };
            if let Some(found) = self.in_range(image, range) {
                return Some(found);
            }
        }
        None
    }

    fn in_range(&self, image: &Image<'_>, range: Range) -> Option<ModuleData> {
        let size = image.layout().pointer_size();
        let wanted = image.layout().bytes(self.range.address);
        let wanted = if image.layout().big_endian {
            &wanted[8 - size..]
        } else {
            &wanted[..size]
        };
        let mut chunk = vec![0; CHUNK];
        let mut done = range.address.wrapping_neg() % size as u64;
        while done < range.size {
            let length = usize::try_from(range.size - done).map_or(CHUNK, |rest| rest.min(CHUNK));
            let offset = range.offset.checked_add(done)?;
            let filled = fill(image.file, offset, &mut chunk[..length]).ok()?;
            let places = chunk[..filled].chunks_exact(size).enumerate();
            for (index, _) in places.filter(|(_, bytes)| *bytes == wanted) {
                let address = range.address.checked_add(done + (index * size) as u64)?;
                if let Some(found) = self.read(image, address) {
                    return Some(found);
                }
            }
            if filled < length {
                break;
            }
            done += length as u64;
        }
        None
    }

    /// Where a relocation points to the table.
    fn in_relocations(&self, image: &Image<'_>) -> Option<ModuleData> {
        let mut found = None;
        image.relocations?.each(image.file, |relocated| {
            if relocated.target == self.range.address {
                found = self.read(image, relocated.place);
            }
            found.is_none()
        });
        found
    }

    fn read(&self, image: &Image<'_>, address: u64) -> Option<ModuleData> {
        let size = image.layout().pointer_size();
        let (_, left) = image.map.offset(address)?;
        let length = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min((FIXED + REST) * size);
        let mut bytes = vec![0; length];
        image.read_pointers(address, &mut bytes)?;
        let words: Vec<u64> = bytes
            .chunks_exact(size)
            .map(|word| image.layout().number(word))
            .collect();
        let (fixed, rest) = words.split_at_checked(FIXED)?;
        let text = fixed[22];
        self.agrees(fixed, text).then(|| ModuleData {
            text,
            rest: rest.to_vec(),
        })
    }

    fn agrees(&self, words: &[u64], text: u64) -> bool {
        let header = self.header;
        let parts = [
            (1, header.names),
            (4, header.units),
            (7, header.files),
            (10, header.values),
            (13, header.records),
            (16, header.function_table),
        ];
        let is_at = |(index, offset): (usize, u64)| {
            words[index].checked_sub(self.range.address) == Some(offset)
        };
        let ends = [
            (20, self.functions.entries.first()),
            (21, self.functions.entries.last()),
        ];
        let is_end = |(index, entry): (usize, Option<&u32>)| {
            entry.is_some_and(|entry| words[index].checked_sub(text) == Some(u64::from(*entry)))
        };
        words[0] == self.range.address
            && parts.into_iter().all(is_at)
            && words[17] == header.functions + 1
            && ends.into_iter().all(is_end)
    }
}
