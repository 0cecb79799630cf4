//! The mapped files behind a legacy profile, in the format of `/proc/PID/maps` or a shorter one,
//! put in order as pprof does.

use crate::error::ReadError;
use crate::index::push;
use crate::limits::Limits;
use crate::strings::dense;
use crate::text::legacy::is_memory_map;
use crate::text::numbers::bare_hex;
use crate::text::section::Line;

/// Where the first segment of a program is without address randomisation.
const USUAL_START: u64 = 0x40_0000;

/// Each address is looked for in all of them. Linux itself allows a process about as many.
const MOST_ENTRIES: usize = 1 << 16;
/// Texts are put in for variables, which must not make a line of any length.
const MOST_VARIABLES: usize = 16;
const LONGEST_LINE: usize = 8192;

/// A mapped file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Entry {
    pub(super) start: u64,
    pub(super) limit: u64,
    pub(super) offset: u64,
    pub(super) file: String,
}

#[derive(Debug, Default)]
pub(super) struct MemoryMap {
    pub(super) entries: Vec<Entry>,
    /// The mapping of what is in none of the others.
    rest: Option<u32>,
}

impl MemoryMap {
    /// Reads what follows the line `title`; other sections before the map are skipped.
    pub(super) fn read<'t>(
        title: &str,
        lines: impl Iterator<Item = Line<'t>>,
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        let mut map = Self::default();
        let mut begun = is_memory_map(title);
        // `build=/path`, to be put in where `$build` is.
        let mut variables: Vec<(String, String)> = Vec::new();
        for (_, line) in lines {
            if !begun {
                begun = is_memory_map(line);
                continue;
            }
            let mut line = line.trim().to_owned();
            for (name, value) in &variables {
                if line.len() <= LONGEST_LINE {
                    line = line.replace(name, value);
                }
            }
            if line.len() > LONGEST_LINE {
                continue;
            }
            match Entry::parse(&line) {
                Some(Some(entry)) => {
                    let limit = limits.max_table_entries.min(MOST_ENTRIES);
                    push(&mut map.entries, entry, "mappings", limit)?;
                }
                Some(None) => {}
                None => {
                    if let Some((name, value)) = line.split_once('=')
                        && variables.len() < MOST_VARIABLES
                        && !value.contains('$')
                    {
                        variables.push((format!("${}", name.trim()), value.trim().to_owned()));
                    }
                }
            }
        }
        Ok(map)
    }

    /// Joins halves, brings the main program to the front, and moves it to where it was linked.
    pub(super) fn settle(&mut self) {
        let mut joined: Vec<Entry> = Vec::new();
        for entry in self.entries.drain(..) {
            match joined.last_mut().filter(|last| last.continues_as(&entry)) {
                Some(last) => {
                    last.limit = entry.limit;
                    if !entry.file.is_empty() {
                        last.file = entry.file;
                    }
                }
                None => joined.push(entry),
            }
        }
        self.entries = joined;
        if let Some(main) = self.entries.iter().position(Entry::may_be_main) {
            self.entries.swap(0, main);
        }
        let huge = |entries: &[Entry]| match entries {
            [first, second, ..] => {
                first.file.starts_with("/anon_hugepage") && first.limit == second.start
            }
            _ => false,
        };
        if huge(&self.entries) {
            self.entries.remove(0);
        }
        if let Some(main) = self.entries.first_mut()
            && main.start.wrapping_sub(main.offset) == USUAL_START
        {
            main.start = USUAL_START;
            main.offset = 0;
        }
    }

    /// The mapping of an address; one that is made up for those in none.
    pub(super) fn find(&mut self, address: u64) -> Option<u32> {
        if address == 0 {
            return None;
        }
        let holds = |entry: &Entry| (entry.start..entry.limit).contains(&address);
        if let Some(found) = self.entries.iter().position(holds) {
            return Some(dense(found));
        }
        // The first part of a file may not have been listed.
        let precedes = |entry: &Entry| {
            let begin = entry.start.wrapping_sub(entry.offset);
            entry.offset != 0 && begin <= address && address < entry.start
        };
        if let Some(found) = self.entries.iter().position(precedes) {
            let entry = &mut self.entries[found];
            entry.start -= entry.offset.min(entry.start);
            entry.offset = 0;
            return Some(dense(found));
        }
        let entries = &mut self.entries;
        Some(*self.rest.get_or_insert_with(|| {
            entries.push(Entry {
                limit: u64::MAX,
                ..Entry::default()
            });
            dense(entries.len() - 1)
        }))
    }
}

impl Entry {
    /// `None` for what is no entry, `Some(None)` for one without code.
    fn parse(line: &str) -> Option<Option<Self>> {
        let (range, rest) = line.split_once([' ', '\t', ':'])?;
        let (start, limit) = range.split_once('-')?;
        let entry = Self {
            start: bare_hex(start)?,
            limit: bare_hex(limit)?,
            ..Self::default()
        };
        let mut words = rest.split_whitespace();
        if line.as_bytes().get(range.len()) == Some(&b':') {
            entry.brief(words.next()?, rest).map(Some)
        } else {
            let mode = words.next()?;
            let is_mode = mode.bytes().all(|b| b"-rwxps".contains(&b));
            let offset = bare_hex(words.next()?).filter(|_| is_mode)?;
            let file = words.nth(2).unwrap_or_default().to_owned();
            let full = Self {
                offset,
                file,
                ..entry
            };
            Some(mode.contains('x').then_some(full))
        }
    }

    /// `00400000-00fcb000: /file @offset`.
    fn brief(self, file: &str, rest: &str) -> Option<Self> {
        let offset = rest
            .rsplit_once('@')
            .and_then(|(_, offset)| bare_hex(offset.trim()));
        Some(Self {
            offset: offset.unwrap_or(0),
            file: file.to_owned(),
            ..self
        })
    }

    /// Whether `next` is the other half of the same file.
    fn continues_as(&self, next: &Self) -> bool {
        let same_file = self.file.is_empty() || next.file.is_empty() || self.file == next.file;
        let offset = self
            .offset
            .wrapping_add(self.limit.wrapping_sub(self.start));
        let same_offset = self.offset == 0 || next.offset == 0 || offset == next.offset;
        same_file && self.limit == next.start && same_offset
    }

    /// Libraries and `[vdso]` are not.
    fn may_be_main(&self) -> bool {
        let file = self.file.replace("(deleted)", "");
        let file = file.trim();
        let versioned = |(at, _): (usize, &str)| {
            let after = &file.as_bytes()[at + 3..];
            after.is_empty()
                || (matches!(after[0], b'.' | b'_') && after.get(1).is_some_and(u8::is_ascii_digit))
        };
        let is_library = file.match_indices(".so").any(versioned);
        !file.is_empty() && !file.starts_with('[') && !is_library
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> MemoryMap {
        let lines = text.lines().enumerate();
        MemoryMap::read("--- Memory map: ---", lines, &Limits::default()).unwrap()
    }

    #[test]
    fn maps_of_both_kinds_are_read() {
        let text = "build=/home/me\n\
                    00400000-00fcb000: $build/server\n\
                    7f00-7f10: /lib/libc.so @10\n\
                    00fcb000-00fcc000 r-xp 00000000 08:01 12 /bin/x\n\
                    00fcc000-00fcd000 rw-p 00000000 08:01 12 /bin/x\n\
                    nonsense\n";
        let entries = read(text).entries;
        let files: Vec<_> = entries
            .iter()
            .map(|e| (e.file.as_str(), e.offset))
            .collect();
        assert_eq!(
            files,
            [("/home/me/server", 0), ("/lib/libc.so", 16), ("/bin/x", 0)]
        );
    }

    #[test]
    fn the_program_comes_first_and_what_is_nowhere_gets_a_mapping() {
        let text = "1000-2000: /lib/libc-2.15.so\n2000-3000: [vdso]\n4000-5000: /bin/x\n\
                    5000-6000: /bin/x\n9000-a000: /late @800\n";
        let mut map = read(text);
        map.settle();
        assert_eq!(
            (map.entries[0].file.as_str(), map.entries[0].limit),
            ("/bin/x", 0x6000)
        );
        assert_eq!(map.find(0x5fff), Some(0));
        assert_eq!(map.find(0x8900), Some(3));
        assert_eq!(map.find(0), None);
        assert_eq!((map.find(0xffff), map.find(0xfff0)), (Some(4), Some(4)));
    }

    #[test]
    fn a_program_that_was_split_is_moved_to_its_usual_start() {
        let mut map = read("00500000-00600000: /bin/x @100000\n");
        map.settle();
        assert_eq!(
            (map.entries[0].start, map.entries[0].offset),
            (0x40_0000, 0)
        );
    }
}
