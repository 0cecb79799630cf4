//! Every layout answers the same, and nothing but what checks out is answered.

use super::fixture::{Kind, TEXT, kinds};
use super::header::Version;
use crate::mutations::rounds;
use crate::symbolize::{Binary, FrameKind};

fn open(file: &[u8]) -> Binary<'_> {
    Binary::open(Box::new(file)).unwrap()
}

/// Calls at a distance as `function file:line`, outermost first, inlined ones marked.
fn calls(binary: &Binary<'_>, distance: u64) -> Option<Vec<String>> {
    let frames = binary.frames(TEXT + distance, "m")?;
    let text = frames.iter().map(|frame| {
        assert_eq!((frame.kind, frame.module.as_str()), (FrameKind::Go, "m"));
        let mark = if frame.inlined { " inlined" } else { "" };
        let (file, line) = (frame.file.as_deref().unwrap(), frame.line.unwrap());
        format!("{} {file}:{line}{mark}", frame.function)
    });
    Some(text.collect())
}

const EXPECTED: &[(u64, &[&str])] = &[
    (0, &["main.first /src/a.go:10"]),
    (0x1f, &["main.first /src/a.go:10"]),
    (0x20, &["main.outer /src/b.go:20"]),
    (0x2c, &["main.outer /src/b.go:21"]),
    (
        0x30,
        &[
            "main.outer /src/b.go:21",
            "main.middle /src/a.go:31 inlined",
        ],
    ),
    (
        0x3f,
        &[
            "main.outer /src/b.go:21",
            "main.middle /src/a.go:32 inlined",
            "main.(*T).inner /src/a.go:41 inlined",
        ],
    ),
    (0x40, &["main.outer /src/b.go:22"]),
    (0x60, &["main.last /src/b.go:100000"]),
    (0x77, &["main.last /src/b.go:100000"]),
];

#[test]
fn every_layout_gives_functions_lines_and_inlined_calls() {
    for kind in kinds() {
        let file = kind.file();
        let binary = open(&file);
        assert_eq!(binary.go_functions(), Some(3), "{kind:?}");
        for (distance, expected) in EXPECTED {
            let found = calls(&binary, *distance).unwrap_or_default();
            assert_eq!(&found, expected, "{distance:#x} {kind:?}");
        }
        assert!(binary.inlining_is_known(), "{kind:?}");
    }
}

#[test]
fn what_no_function_covers_has_no_name() {
    for kind in kinds() {
        let file = kind.file();
        let binary = open(&file);
        // behind the last instruction, behind the text, before it
        for address in [TEXT + 0x78, TEXT + 0x80, TEXT - 1, 0, u64::MAX] {
            assert_eq!(binary.frames(address, "m"), None, "{address:#x} {kind:?}");
        }
    }
}

#[test]
fn a_function_returns_to_the_top_of_the_stack_where_it_has_no_frame() {
    for kind in kinds() {
        let file = kind.file();
        let binary = open(&file);
        // A function without a frame; before, in and behind the frame of another; not known; outside.
        let expected = [
            (0x10, true),
            (0x20, true),
            (0x24, false),
            (0x5b, false),
            (0x5c, true),
            (0x60, false),
            (0x80, false),
        ];
        for (distance, returns) in expected {
            let found = binary.returns_to_top(TEXT + distance);
            assert_eq!(found, returns, "{distance:#x} {kind:?}");
        }
    }
}

#[test]
fn without_module_data_relative_addresses_are_not_answered() {
    for kind in kinds() {
        let kind = Kind {
            module_data: false,
            ..kind
        };
        let file = kind.file();
        let binary = open(&file);
        let relative = kind.version() >= Version::Go118;
        assert_eq!(binary.go_functions().is_none(), relative, "{kind:?}");
        assert_eq!(calls(&binary, 0).is_none(), relative, "{kind:?}");
        // that it is Go is only known from its sections
        let unreadable = relative && kind.sections;
        assert_eq!(binary.has_unreadable_go_table(), unreadable, "{kind:?}");
    }
}

/// Where bytes are in a file.
fn position(file: &[u8], bytes: &[u8]) -> usize {
    let found = file.windows(bytes.len()).position(|window| window == bytes);
    found.unwrap()
}

#[test]
fn inlined_calls_that_do_not_fit_are_left_out() {
    for kind in kinds() {
        let mut file = kind.file();
        // the names of both calls become positions within another name
        let name = position(&file, b"main.middle");
        file[name - 1] = b'x';
        let binary = open(&file);
        assert!(!binary.inlining_is_known(), "{kind:?}");
        let found = calls(&binary, 0x30).unwrap();
        assert_eq!(found, ["main.outer /src/a.go:31"], "{kind:?}");
    }
}

#[test]
fn a_table_that_is_not_sorted_is_not_read() {
    for kind in kinds() {
        let file = kind.file();
        let size = match kind.version() {
            Version::Go12 | Version::Go116 => kind.layout.pointer_size(),
            Version::Go118 | Version::Go120 => 4,
        };
        let base = if kind.version() >= Version::Go118 {
            0
        } else {
            TEXT
        };
        let mut entry = crate::elf::fixture::Writer::new(kind.layout);
        entry.put(base + 0x60, size);
        let mut broken = file.clone();
        let last = position(&file, &entry.bytes);
        broken[last..last + size].copy_from_slice(&file[last - 2 * size..last - size]);
        let unsorted = last - 2 * size;
        broken[unsorted..unsorted + size].copy_from_slice(&entry.bytes);
        assert_eq!(open(&broken).go_functions(), None, "{kind:?}");
    }
}

#[test]
fn broken_binary_does_no_harm() {
    let good: Vec<_> = kinds().iter().map(Kind::file).collect();
    for mut numbers in rounds(60) {
        for file in &good {
            look_everywhere(&numbers.broken(file));
        }
    }
}

#[test]
fn no_cut_panics() {
    for kind in kinds() {
        let good = kind.file();
        for length in (0..good.len()).step_by(7) {
            look_everywhere(&good[..length]);
        }
    }
}

fn look_everywhere(file: &[u8]) {
    let Ok(binary) = Binary::open(Box::new(file)) else {
        return;
    };
    for distance in (0..0x80).step_by(8) {
        binary.returns_to_top(TEXT + distance);
        let frames = binary.frames(TEXT + distance, "m");
        assert!(frames.is_none_or(|frames| !frames.is_empty()));
    }
}
