//! Symbols, notes and relocations of small files made by hand.

use super::fixture::{
    DYNAMIC, DYNSYM, LOAD, NOTE, PROGBITS, Part, READ, READ_EXECUTE, READ_WRITE, STRTAB, SYMTAB,
    Writer, file,
};
use super::{Elf, Image, Layout, LoadMap, Relocations, Symbols, build_id};

const LAYOUTS: [Layout; 4] = [
    Layout {
        wide: true,
        big_endian: false,
    },
    Layout {
        wide: true,
        big_endian: true,
    },
    Layout {
        wide: false,
        big_endian: false,
    },
    Layout {
        wide: false,
        big_endian: true,
    },
];
const X86_64: u64 = 62;
const ARM: u64 = 40;

const GLOBAL: u8 = 1;
const WEAK: u8 = 2;
const LOCAL: u8 = 0;
const FUNCTION: u8 = 2;
const OBJECT: u8 = 1;

/// Name, binding, type, address, size.
type Row<'n> = (&'n str, u8, u8, u64, u64);

const STATIC: &[Row<'static>] = &[
    ("outer", LOCAL, FUNCTION, 0x1000, 0x100),
    ("inner", LOCAL, FUNCTION, 0x1010, 0x10),
    ("__read", LOCAL, FUNCTION, 0x1200, 0x20),
    ("read@@GLIBC_2.2.5", WEAK, FUNCTION, 0x1200, 0x20),
    ("table", GLOBAL, OBJECT, 0x1300, 0x100),
    ("no_size", GLOBAL, FUNCTION, 0x1500, 0),
];
const EXPORTED: &[Row<'static>] = &[
    ("__libc_read", GLOBAL, FUNCTION, 0x1200, 0x20),
    ("exported@VERS_1", GLOBAL, FUNCTION, 0x1400, 0x10),
    ("undefined", GLOBAL, FUNCTION, 0, 0x10),
];

fn table(layout: Layout, rows: &[Row<'_>]) -> (Vec<u8>, Vec<u8>) {
    let (mut out, mut names) = (Writer::new(layout), vec![0]);
    for (name, binding, kind, address, size) in rows {
        let (at, info) = (names.len() as u32, binding << 4 | kind);
        let section = u64::from(*address != 0);
        names.extend(name.bytes());
        names.push(0);
        out.word(at);
        if layout.wide {
            out.bytes.extend([info, 0]);
            out.put(section, 2);
        }
        out.native(*address);
        out.native(*size);
        if !layout.wide {
            out.bytes.extend([info, 0]);
            out.put(section, 2);
        }
    }
    (out.bytes, names)
}

fn section(name: &'static str, kind: u64, link: u64, bytes: Vec<u8>) -> Part {
    Part {
        segment: None,
        section: Some((name, kind, link)),
        address: 0,
        bytes,
    }
}

fn with_symbols(layout: Layout, machine: u64) -> Vec<u8> {
    let (symbols, names) = table(layout, STATIC);
    let (exported, exported_names) = table(layout, EXPORTED);
    let parts = [
        section(".symtab", SYMTAB, 2, symbols),
        section(".strtab", STRTAB, 0, names),
        section(".dynsym", DYNSYM, 4, exported),
        section(".dynstr", STRTAB, 0, exported_names),
        section(".comment", PROGBITS, 0, vec![1; 16]),
    ];
    file(layout, machine, &parts, true)
}

#[test]
fn a_function_is_found_by_any_address_within_it() {
    for layout in LAYOUTS {
        let bytes = with_symbols(layout, X86_64);
        let file = &bytes[..];
        let symbols = Symbols::read(&Elf::open(&file).unwrap()).unwrap();
        for (address, expected) in [
            (0x1000, Some("outer")),
            (0x1010, Some("inner")),
            (0x101f, Some("inner")),
            // within the outer again, behind the one inside it
            (0x1020, Some("outer")),
            (0x10ff, Some("outer")),
            (0x1100, None),
            // global before weak before local
            (0x1210, Some("__libc_read")),
            (0x1300, None),
            (0x140f, Some("exported")),
            (0x1500, None),
            (0, None),
            (u64::MAX, None),
        ] {
            let found = symbols.at(&file, address);
            assert_eq!(found.as_deref(), expected, "{address:#x} {layout:?}");
        }
    }
}

#[test]
fn versions_are_cut_and_thumb_addresses_are_even() {
    let layout = LAYOUTS[2];
    let rows: &[Row<'_>] = &[
        ("read@@GLIBC_2.4", WEAK, FUNCTION, 0x1201, 0x20),
        ("__read", LOCAL, FUNCTION, 0x1201, 0x20),
    ];
    let (symbols, names) = table(layout, rows);
    let parts = [
        section(".symtab", SYMTAB, 2, symbols),
        section(".strtab", STRTAB, 0, names),
    ];
    let bytes = file(layout, ARM, &parts, true);
    let file = &bytes[..];
    let symbols = Symbols::read(&Elf::open(&file).unwrap()).unwrap();
    assert_eq!(symbols.at(&file, 0x1200).as_deref(), Some("read"));
    assert_eq!(symbols.at(&file, 0x1220), None);
}

fn note(out: &mut Writer, name: &[u8], kind: u32, content: &[u8]) {
    out.word(name.len() as u32);
    out.word(content.len() as u32);
    out.word(kind);
    out.bytes.extend(name);
    out.align(4);
    out.bytes.extend(content);
    out.align(4);
}

#[test]
fn the_build_id_is_found_among_other_notes() {
    for layout in LAYOUTS {
        let mut notes = Writer::new(layout);
        note(&mut notes, b"Go\0\0", 4, b"an id of another kind");
        note(&mut notes, b"GNU\0", 1, &[1; 16]);
        note(&mut notes, b"GNU\0", 3, &[0xab, 0x01, 0xff]);
        let part = Part {
            segment: Some((NOTE, READ)),
            section: None,
            address: 0x400,
            bytes: notes.bytes,
        };
        let bytes = file(layout, X86_64, &[part], true);
        let file = &bytes[..];
        let map = LoadMap::read(&Elf::open(&file).unwrap()).unwrap();
        let image = Image {
            file: &file,
            map: &map,
            relocations: None,
        };
        assert_eq!(build_id(&image).as_deref(), Some("ab01ff"), "{layout:?}");
    }
}

/// A file whose pointers at 0x6008 and 0x6010 are zeros until it is loaded.
fn with_relocations(layout: Layout) -> Vec<u8> {
    let mut relocations = Writer::new(layout);
    for (place, kind, target) in [(0x6000, 6, 0x1), (0x6008, 8, 0x1234), (0x6010, 8, 0x5678)] {
        [place, kind, target]
            .into_iter()
            .for_each(|number| relocations.put(number, 8));
    }
    let mut dynamic = Writer::new(layout);
    for (tag, value) in [(1, 99), (7, 0x5000), (8, 72), (0, 0), (7, 0x9999)] {
        [tag, value]
            .into_iter()
            .for_each(|number| dynamic.put(number, 8));
    }
    let part = |segment, address, bytes| Part {
        segment: Some(segment),
        section: None,
        address,
        bytes,
    };
    let parts = [
        part((LOAD, READ_EXECUTE), 0x1000, vec![0xcc; 64]),
        part((LOAD, READ), 0x5000, relocations.bytes),
        part((LOAD, READ_WRITE), 0x6000, vec![0; 32]),
        part((DYNAMIC, READ_WRITE), 0x7000, dynamic.bytes),
    ];
    file(layout, X86_64, &parts, false)
}

#[test]
fn pointers_are_what_the_loader_will_make_of_them() {
    for layout in &LAYOUTS[..2] {
        let bytes = with_relocations(*layout);
        let file = &bytes[..];
        let map = LoadMap::read(&Elf::open(&file).unwrap()).unwrap();
        let relocations = Relocations::find(&file, &map).unwrap();
        let image = Image {
            file: &file,
            map: &map,
            relocations: Some(&relocations),
        };
        // another kind of relocation is left alone
        let expected = [0, 0x1234, 0x5678, 0];
        for (index, expected) in expected.into_iter().enumerate() {
            let found = image.pointer(0x6000 + 8 * index as u64);
            assert_eq!(found, Some(expected), "{index} {layout:?}");
        }
        let mut all = [0; 32];
        image.read_pointers(0x6000, &mut all).unwrap();
        let found: Vec<_> = all.chunks(8).map(|bytes| layout.number(bytes)).collect();
        assert_eq!(found, expected);
        assert_eq!(image.pointer(0x6019), None);
        assert!(image.is_code(0x1000) && !image.is_code(0x6000));
    }
}

#[test]
fn broken_binary_does_no_harm() {
    let good: Vec<_> = LAYOUTS
        .into_iter()
        .flat_map(|layout| [with_symbols(layout, X86_64), with_relocations(layout)])
        .collect();
    for mut numbers in crate::mutations::rounds(200) {
        for file in &good {
            let bytes = numbers.broken(file);
            let Ok(binary) = crate::symbolize::Binary::open(Box::new(&bytes[..])) else {
                continue;
            };
            let _ = binary.build_id();
            for address in [0, 0x1010, 0x1210, 0x6008] {
                let _ = binary.frames(address, "m");
            }
        }
    }
}
