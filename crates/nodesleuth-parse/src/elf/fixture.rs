//! Small ELF files with chosen segments and sections, made by hand for the tests.

use super::record::Layout;

pub(crate) const READ: u64 = 4;
pub(crate) const READ_WRITE: u64 = 6;
pub(crate) const READ_EXECUTE: u64 = 5;
/// `PT_LOAD`, `PT_DYNAMIC` and `PT_NOTE`.
pub(crate) const LOAD: u64 = 1;
pub(crate) const DYNAMIC: u64 = 2;
pub(crate) const NOTE: u64 = 4;
/// `SHT_PROGBITS`, `SHT_SYMTAB`, `SHT_STRTAB` and `SHT_DYNSYM`.
pub(crate) const PROGBITS: u64 = 1;
pub(crate) const SYMTAB: u64 = 2;
pub(crate) const STRTAB: u64 = 3;
pub(crate) const DYNSYM: u64 = 11;

/// A part of the file.
pub(crate) struct Part {
    /// Segment type and flags; no segment without.
    pub(crate) segment: Option<(u64, u64)>,
    /// Section name, type and link; no section without.
    pub(crate) section: Option<(&'static str, u64, u64)>,
    pub(crate) address: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Appends numbers as a file of this layout has them.
pub(crate) struct Writer {
    pub(crate) layout: Layout,
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            bytes: Vec::new(),
        }
    }

    /// A number of `size` bytes.
    pub(crate) fn put(&mut self, number: u64, size: usize) {
        let bytes = self.layout.bytes(number);
        if self.layout.big_endian {
            self.bytes.extend(&bytes[8 - size..]);
        } else {
            self.bytes.extend(&bytes[..size]);
        }
    }

    pub(crate) fn word(&mut self, number: u32) {
        self.put(u64::from(number), 4);
    }

    /// A number of pointer size.
    pub(crate) fn native(&mut self, number: u64) {
        self.put(number, self.layout.pointer_size());
    }

    pub(crate) fn align(&mut self, to: usize) {
        let length = self.bytes.len().next_multiple_of(to);
        self.bytes.resize(length, 0);
    }
}

/// Sizes of the file header, a program header and a section header.
fn header_sizes(layout: Layout) -> [usize; 3] {
    if layout.wide {
        [64, 56, 64]
    } else {
        [52, 32, 40]
    }
}

/// A file of these parts for a machine (`e_machine`).
pub(crate) fn file(layout: Layout, machine: u64, parts: &[Part], section_headers: bool) -> Vec<u8> {
    let [header, program, _] = header_sizes(layout);
    let segments = parts.iter().filter(|part| part.segment.is_some()).count();
    let mut end = (header + segments * program).next_multiple_of(64);
    let mut offsets = Vec::new();
    for part in parts {
        offsets.push(end);
        end = (end + part.bytes.len()).next_multiple_of(64);
    }
    let (names, name_offsets) = names(parts);
    let sections_at = (end + names.len()).next_multiple_of(8);
    let sections = section_headers.then_some((sections_at, name_offsets.len() + 2));
    let mut out = file_header(layout, machine, segments, sections);
    for (part, offset) in parts.iter().zip(&offsets) {
        if let Some((kind, flags)) = part.segment {
            segment(&mut out, kind, flags, part, *offset as u64);
        }
    }
    for (part, offset) in parts.iter().zip(&offsets) {
        out.bytes.resize(*offset, 0);
        out.bytes.extend(&part.bytes);
    }
    if section_headers {
        out.bytes.resize(end, 0);
        out.bytes.extend(&names);
        out.bytes.resize(sections_at, 0);
        let names = (end as u64, names.len() as u64);
        section_table(&mut out, parts, &offsets, &name_offsets, names);
    }
    out.bytes
}

/// `sections` is where their headers are and how many, the last of them that of the names.
fn file_header(
    layout: Layout,
    machine: u64,
    segments: usize,
    sections: Option<(usize, usize)>,
) -> Writer {
    let [header, program, section] = header_sizes(layout);
    let (sections_at, count) = sections.unwrap_or_default();
    let mut out = Writer::new(layout);
    out.bytes.extend(b"\x7fELF");
    out.bytes.push(1 + u8::from(layout.wide));
    out.bytes.push(1 + u8::from(layout.big_endian));
    out.bytes.push(1);
    out.bytes.resize(16, 0);
    out.put(2, 2);
    out.put(machine, 2);
    out.word(1);
    for number in [0, header, sections_at] {
        out.native(number as u64);
    }
    out.word(0);
    let names = count.saturating_sub(1);
    for number in [header, program, segments, section, count, names] {
        out.put(number as u64, 2);
    }
    out
}

/// An empty section, those of the parts, and the names' own.
fn section_table(
    out: &mut Writer,
    parts: &[Part],
    offsets: &[usize],
    name_offsets: &[u64],
    (names_at, names_size): (u64, u64),
) {
    let [_, _, section] = header_sizes(out.layout);
    let empty = out.bytes.len() + section;
    out.bytes.resize(empty, 0);
    let sections = parts
        .iter()
        .zip(offsets)
        .filter_map(|(part, offset)| Some((part, offset, part.section?)));
    for ((part, offset, (_, kind, link)), name) in sections.zip(name_offsets) {
        let range = (part.address, *offset as u64, part.bytes.len() as u64);
        section_header(out, *name, kind, link, range);
    }
    let own_name = names_size - b".shstrtab\0".len() as u64;
    section_header(out, own_name, STRTAB, 0, (0, names_at, names_size));
}

/// The table of section names and where each begins.
fn names(parts: &[Part]) -> (Vec<u8>, Vec<u64>) {
    let (mut names, mut offsets) = (vec![0], Vec::new());
    for (name, ..) in parts.iter().filter_map(|part| part.section) {
        offsets.push(names.len() as u64);
        names.extend(name.bytes());
        names.push(0);
    }
    names.extend(b".shstrtab\0");
    (names, offsets)
}

fn segment(out: &mut Writer, kind: u64, flags: u64, part: &Part, offset: u64) {
    let size = part.bytes.len() as u64;
    out.put(kind, 4);
    if out.layout.wide {
        out.put(flags, 4);
    }
    for number in [offset, part.address, part.address, size, size] {
        out.native(number);
    }
    if !out.layout.wide {
        out.put(flags, 4);
    }
    out.native(16);
}

fn section_header(
    out: &mut Writer,
    name: u64,
    kind: u64,
    link: u64,
    (address, offset, size): (u64, u64, u64),
) {
    out.put(name, 4);
    out.put(kind, 4);
    for number in [0, address, offset, size] {
        out.native(number);
    }
    out.put(link, 4);
    out.put(0, 4);
    out.native(16);
    out.native(0);
}
