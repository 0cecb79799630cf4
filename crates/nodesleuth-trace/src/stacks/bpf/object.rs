//! Takes programs out of our own compiled objects (ELF, 64 bits, little-endian). aya could do it
//! too, but reads the kernel's whole BTF before anything else: 20 MB and a tenth of a second.

use crate::bpf_system_call::Instruction;
use std::collections::HashMap;

/// Relocations: a map's descriptor goes into an instruction; a function is called.
const MAP_USE: u32 = 1;
const CALL: u32 = 10;
/// What `src` of a relocated instruction says: a map's descriptor follows; the call is of our own.
const IS_MAP: u8 = 1;
const IS_OWN_CALL: u8 = 1;

const TEXT: &str = ".text";
const SECTION_HEADER: usize = 64;
const SYMBOL: usize = 24;
const RELOCATION: usize = 16;

/// An object's sections.
pub(super) struct Object<'a> {
    sections: Vec<Section<'a>>,
}

struct Section<'a> {
    name: &'a str,
    bytes: &'a [u8],
    /// Of which section these are relocations, and with which section's symbols.
    info: usize,
    link: usize,
    is_relocations: bool,
}

impl<'a> Object<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let first = usize::try_from(u64_at(bytes, 40)?).ok()?;
        let count = usize::from(u16_at(bytes, 60)?);
        let names = usize::from(u16_at(bytes, 62)?);
        let header = |index: usize| bytes.get(first + index * SECTION_HEADER..);
        let content = |index: usize| {
            let header = header(index)?;
            let begin = usize::try_from(u64_at(header, 24)?).ok()?;
            bytes.get(begin..begin + usize::try_from(u64_at(header, 32)?).ok()?)
        };
        let names = content(names)?;
        let section = |index: usize| {
            let header = header(index)?;
            Some(Section {
                name: text_at(names, u32_at(header, 0)? as usize)?,
                bytes: content(index)?,
                link: u32_at(header, 40)? as usize,
                info: u32_at(header, 44)? as usize,
                is_relocations: u32_at(header, 4)? == 9,
            })
        };
        let sections = (0..count).map(section).collect::<Option<_>>()?;
        Some(Self { sections })
    }

    /// The program in a section and the functions that it calls, with the maps' descriptors in it.
    pub(super) fn program(
        &self,
        section: &str,
        maps: &HashMap<&str, i32>,
    ) -> Option<Vec<Instruction>> {
        let mut code = self.code(section, maps)?;
        let calls = code.iter().any(is_own_call);
        if calls {
            let length = code.len();
            // Calls within the section of functions are relative already.
            code.extend(self.code(TEXT, maps)?);
            for (at, target) in self.calls(section)? {
                let distance = i32::try_from(length + target).ok()? - i32::try_from(at + 1).ok()?;
                code.get_mut(at)?[4..].copy_from_slice(&distance.to_le_bytes());
            }
        }
        Some(code)
    }

    fn code(&self, section: &str, maps: &HashMap<&str, i32>) -> Option<Vec<Instruction>> {
        let (index, found) = self.find(section)?;
        let (code, _) = found.bytes.as_chunks::<8>();
        let mut code = code.to_vec();
        for relocation in self.relocations(index) {
            if relocation.kind == MAP_USE {
                let instruction = code.get_mut(relocation.at)?;
                instruction[1] = instruction[1] & 0x0f | IS_MAP << 4;
                let map = maps.get(relocation.symbol)?;
                instruction[4..].copy_from_slice(&map.to_le_bytes());
            }
        }
        Some(code)
    }

    /// Which instructions call which one of the functions' section.
    fn calls(&self, section: &str) -> Option<Vec<(usize, usize)>> {
        let (index, found) = self.find(section)?;
        let (code, _) = found.bytes.as_chunks::<8>();
        let calls = self.relocations(index).filter(|it| it.kind == CALL);
        calls
            .map(|call| {
                let [.., i0, i1, i2, i3] = *code.get(call.at)?;
                // Relative to the symbol, which is the section or the function.
                let within = i32::from_le_bytes([i0, i1, i2, i3]) + 1;
                let target = i32::try_from(call.value / 8).ok()? + within;
                Some((call.at, usize::try_from(target).ok()?))
            })
            .collect()
    }

    fn find(&self, name: &str) -> Option<(usize, &Section<'a>)> {
        let mut sections = self.sections.iter().enumerate();
        sections.find(|(_, section)| section.name == name)
    }

    fn relocations(&self, of: usize) -> impl Iterator<Item = Relocation<'a>> {
        let tables = self.sections.iter();
        let tables = tables.filter(move |section| section.is_relocations && section.info == of);
        tables.flat_map(move |table| {
            let entries = table.bytes.chunks_exact(RELOCATION);
            entries.filter_map(move |entry| self.relocation(entry, table.link))
        })
    }

    fn relocation(&self, entry: &[u8], symbols: usize) -> Option<Relocation<'a>> {
        let symbols = self.sections.get(symbols)?;
        let names = self.sections.get(symbols.link)?.bytes;
        let symbol = u32_at(entry, 12)? as usize * SYMBOL;
        let symbol = symbols.bytes.get(symbol..symbol + SYMBOL)?;
        Some(Relocation {
            at: usize::try_from(u64_at(entry, 0)?).ok()? / 8,
            kind: u32_at(entry, 8)?,
            symbol: text_at(names, u32_at(symbol, 0)? as usize)?,
            value: u64_at(symbol, 8)?,
        })
    }
}

struct Relocation<'a> {
    /// Which instruction.
    at: usize,
    kind: u32,
    symbol: &'a str,
    value: u64,
}

fn is_own_call(instruction: &Instruction) -> bool {
    instruction[0] == 0x85 && instruction[1] >> 4 == IS_OWN_CALL
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array_at(bytes, at).map(u64::from_le_bytes)
}

fn text_at(bytes: &[u8], at: usize) -> Option<&str> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(&rest[..end]).ok()
}
