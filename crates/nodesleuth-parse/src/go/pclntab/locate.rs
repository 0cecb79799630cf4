//! Where the table is: in a section of its own, or somewhere in what is loaded.

use super::bytes::Bytes;
use super::header::version;
use super::table::Pclntab;
use crate::elf::{Elf, ElfError, Image, Range};

/// The section as Go's linker names it; the second in position independent executables.
const SECTIONS: [&str; 2] = [".gopclntab", ".data.rel.ro.gopclntab"];
/// Sections that a Go binary has, whoever linked it.
const GO_SECTIONS: [&str; 2] = [".go.buildinfo", ".note.go.buildid"];
/// How much of the loaded data is searched.
const SEARCHED: u64 = 1 << 30;
/// Places that begin like a table and are none: a few constants of programs that read such tables.
const MOST_OPENED: u32 = 16;
const CHUNK: usize = 256 << 10;
/// Go's linker aligns the table more, the system's at least by its pointers.
const ALIGNMENT: usize = 4;

/// What came of looking for the table.
#[derive(Debug)]
pub(crate) enum Found {
    /// It is not a Go binary.
    NotGo,
    /// A Go binary without a table that can be trusted.
    Unreadable,
    Table(Box<Pclntab>),
}

/// Finds and opens the table.
pub(crate) fn find(elf: &Elf<'_>, image: &Image<'_>) -> Result<Found, ElfError> {
    let mut is_go = false;
    for name in SECTIONS {
        if let Some(range) = elf.section(name)? {
            is_go = true;
            if let Some(table) = Pclntab::open(image, range) {
                return Ok(Found::Table(Box::new(table)));
            }
        }
    }
    for name in GO_SECTIONS {
        is_go |= elf.section(name)?.is_some();
    }
    if !is_go && elf.has_sections() {
        return Ok(Found::NotGo);
    }
    Ok(match search(image) {
        Some(table) => Found::Table(Box::new(table)),
        None if is_go => Found::Unreadable,
        None => Found::NotGo,
    })
}

/// Looks for the table's first bytes in everything loaded that is not code, and in code last.
fn search(image: &Image<'_>) -> Option<Pclntab> {
    let mut segments = image.map.segments.clone();
    segments.sort_by_key(|segment| segment.executable);
    let mut left = SEARCHED;
    let mut opens = MOST_OPENED;
    segments.iter().find_map(|segment| {
        let range = segment.range;
        let searched = Range {
            size: range.size.min(left),
            ..range
        };
        left -= searched.size;
        in_range(image, searched, range, &mut opens)
    })
}

fn in_range(image: &Image<'_>, searched: Range, whole: Range, opens: &mut u32) -> Option<Pclntab> {
    let bytes = Bytes {
        image: *image,
        range: searched,
    };
    let mut chunk = vec![0; CHUNK];
    let mut done = 0;
    while done < searched.size {
        let filled = bytes.read_some(done, &mut chunk)?;
        for at in (0..filled).step_by(ALIGNMENT) {
            if version(image.layout(), &chunk[at..filled]).is_none() {
                continue;
            }
            *opens = opens.checked_sub(1)?;
            let table = Pclntab::open(image, from(whole, done + at as u64));
            if table.is_some() {
                return table;
            }
        }
        if filled < chunk.len() {
            break;
        }
        // eight bytes tell a start, and they may lie across two chunks
        done += (filled - 2 * ALIGNMENT) as u64;
    }
    None
}

/// The rest of a range from a distance on.
fn from(range: Range, distance: u64) -> Range {
    Range {
        address: range.address.saturating_add(distance),
        offset: range.offset.saturating_add(distance),
        size: range.size.saturating_sub(distance),
    }
}
