//! Function symbols of `.symtab` and `.dynsym`, sorted by address.

use super::record::{Field, Layout, Record};
use super::{Elf, ElfError, Range};
use crate::ranged_read::{RangedRead, fill};

const SYMTAB: u32 = 2;
const DYNSYM: u32 = 11;
/// `STT_FUNC` and `STT_GNU_IFUNC`.
const FUNCTIONS: [u8; 2] = [2, 10];
/// More than this are not kept: 12 MB. A kubelet has 140,000 functions.
const MOST: usize = 1 << 20;
/// Records that are read at once, so many bytes that no cache keeps them.
const RECORDS: usize = 4096;
/// C++ has names of a thousand characters.
const LONGEST_NAME: usize = 4 << 10;
/// How many symbols before an address may lie within the one that holds it.
const MOST_NESTED: usize = 32;
/// `EM_ARM`: the lowest bit of an address says that it is Thumb code.
const ARM: u16 = 40;

/// The function symbols of a file: where each begins, and which record of which table says the
/// rest. A library may have half a million, so the rest is read when it is asked for.
#[derive(Debug)]
pub(crate) struct Symbols {
    /// By address.
    starts: Vec<Start>,
    tables: [Table; 2],
    layout: Layout,
    machine: u16,
}

/// The full or the dynamic table, and its names.
#[derive(Clone, Copy, Debug)]
struct Table {
    records: Range,
    names: Range,
}

/// Twelve bytes, not sixteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Start {
    high: u32,
    low: u32,
    /// The record's number; the highest bit says that it is in the dynamic table.
    record: u32,
}

const IS_DYNAMIC: u32 = 1 << 31;

impl Start {
    fn new(address: u64, record: u32) -> Self {
        Self {
            high: (address >> 32) as u32,
            low: address as u32,
            record,
        }
    }

    fn address(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }
}

/// A function symbol.
#[derive(Clone, Copy, Debug)]
struct Entry {
    address: u64,
    size: u64,
    name: u32,
    /// The better of two names for the same function: global, then weak, then local.
    rank: u8,
}

impl Entry {
    /// A symbol without a size holds nothing: where it ends would be a guess.
    fn holds(&self, address: u64) -> bool {
        let distance = address.checked_sub(self.address);
        distance.is_some_and(|distance| distance < self.size)
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
        let none = Table {
            records: nowhere,
            names: nowhere,
        };
        let mut symbols = Self {
            starts: Vec::new(),
            tables: [none; 2],
            layout: elf.layout,
            machine: elf.machine,
        };
        for (index, kind) in [SYMTAB, DYNSYM].into_iter().enumerate() {
            if let Some((records, names)) = elf.symbol_table(kind)? {
                symbols.tables[index] = Table { records, names };
                let flag = if kind == DYNSYM { IS_DYNAMIC } else { 0 };
                symbols.add(elf, records, flag)?;
            }
        }
        symbols.starts.sort_unstable();
        symbols.starts.shrink_to_fit();
        Ok(symbols)
    }

    fn add(&mut self, elf: &Elf<'_>, table: Range, flag: u32) -> Result<(), ElfError> {
        let length = record_length(self.layout);
        let end = table.offset.saturating_add(table.size).min(elf.file.size());
        let left = end.saturating_sub(table.offset) / length as u64;
        let mut left = left.min(u64::from(IS_DYNAMIC));
        let mut offset = table.offset;
        let mut number = flag;
        let mut records = vec![0; length * RECORDS];
        while left > 0 && self.starts.len() < MOST {
            let count = left.min(RECORDS as u64);
            let records = &mut records[..length * count as usize];
            elf.fill(offset, records)?;
            for record in records.chunks_exact(length) {
                let entry = function(self.machine, &Record::of(self.layout, record));
                self.starts
                    .extend(entry.map(|entry| Start::new(entry.address, number)));
                number = number.wrapping_add(1);
            }
            left -= count;
            offset += records.len() as u64;
        }
        self.starts.truncate(MOST);
        Ok(())
    }

    /// The function whose symbol holds `address`; of several names for it the best known.
    pub(crate) fn at(&self, file: &dyn RangedRead, address: u64) -> Option<String> {
        let end = self
            .starts
            .partition_point(|start| start.address() <= address);
        let holding = |start: &Start| {
            let entry = self.entry(file, *start)?;
            entry.holds(address).then_some(entry)
        };
        let before = self.starts[..end].iter().rev();
        let nearest = before.take(MOST_NESTED).find_map(holding)?;
        let first = self
            .starts
            .partition_point(|start| start.address() < nearest.address);
        self.starts[first..end]
            .iter()
            .take_while(|start| start.address() == nearest.address)
            .filter_map(|start| Some((start, holding(start)?)))
            .take(MOST_NESTED)
            .filter_map(|(start, entry)| Some((entry, self.name(file, *start, entry)?)))
            .min_by_key(|(entry, name)| (entry.rank, underscores(name), name.clone()))
            .map(|(_, name)| name)
    }

    fn table(&self, start: Start) -> Table {
        self.tables[usize::from(start.record & IS_DYNAMIC != 0)]
    }

    fn entry(&self, file: &dyn RangedRead, start: Start) -> Option<Entry> {
        let length = record_length(self.layout);
        let number = u64::from(start.record & !IS_DYNAMIC);
        let offset = self.table(start).records.offset + number * length as u64;
        let record = Record::read(file, self.layout, offset, length).ok()?;
        function(self.machine, &record)
    }

    /// Without the version that `nm` prints behind an `@`.
    fn name(&self, file: &dyn RangedRead, start: Start, entry: Entry) -> Option<String> {
        let names = self.table(start).names;
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

fn record_length(layout: Layout) -> usize {
    if layout.wide { 24 } else { 16 }
}

fn underscores(name: &str) -> usize {
    name.bytes().take_while(|&byte| byte == b'_').count()
}

/// A symbol that is a function of this file.
fn function(machine: u16, record: &Record) -> Option<Entry> {
    let info = record.byte(Field(12, 4));
    let is_defined = record.half(Field(14, 6)) != 0;
    if !FUNCTIONS.contains(&(info & 0xf)) || !is_defined {
        return None;
    }
    let address = record.native(Field(4, 8));
    let size = record.native(Field(8, 16));
    (size > 0).then(|| Entry {
        address: if machine == ARM {
            address & !1
        } else {
            address
        },
        size,
        name: record.word(Field(0, 0)),
        rank: match info >> 4 {
            1 => 0,
            2 => 1,
            _ => 2,
        },
    })
}
