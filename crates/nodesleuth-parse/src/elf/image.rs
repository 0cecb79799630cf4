//! A file as it would be once loaded, at the addresses it was linked for.

use super::load_map::LoadMap;
use super::record::Layout;
use super::relocations::Relocations;
use crate::ranged_read::{RangedRead, fill};

/// Reads by address.
#[derive(Clone, Copy)]
pub(crate) struct Image<'b> {
    pub(crate) file: &'b dyn RangedRead,
    pub(crate) map: &'b LoadMap,
    pub(crate) relocations: Option<&'b Relocations>,
}

impl Image<'_> {
    pub(crate) fn layout(&self) -> Layout {
        self.map.layout
    }

    /// Fills `buffer` from `address`; `None` if the file does not hold all of it.
    pub(crate) fn read(&self, address: u64, buffer: &mut [u8]) -> Option<()> {
        let (offset, left) = self.map.offset(address)?;
        (left >= buffer.len() as u64).then_some(())?;
        let filled = fill(self.file, offset, buffer).ok()?;
        (filled == buffer.len()).then_some(())
    }

    /// The same for bytes that hold pointers.
    pub(crate) fn read_pointers(&self, address: u64, buffer: &mut [u8]) -> Option<()> {
        self.read(address, buffer)?;
        if let Some(relocations) = self.relocations {
            relocations.apply(self.file, address, buffer);
        }
        Some(())
    }

    /// The pointer at `address`.
    pub(crate) fn pointer(&self, address: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..self.layout().pointer_size()];
        self.read_pointers(address, bytes)?;
        Some(self.layout().number(bytes))
    }

    /// Whether there is code at `address`.
    pub(crate) fn is_code(&self, address: u64) -> bool {
        self.map.segments.iter().any(|segment| {
            let distance = address.checked_sub(segment.range.address);
            segment.executable && distance.is_some_and(|distance| distance < segment.range.size)
        })
    }
}
