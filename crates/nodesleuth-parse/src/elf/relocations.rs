//! The relocations that only add where the file was loaded (`R_*_RELATIVE`), of formats that keep
//! the number beside the place.
//!
//! A position independent executable made by the system's linker may hold zeros where its pointers
//! will be; what they point to is in `.rela.dyn`. Formats that keep the number in place (`REL`,
//! `RELR`) need none of this.

use super::load_map::LoadMap;
use super::record::Layout;
use crate::ranged_read::{RangedRead, fill};

const DT_RELA: u64 = 7;
const DT_RELASZ: u64 = 8;
/// A dynamic section has some thirty entries.
const MOST_ENTRIES: u64 = 512;
/// A relocation: place, what to do, number.
const ENTRY: usize = 24;
/// Read at once.
const CHUNK: usize = 32;

/// A table of relocations, sorted by place as linkers write it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relocations {
    offset: u64,
    count: u64,
    layout: Layout,
    relative: u32,
}

/// One pointer of the loaded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relocated {
    /// Address of the pointer.
    pub(crate) place: u64,
    /// What it points to.
    pub(crate) target: u64,
}

impl Relocations {
    /// The table of a 64-bit file, if it has one.
    pub(crate) fn find(file: &dyn RangedRead, map: &LoadMap) -> Option<Self> {
        let relative = relative_type(map)?;
        let (mut address, mut size) = (None, None);
        let dynamic = map.dynamic?;
        for index in 0..(dynamic.size / 16).min(MOST_ENTRIES) {
            let mut entry = [0; 16];
            let offset = dynamic.offset.checked_add(index * 16)?;
            if fill(file, offset, &mut entry).ok()? < entry.len() {
                break;
            }
            let value = map.layout.number(&entry[8..]);
            match map.layout.number(&entry[..8]) {
                0 => break,
                DT_RELA => address = Some(value),
                DT_RELASZ => size = Some(value),
                _ => {}
            }
        }
        let (offset, left) = map.offset(address?)?;
        Some(Self {
            offset,
            count: size?.min(left) / ENTRY as u64,
            layout: map.layout,
            relative,
        })
    }

    /// Overwrites the pointers among the bytes loaded at `address` with what they point to.
    pub(crate) fn apply(&self, file: &dyn RangedRead, address: u64, bytes: &mut [u8]) {
        let end = address.saturating_add(bytes.len() as u64);
        let Some(first) = self.first_from(file, address) else {
            return;
        };
        self.walk(file, first, |relocated| {
            if relocated.place >= end {
                return false;
            }
            let target = relocated
                .place
                .checked_sub(address)
                .and_then(|at| usize::try_from(at).ok())
                .and_then(|at| bytes.get_mut(at..at.checked_add(8)?));
            if let Some(target) = target {
                target.copy_from_slice(&self.layout.bytes(relocated.target));
            }
            true
        });
    }

    /// Gives every relocation to `visit` until it has enough.
    pub(crate) fn each(&self, file: &dyn RangedRead, visit: impl FnMut(Relocated) -> bool) {
        self.walk(file, 0, visit);
    }

    fn walk(&self, file: &dyn RangedRead, first: u64, mut visit: impl FnMut(Relocated) -> bool) {
        let mut chunk = [0; CHUNK * ENTRY];
        let mut index = first;
        while index < self.count {
            let filled = fill(file, self.at(index), &mut chunk).unwrap_or(0);
            let entries = chunk[..filled].chunks_exact(ENTRY);
            if entries.len() == 0 {
                return;
            }
            for entry in entries.take((self.count - index).min(CHUNK as u64) as usize) {
                if let Some(relocated) = self.decode(entry)
                    && !visit(relocated)
                {
                    return;
                }
                index += 1;
            }
        }
    }

    /// The first relocation at or behind `address`.
    fn first_from(&self, file: &dyn RangedRead, address: u64) -> Option<u64> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let mut place = [0; 8];
            if fill(file, self.at(middle), &mut place).ok()? < place.len() {
                return None;
            }
            if self.layout.number(&place) < address {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }

    fn at(&self, index: u64) -> u64 {
        self.offset.saturating_add(index * ENTRY as u64)
    }

    fn decode(&self, entry: &[u8]) -> Option<Relocated> {
        let what = self.layout.number(&entry[8..16]);
        (what == u64::from(self.relative)).then(|| Relocated {
            place: self.layout.number(&entry[..8]),
            target: self.layout.number(&entry[16..]),
        })
    }
}

/// `R_*_RELATIVE` of 64-bit machines that use `RELA`.
fn relative_type(map: &LoadMap) -> Option<u32> {
    const MACHINES: &[(u16, u32)] = &[(21, 22), (22, 12), (62, 8), (183, 1027), (243, 3), (258, 3)];
    let found = MACHINES.iter().find(|(machine, _)| *machine == map.machine);
    found.filter(|_| map.layout.wide).map(|(_, kind)| *kind)
}
