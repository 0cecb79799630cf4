//! The build id: a note that names this very build, the same in a binary and its debug file.

use super::Range;
use super::image::Image;
use crate::ranged_read::fill;
use std::fmt::Write as _;

/// `NT_GNU_BUILD_ID`.
const BUILD_ID: u64 = 3;
/// Notes of binaries take some hundred bytes.
const SEARCHED: u64 = 64 << 10;
/// SHA-1 has 20 bytes; linkers may be given any.
const LONGEST_ID: usize = 64;

/// The GNU build id in hexadecimal digits, if the file has one.
pub(crate) fn build_id(image: &Image<'_>) -> Option<String> {
    image
        .map
        .notes
        .iter()
        .find_map(|range| in_segment(image, *range))
}

fn in_segment(image: &Image<'_>, range: Range) -> Option<String> {
    let mut notes = vec![0; usize::try_from(range.size.min(SEARCHED)).ok()?];
    let filled = fill(image.file, range.offset, &mut notes).ok()?;
    let mut rest = &notes[..filled];
    while let Some((note, next)) = Note::split(image, rest) {
        if let Some(id) = note.build_id() {
            return Some(id);
        }
        rest = next;
    }
    None
}

struct Note<'n> {
    name: &'n [u8],
    content: &'n [u8],
    kind: u64,
}

impl<'n> Note<'n> {
    /// The first note and what follows it. Name and content are padded to four bytes.
    fn split(image: &Image<'_>, bytes: &'n [u8]) -> Option<(Self, &'n [u8])> {
        let word = |at: usize| {
            let word = bytes.get(at..at + 4)?;
            Some(image.layout().number(word))
        };
        let name_length = usize::try_from(word(0)?).ok()?;
        let content_length = usize::try_from(word(4)?).ok()?;
        let content_at = name_length.checked_next_multiple_of(4)?.checked_add(12)?;
        let end = content_at.checked_add(content_length)?;
        let note = Self {
            name: bytes.get(12..)?.get(..name_length)?,
            content: bytes.get(content_at..end)?,
            kind: word(8)?,
        };
        let next = bytes.get(end.checked_next_multiple_of(4)?..);
        Some((note, next.unwrap_or_default()))
    }

    fn build_id(&self) -> Option<String> {
        let is_id = self.name == b"GNU\0" && self.kind == BUILD_ID;
        let fits = (1..=LONGEST_ID).contains(&self.content.len());
        (is_id && fits).then(|| {
            self.content.iter().fold(String::new(), |mut id, byte| {
                let _ = write!(id, "{byte:02x}");
                id
            })
        })
    }
}
