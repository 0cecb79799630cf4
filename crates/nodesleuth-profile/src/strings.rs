//! Interned text: each distinct string once, in one block.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::keyed_hash::KeyedHash;

/// A string of a [`Strings`]; 0 is the empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct StrId(pub(crate) u32);

impl StrId {
    pub(crate) const EMPTY: Self = Self(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Append-only text. Bytes that are not UTF-8 are shown with U+FFFD and kept beside it, so that
/// they can be written back unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<usize>,
    invalid: BTreeMap<StrId, Vec<u8>>,
}

impl Default for Strings {
    fn default() -> Self {
        Self {
            text: String::new(),
            ends: vec![0],
            invalid: BTreeMap::new(),
        }
    }
}

impl Strings {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, id: StrId) -> &str {
        let start = match id.index() {
            0 => 0,
            index => self.ends[index - 1],
        };
        &self.text[start..self.ends[id.index()]]
    }

    /// The bytes as they were read.
    pub(crate) fn bytes(&self, id: StrId) -> &[u8] {
        self.invalid
            .get(&id)
            .map_or_else(|| self.get(id).as_bytes(), Vec::as_slice)
    }

    /// Shows each broken byte as a character of its own from now on, so that text which is made of
    /// these strings can be turned into their bytes by [`unmarked`]. Returns whether there are any.
    pub(crate) fn mark_broken_bytes(&mut self) -> bool {
        if self.invalid.is_empty() || self.text.contains(is_mark) {
            return false;
        }
        let mut marked = Self {
            text: String::with_capacity(self.text.len()),
            ends: Vec::with_capacity(self.ends.len()),
            invalid: BTreeMap::new(),
        };
        for id in self.ids() {
            for chunk in self.bytes(id).utf8_chunks() {
                marked.text.push_str(chunk.valid());
                marked.text.extend(chunk.invalid().iter().map(|b| mark(*b)));
            }
            marked.ends.push(marked.text.len());
        }
        marked.invalid = std::mem::take(&mut self.invalid);
        *self = marked;
        true
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = StrId> + use<> {
        (0..dense(self.len())).map(StrId)
    }

    /// The id of a string; looks through all of them.
    pub(crate) fn find_or_add(&mut self, bytes: &[u8]) -> StrId {
        let found = self.ids().find(|id| self.bytes(*id) == bytes);
        found.unwrap_or_else(|| self.push(bytes))
    }

    /// Adds a string that is not there yet.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> StrId {
        let id = StrId(dense(self.ends.len()));
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, Cow::Owned(_)) {
            self.invalid.insert(id, bytes.to_vec());
        }
        self.text.push_str(&text);
        self.ends.push(self.text.len());
        id
    }
}

/// The last characters that there are, which no name has: one for each byte from 0x80 on.
const MARKS: u32 = 0x0010_ff00;

fn mark(byte: u8) -> char {
    char::from_u32(MARKS + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn is_mark(c: char) -> bool {
    u32::from(c) >= MARKS + 0x80
}

/// Text with marks as the bytes that they stand for.
pub(crate) fn unmarked(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match is_mark(c) {
            true => bytes.push(u32::from(c) as u8),
            false => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Fills a [`Strings`], giving equal bytes the same id. Keys are borrowed where they can be.
#[derive(Debug, Default)]
pub(crate) struct Interner<'a> {
    strings: Strings,
    ids: HashMap<Cow<'a, [u8]>, StrId, KeyedHash>,
}

impl<'a> Interner<'a> {
    pub(crate) fn intern(&mut self, bytes: &'a [u8]) -> StrId {
        self.find(bytes)
            .unwrap_or_else(|| self.add(Cow::Borrowed(bytes)))
    }

    pub(crate) fn intern_copy(&mut self, bytes: &[u8]) -> StrId {
        self.find(bytes)
            .unwrap_or_else(|| self.add(Cow::Owned(bytes.to_vec())))
    }

    /// A string that was interned.
    pub(crate) fn get(&self, id: StrId) -> &str {
        self.strings.get(id)
    }

    pub(crate) fn finish(self) -> Strings {
        self.strings
    }

    fn find(&self, bytes: &[u8]) -> Option<StrId> {
        match bytes {
            [] => Some(StrId::EMPTY),
            _ => self.ids.get(bytes).copied(),
        }
    }

    fn add(&mut self, bytes: Cow<'a, [u8]>) -> StrId {
        let id = self.strings.push(&bytes);
        self.ids.insert(bytes, id);
        id
    }
}

/// A position as a 32-bit id. Readers bound every table far below this.
pub(crate) fn dense(index: usize) -> u32 {
    u32::try_from(index).expect("tables have fewer than 2^32 entries")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_have_one_id() {
        let mut interner = Interner::default();
        let first = interner.intern(b"one");
        assert_eq!(interner.intern_copy(b"one"), first);
        assert_ne!(interner.intern_copy(b"two"), first);
        assert_eq!(interner.intern(b""), StrId::EMPTY);
        let strings = interner.finish();
        assert_eq!(
            strings.ids().map(|id| strings.get(id)).collect::<Vec<_>>(),
            ["", "one", "two"]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_and_kept() {
        let mut interner = Interner::default();
        let id = interner.intern(b"main.\xff\xfe");
        let other = interner.intern(b"main.\xff\xff");
        assert_ne!(id, other);
        let strings = interner.finish();
        assert_eq!(strings.get(id), "main.\u{fffd}\u{fffd}");
        assert_eq!(strings.bytes(id), b"main.\xff\xfe");
    }
}
