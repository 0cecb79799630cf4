//! Function symbols of `.symtab` and `.dynsym`, sorted by address.

use super::record::{Field, Record};
use super::{Elf, ElfError, Range};
use crate::ranged_read::{RangedRead, fill};

const SYMTAB: u32 = 2;
const DYNSYM: u32 = 11;
/// `STT_FUNC` and `STT_GNU_IFUNC`.
const FUNCTIONS: [u8; 2] = [2, 10];
/// More than this are not kept: 24 MB. A kubelet has 140,000 functions.
const MOST: usize = 1 << 20;
/// C++ has names of a thousand characters.
const LONGEST_NAME: usize = 4 << 10;
/// How many symbols before an address may lie within the one that holds it.
const MOST_NESTED: usize = 32;
/// `EM_ARM`: the lowest bit of an address says that it is Thumb code.
const ARM: u16 = 40;

/// The function symbols of a file.
#[derive(Debug)]
pub(crate) struct Symbols {
    /// By address.
    entries: Vec<Entry>,
    /// Name tables of the full and of the dynamic table.
    names: [Range; 2],
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    address: u64,
    size: u32,
    name: u32,
    dynamic: bool,
    /// The better of two names for the same function: global, then weak, then local.
    rank: u8,
}

impl Entry {
    /// A symbol without a size holds nothing: where it ends would be a guess.
    fn holds(&self, address: u64) -> bool {
        let distance = address.checked_sub(self.address);
        distance.is_some_and(|distance| distance < u64::from(self.size))
    }
}

impl Symbols {
    /// Reads both tables; a file without either has no symbols.
    pub(crate) fn read(elf: &Elf<'_>) -> Result<Self, ElfError> {
        let nowhere = Range {
            address: 0,
            offset: 0,
            size: 0,
        };
        let mut symbols = Self {
            entries: Vec::new(),
            names: [nowhere; 2],
        };
        for (index, kind) in [SYMTAB, DYNSYM].into_iter().enumerate() {
            if let Some((table, names)) = elf.symbol_table(kind)? {
                symbols.names[index] = names;
                symbols.add(elf, table, kind == DYNSYM)?;
            }
        }
        symbols.entries.sort_by_key(|entry| entry.address);
        symbols.entries.shrink_to_fit();
        Ok(symbols)
    }

    fn add(&mut self, elf: &Elf<'_>, table: Range, dynamic: bool) -> Result<(), ElfError> {
        let length = if elf.layout.wide { 24 } else { 16 };
        let end = table.offset.saturating_add(table.size).min(elf.file.size());
        let count = end.saturating_sub(table.offset) / length as u64;
        for index in 0..count {
            if self.entries.len() >= MOST {
                break;
            }
            let offset = table.offset + index * length as u64;
            let record = Record::read(elf.file, elf.layout, offset, length)?;
            self.entries.extend(function(elf, &record, dynamic));
        }
        Ok(())
    }

    /// The function whose symbol holds `address`; of several names for it the best known.
    pub(crate) fn at(&self, file: &dyn RangedRead, address: u64) -> Option<String> {
        let end = self
            .entries
            .partition_point(|entry| entry.address <= address);
        let before = self.entries[..end].iter().rev();
        let nearest = before
            .take(MOST_NESTED)
            .find(|entry| entry.holds(address))?;
        let start = self
            .entries
            .partition_point(|entry| entry.address < nearest.address);
        self.entries[start..end]
            .iter()
            .take_while(|entry| entry.address == nearest.address)
            .filter(|entry| entry.holds(address))
            .take(MOST_NESTED)
            .filter_map(|entry| Some((entry, self.name(file, *entry)?)))
            .min_by_key(|(entry, name)| (entry.rank, underscores(name), name.clone()))
            .map(|(_, name)| name)
    }

    /// Without the version that `nm` prints behind an `@`.
    fn name(&self, file: &dyn RangedRead, entry: Entry) -> Option<String> {
        let names = self.names[usize::from(entry.dynamic)];
        let offset = names.offset.checked_add(u64::from(entry.name))?;
        let mut bytes = vec![0; LONGEST_NAME];
        let filled = fill(file, offset, &mut bytes).ok()?;
        let length = bytes[..filled].iter().position(|&byte| byte == 0)?;
        let name = std::str::from_utf8(&bytes[..length]).ok()?;
        let bare = match name.find('@') {
            Some(at) if at > 0 => &name[..at],
            _ => name,
        };
        (!bare.is_empty()).then(|| bare.to_owned())
    }
}

fn underscores(name: &str) -> usize {
    name.bytes().take_while(|&byte| byte == b'_').count()
}

/// A symbol that is a function of this file.
fn function(elf: &Elf<'_>, record: &Record, dynamic: bool) -> Option<Entry> {
    let info = record.byte(Field(12, 4));
    let is_defined = record.half(Field(14, 6)) != 0;
    if !FUNCTIONS.contains(&(info & 0xf)) || !is_defined {
        return None;
    }
    let address = record.native(Field(4, 8));
    let size = record.native(Field(8, 16));
    (size > 0).then(|| Entry {
        address: if elf.machine == ARM {
            address & !1
        } else {
            address
        },
        size: u32::try_from(size).unwrap_or(u32::MAX),
        name: record.word(Field(0, 0)),
        dynamic,
        rank: match info >> 4 {
            1 => 0,
            2 => 1,
            _ => 2,
        },
    })
}
