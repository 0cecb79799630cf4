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

/// A file of these parts for a machine (`e_machine`).
pub(crate) fn file(layout: Layout, machine: u64, parts: &[Part], section_headers: bool) -> Vec<u8> {
    let (header, program, section) = if layout.wide {
        (64, 56, 64)
    } else {
        (52, 32, 40)
    };
    let segments = parts.iter().filter(|part| part.segment.is_some()).count();
    let mut at = (header + segments * program).next_multiple_of(64);
    let mut offsets = Vec::new();
    for part in parts {
        offsets.push(at as u64);
        at = (at + part.bytes.len()).next_multiple_of(64);
    }
    let named: Vec<_> = parts.iter().zip(&offsets).collect();
    let (names, name_offsets) = names(parts);
    let headers = (at + names.len()).next_multiple_of(8);
    let count = name_offsets.len() + 2;

    let mut out = Writer::new(layout);
    out.bytes.extend(b"\x7fELF");
    out.bytes.push(1 + u8::from(layout.wide));
    out.bytes.push(1 + u8::from(layout.big_endian));
    out.bytes.push(1);
    out.bytes.resize(16, 0);
    out.put(2, 2);
    out.put(machine, 2);
    out.word(1);
    out.native(0);
    out.native(header as u64);
    out.native(if section_headers { headers as u64 } else { 0 });
    out.word(0);
    let sections = if section_headers { count } else { 0 };
    for number in [header, program, segments, section, sections, count - 1] {
        out.put(number as u64, 2);
    }
    for (part, offset) in &named {
        if let Some((kind, flags)) = part.segment {
            segment(&mut out, kind, flags, part, **offset);
        }
    }
    for (part, offset) in &named {
        out.bytes.resize(**offset as usize, 0);
        out.bytes.extend(&part.bytes);
    }
    if !section_headers {
        return out.bytes;
    }
    out.bytes.resize(at, 0);
    out.bytes.extend(&names);
    out.bytes.resize(headers, 0);
    out.bytes.resize(headers + section, 0);
    let with_section = named.iter().filter(|(part, _)| part.section.is_some());
    for ((part, offset), name) in with_section.zip(name_offsets) {
        let (_, kind, link) = part.section.unwrap();
        let range = (part.address, **offset, part.bytes.len() as u64);
        section_header(&mut out, name, kind, link, range);
    }
    let last = names.len() as u64 - 10;
    section_header(
        &mut out,
        last,
        STRTAB,
        0,
        (0, at as u64, names.len() as u64),
    );
    out.bytes
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
