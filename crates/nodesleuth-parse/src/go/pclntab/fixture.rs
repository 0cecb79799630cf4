//! A table of three functions in a small ELF file, written by hand in every layout.
//!
//! It follows what the Go linker of each version writes (`cmd/link/internal/ld/pcln.go`), as its
//! readers `debug/gosym` and `runtime/symtab.go` describe it:
//!
//! | distance | function | position | inlined calls |
//! |---|---|---|---|
//! | 0x00 | `main.first` | a.go:10 | |
//! | 0x20 | `main.outer` | b.go:20 | |
//! | 0x30 | `main.outer` | a.go:31 | `main.middle` called at b.go:21 |
//! | 0x38 | `main.outer` | a.go:41 | `main.(*T).inner` called at a.go:32, in `main.middle` |
//! | 0x40 | `main.outer` | b.go:22 | |
//! | 0x60 | `main.last` | b.go:100000, ends at 0x78 | |

use super::header::Version;
use crate::elf::Layout;
use crate::elf::fixture::{LOAD, PROGBITS, Part, READ, READ_EXECUTE, READ_WRITE, Writer, file};

pub(super) const TEXT: u64 = 0x40_1000;
const TABLE: u64 = 0x50_0000;
const DATA: u64 = 0x60_0000;
const TEXT_SIZE: u64 = 0x80;
/// Distance of the table of inlined calls from what function data count from.
const TREE: u32 = 16;

const NAMES: [&str; 5] = [
    "main.first",
    "main.outer",
    "main.last",
    "main.middle",
    "main.(*T).inner",
];
const FILES: [&str; 2] = ["/src/a.go", "/src/b.go"];

/// Ends and values of runs.
type Runs<'r> = &'r [(u32, i32)];

struct Function {
    entry: u32,
    files: Runs<'static>,
    lines: Runs<'static>,
    calls: Runs<'static>,
    /// Bytes that it has put on the stack; nothing is known where there are none.
    stack: Runs<'static>,
}

/// Files are numbered from one here, as before Go 1.16.
const FUNCTIONS: [Function; 3] = [
    Function {
        entry: 0,
        files: &[(0x20, 1)],
        lines: &[(0x20, 10)],
        calls: &[],
        stack: &[(0x20, 0)],
    },
    Function {
        entry: 0x20,
        files: &[(0x10, 2), (0x20, 1), (0x40, 2)],
        lines: &[
            (0xc, 20),
            (0x10, 21),
            (0x14, 31),
            (0x18, 32),
            (0x20, 41),
            (0x40, 22),
        ],
        calls: &[(0x10, -1), (0x18, 0), (0x20, 1), (0x40, -1)],
        stack: &[(0x4, 0), (0x3c, 24), (0x40, 0)],
    },
    Function {
        entry: 0x60,
        files: &[(0x18, 2)],
        lines: &[(0x18, 100_000)],
        calls: &[],
        stack: &[],
    },
];

/// Which layout to write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Minor version of Go.
    pub(super) go: u32,
    pub(super) layout: Layout,
    pub(super) quantum: u32,
    /// With section headers; otherwise the table has to be searched.
    pub(super) sections: bool,
    /// With module data (since Go 1.16).
    pub(super) module_data: bool,
}

/// Every layout in each word size and byte order.
pub(super) fn kinds() -> Vec<Kind> {
    let layouts = [(true, false), (true, true), (false, false), (false, true)];
    let mut kinds = Vec::new();
    for go in [11, 12, 15, 17, 19, 20] {
        for (wide, big_endian) in layouts {
            for (quantum, sections) in [(1, true), (4, false)] {
                kinds.push(Kind {
                    go,
                    layout: Layout { wide, big_endian },
                    quantum,
                    sections,
                    module_data: true,
                });
            }
        }
    }
    kinds
}

/// Values as the linker writes them.
fn values(runs: Runs<'_>, quantum: u32) -> Vec<u8> {
    let (mut bytes, mut end, mut value) = (Vec::new(), 0, -1);
    for (next, new) in runs {
        let change = new - value;
        let sign = if change < 0 { 1 } else { 0 };
        let size = if change < 0 { !change } else { change };
        varint(&mut bytes, (size.cast_unsigned() << 1) | sign);
        varint(&mut bytes, (next - end) / quantum);
        (end, value) = (*next, *new);
    }
    bytes.push(0);
    bytes
}

fn varint(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The parts that all layouts have, with offsets from each part's start.
struct Pools {
    names: Vec<u8>,
    name_at: Vec<u32>,
    files: Vec<u8>,
    file_at: Vec<u32>,
    values: Vec<u8>,
    /// Files, lines, calls and stack of each function.
    value_at: Vec<[u32; 4]>,
}

fn strings(texts: &[&str]) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut offsets) = (Vec::new(), Vec::new());
    for text in texts {
        offsets.push(bytes.len() as u32);
        bytes.extend(text.bytes());
        bytes.push(0);
    }
    (bytes, offsets)
}

impl Kind {
    pub(super) fn version(&self) -> Version {
        match self.go {
            ..16 => Version::Go12,
            16 | 17 => Version::Go116,
            18 | 19 => Version::Go118,
            20.. => Version::Go120,
        }
    }

    pub(super) fn file(&self) -> Vec<u8> {
        let (table, places) = self.table();
        let trees = self.trees(&places.name_at);
        let trees_at = TABLE + table.len().next_multiple_of(16) as u64;
        let mut read_only = table;
        read_only.resize((trees_at - TABLE) as usize, 0);
        read_only.extend(trees);
        let data = self.module_data(trees_at, &places);
        let code = vec![0xcc; TEXT_SIZE as usize];
        let part = |flags, name, address, bytes| Part {
            segment: Some((LOAD, flags)),
            section: Some((name, PROGBITS, 0)),
            address,
            bytes,
        };
        let parts = [
            part(READ_EXECUTE, ".text", TEXT, code),
            part(READ, ".gopclntab", TABLE, read_only),
            part(READ_WRITE, ".noptrdata", DATA, data),
        ];
        file(self.layout, 62, &parts, self.sections)
    }

    fn pools(&self) -> Pools {
        let (names, name_at) = strings(&NAMES);
        let (files, file_at) = strings(&FILES);
        // offset 0 means that there is no table
        let mut pool = vec![0];
        let mut value_at = Vec::new();
        // since Go 1.16 files of a unit are numbered from zero
        let first = i32::from(self.version() == Version::Go12);
        for function in &FUNCTIONS {
            let files: Vec<_> = function
                .files
                .iter()
                .map(|(end, file)| (*end, file - 1 + first))
                .collect();
            let all = [&files[..], function.lines, function.calls, function.stack];
            value_at.push(all.map(|runs| {
                let at = pool.len() as u32;
                pool.extend(values(runs, self.quantum));
                if runs.is_empty() { 0 } else { at }
            }));
        }
        Pools {
            names,
            name_at,
            files,
            file_at,
            values: pool,
            value_at,
        }
    }

    fn table(&self) -> (Vec<u8>, Places) {
        if self.version() == Version::Go12 {
            self.one_part()
        } else {
            self.parts()
        }
    }

    fn start(&self) -> Writer {
        let mut out = Writer::new(self.layout);
        let magic = match self.version() {
            Version::Go12 => 0xffff_fffb,
            Version::Go116 => 0xffff_fffa,
            Version::Go118 => 0xffff_fff0,
            Version::Go120 => 0xffff_fff1,
        };
        out.word(magic);
        let pointer = self.layout.pointer_size() as u8;
        out.bytes.extend([0, 0, self.quantum as u8, pointer]);
        out.native(FUNCTIONS.len() as u64);
        out
    }

    /// Everything counts from the start of the table.
    fn one_part(&self) -> (Vec<u8>, Places) {
        let mut pools = self.pools();
        let size = self.layout.pointer_size();
        let pools_at = (8 + size * 8 + 4) as u32;
        let values_at = pools_at + pools.names.len() as u32;
        let files_at = values_at + pools.values.len() as u32;
        let list_at = (files_at + pools.files.len() as u32).next_multiple_of(4);
        let records_at = (list_at + 12).next_multiple_of(8);
        pools.name_at.iter_mut().for_each(|at| *at += pools_at);
        let shift = |at: &mut u32| *at += if *at == 0 { 0 } else { values_at };
        pools.value_at.iter_mut().flatten().for_each(shift);
        let (records, offsets) = self.records(&pools, records_at);

        let mut out = self.start();
        self.function_table(&mut out, &offsets, records_at);
        out.word(list_at);
        out.bytes.extend(&pools.names);
        out.bytes.extend(&pools.values);
        out.bytes.extend(&pools.files);
        out.align(4);
        out.word(FILES.len() as u32 + 1);
        for at in &pools.file_at {
            out.word(files_at + at);
        }
        out.align(8);
        out.bytes.extend(records);
        let places = Places {
            name_at: pools.name_at,
            parts: [0; 5],
        };
        (out.bytes, places)
    }

    /// Parts of their own, whose offsets the header has.
    fn parts(&self) -> (Vec<u8>, Places) {
        let pools = self.pools();
        let size = self.layout.pointer_size();
        let numbers = if self.version() == Version::Go116 {
            7
        } else {
            8
        };
        let names = (8 + numbers * size) as u64;
        let units = (names + pools.names.len() as u64).next_multiple_of(8);
        let files = units + 8;
        let values = files + pools.files.len() as u64;
        let records_part = (values + pools.values.len() as u64).next_multiple_of(8);
        let parts = [names, units, files, values, records_part];

        let field = if self.version() == Version::Go116 {
            size
        } else {
            4
        };
        let records_at = ((FUNCTIONS.len() * 2 + 1) * field).next_multiple_of(8) as u32;
        let (records, offsets) = self.records(&pools, records_at);
        let mut out = self.start();
        out.native(FILES.len() as u64);
        if self.version() != Version::Go116 {
            // not written any more since Go 1.26
            out.native(0);
        }
        for part in parts {
            out.native(part);
        }
        out.bytes.extend(&pools.names);
        out.align(8);
        for at in &pools.file_at {
            out.word(*at);
        }
        out.bytes.extend(&pools.files);
        out.bytes.extend(&pools.values);
        out.align(8);
        self.function_table(&mut out, &offsets, records_at);
        out.align(8);
        out.bytes.extend(records);
        let places = Places {
            name_at: pools.name_at,
            parts,
        };
        (out.bytes, places)
    }

    fn function_table(&self, out: &mut Writer, offsets: &[u32], records_at: u32) {
        let relative = self.version() >= Version::Go118;
        let put = |out: &mut Writer, number: u64| {
            if relative {
                out.put(number, 4);
            } else {
                out.native(number);
            }
        };
        let base = if relative { 0 } else { TEXT };
        for (function, offset) in FUNCTIONS.iter().zip(offsets) {
            put(out, base + u64::from(function.entry));
            put(out, u64::from(records_at + offset));
        }
        put(out, base + TEXT_SIZE);
    }

    /// The records and where each begins; the first is at `start` of the table.
    fn records(&self, pools: &Pools, start: u32) -> (Vec<u8>, Vec<u32>) {
        let mut out = Writer::new(self.layout);
        let mut offsets = Vec::new();
        for (index, function) in FUNCTIONS.iter().enumerate() {
            out.align(8);
            offsets.push(out.bytes.len() as u32);
            self.record(&mut out, pools, index, function, start);
        }
        (out.bytes, offsets)
    }

    fn record(
        &self,
        out: &mut Writer,
        pools: &Pools,
        index: usize,
        function: &Function,
        start: u32,
    ) {
        let relative = self.version() >= Version::Go118;
        if relative {
            out.word(function.entry);
        } else {
            out.native(TEXT + u64::from(function.entry));
        }
        let [files, lines, calls, stack] = pools.value_at[index];
        let kind = self.inline_kinds();
        let value_tables = if calls == 0 { 0 } else { kind.0 + 1 };
        let data = if calls == 0 { 2 } else { kind.1 + 1 };
        let name = pools.name_at[index];
        for number in [name, 8, 24, stack, files, lines, value_tables] {
            out.word(number);
        }
        match self.version() {
            Version::Go12 => {}
            Version::Go116 | Version::Go118 => out.word(0),
            Version::Go120 => [0, 5].into_iter().for_each(|number| out.word(number)),
        }
        if self.go < 12 {
            out.word(data);
        } else {
            out.bytes.extend([0, 0, 0, data as u8]);
        }
        for table in 0..value_tables {
            out.word(if table == kind.0 { calls } else { 0 });
        }
        if !relative {
            let size = self.layout.pointer_size();
            while !(start as usize + out.bytes.len()).is_multiple_of(size) {
                out.bytes.push(0);
            }
        }
        for number in 0..data {
            let has = number == kind.1 && calls != 0;
            if relative {
                out.word(if has { TREE } else { u32::MAX });
            } else {
                out.native(if has { self.tree_address() } else { 0 });
            }
        }
    }

    /// Which value table and which function data inlined calls are.
    fn inline_kinds(&self) -> (u32, u32) {
        match self.go {
            ..13 => (1, 2),
            13..16 => (2, 4),
            16.. => (2, 3),
        }
    }

    /// Without relative addresses the calls are at a place that does not depend on the table.
    fn tree_address(&self) -> u64 {
        DATA + 0x40
    }

    fn trees(&self, name_at: &[u32]) -> Vec<u8> {
        let mut out = Writer::new(self.layout);
        out.bytes.resize(TREE as usize, 0xee);
        self.calls(&mut out, name_at);
        out.bytes
    }

    fn calls(&self, out: &mut Writer, name_at: &[u32]) {
        // name, parent, file and line of the call, distance of the call
        let calls = [(3, -1, 2, 21, 0xc_u32), (4, 0, 1, 32, 0x14)];
        for (name, parent, file, line, distance) in calls {
            let name = name_at[name];
            match self.version() {
                Version::Go12 if self.go < 12 => {
                    out.word(i32::cast_unsigned(parent));
                    [file, line, name]
                        .into_iter()
                        .for_each(|number| out.word(number));
                }
                Version::Go120 => {
                    out.bytes.extend([0; 4]);
                    [name, distance, line]
                        .into_iter()
                        .for_each(|number| out.word(number));
                }
                _ => {
                    out.put(u64::from(parent.cast_unsigned() as u16), 2);
                    out.bytes.extend([0; 2]);
                    let numbers = [file - 1, line, name, distance];
                    numbers.into_iter().for_each(|number| out.word(number));
                }
            }
        }
    }

    /// Module data behind some other data; in front, the calls of layouts with absolute addresses.
    fn module_data(&self, trees_at: u64, places: &Places) -> Vec<u8> {
        let mut out = Writer::new(self.layout);
        out.bytes.resize(0x40, 0x11);
        self.calls(&mut out, &places.name_at);
        out.bytes.resize(0x100, 0x11);
        if self.version() == Version::Go12 || !self.module_data {
            return out.bytes;
        }
        out.native(TABLE);
        let [names, units, files, values, records] = places.parts;
        for offset in [names, units, files, values, records, records] {
            let count = FUNCTIONS.len() as u64 + 1;
            [TABLE + offset, count, count]
                .into_iter()
                .for_each(|number| out.native(number));
        }
        // the search table, the ends of the functions and of the text
        let end = TEXT + TEXT_SIZE;
        for number in [TABLE + 8, TEXT, end, TEXT, end] {
            out.native(number);
        }
        // data, bss and types, then what function data count from, and the end of the table
        for number in [
            DATA,
            DATA + 8,
            DATA,
            DATA + 16,
            TABLE,
            trees_at,
            trees_at + 100,
        ] {
            out.native(number);
        }
        out.bytes
    }
}

/// What the module data and the calls need of a table.
struct Places {
    name_at: Vec<u32>,
    /// Names, units, files, values and records.
    parts: [u64; 5],
}
