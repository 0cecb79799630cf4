//! The lines below `Mappings`: `1: 0x400000/0x5ff000/0x0 /usr/bin/kubelet BUILD-ID [FN][FL]`.

use crate::error::Table;
use crate::ids::IdIndex;
use crate::open::OpenError;
use crate::rows::MappingRow;
use crate::text::numbers::{hex, leading_number};
use crate::text::raw::{Ids, Raw};
use crate::text::section::Section;

impl<'t> Raw<'t> {
    pub(super) fn mappings(&mut self, section: Section<'t>) -> Result<IdIndex, OpenError> {
        let mut ids = Ids::default();
        for (number, line) in section.lines() {
            let Some((row, file, build_id)) = parse(line) else {
                self.ignored.add(number, line);
                continue;
            };
            let file = self.assembly.text(file);
            let build_id = self.assembly.text(build_id);
            self.assembly.mapping(MappingRow {
                file,
                build_id,
                ..row
            })?;
            ids.add(row.id, number);
        }
        Ok(ids.index(Table::Mapping)?)
    }
}

/// The row without its texts, the file and the build id.
fn parse(line: &str) -> Option<(MappingRow, &str, &str)> {
    let (id, rest) = leading_number(line.trim_start())?;
    let rest = rest.strip_prefix(": ")?;
    let (addresses, names) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut addresses = addresses.split('/').map(hex);
    let mut row = MappingRow {
        id,
        start: addresses.next()??,
        limit: addresses.next()??,
        offset: addresses.next()??,
        ..MappingRow::default()
    };
    let (names, flags) = split_flags(names);
    row.has_functions = flags.contains("[FN]");
    row.has_filenames = flags.contains("[FL]");
    row.has_line_numbers = flags.contains("[LN]");
    row.has_inline_frames = flags.contains("[IN]");
    let (file, build_id) = split_build_id(names);
    Some((row, file, build_id))
}

/// Names and flags; between them is one space.
fn split_flags(text: &str) -> (&str, &str) {
    let is_flags = |word: &str| {
        let mut flags = word.as_bytes().chunks(4);
        flags.all(|flag| matches!(flag, b"[FN]" | b"[FL]" | b"[LN]" | b"[IN]"))
    };
    let trimmed = text.trim_end();
    match trimmed.rsplit_once(' ') {
        Some((names, flags)) if is_flags(flags) => (names, flags),
        None if !trimmed.is_empty() && is_flags(trimmed) => ("", trimmed),
        // The flags are empty; the space before them may have been lost in a paste.
        _ => (text.strip_suffix(' ').unwrap_or(text), ""),
    }
}

/// Files may contain spaces, build ids do not.
fn split_build_id(text: &str) -> (&str, &str) {
    match text.rsplit_once(' ') {
        // ` (deleted)` belongs to the file, if a paste lost the spaces at the end.
        Some((_, last)) if last.starts_with(['(', '/', '[']) => (text, ""),
        Some((file, build_id)) => (file, build_id),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> (&str, &str) {
        let (_, file, build_id) = parse(line).unwrap();
        (file, build_id)
    }

    #[test]
    fn files_may_contain_spaces_and_anything_may_be_missing() {
        let cases = [
            ("1: 0x1/0x2/0x0 /bin/x abc [FN][IN]", ("/bin/x", "abc")),
            ("1: 0x1/0x2/0x0 /bin/x abc ", ("/bin/x", "abc")),
            ("1: 0x1/0x2/0x0 /bin/x  [FN]", ("/bin/x", "")),
            ("1: 0x1/0x2/0x0 /a b (deleted)  ", ("/a b (deleted)", "")),
            ("1: 0x1/0x2/0x0 /a b (deleted)", ("/a b (deleted)", "")),
            (
                "1: 0x1/0x2/0x0 /a b (deleted) 0f3e ",
                ("/a b (deleted)", "0f3e"),
            ),
            ("1: 0x1/0x2/0x0   [FN]", ("", "")),
            ("1: 0x1/0x2/0x0   ", ("", "")),
            ("1: 0x1/0x2/0x0", ("", "")),
            ("1: 0x1/0x2/0x0 [vdso]", ("[vdso]", "")),
        ];
        for (line, expected) in cases {
            assert_eq!(names(line), expected, "{line}");
        }
        for line in ["", "1: 0x1/0x2 x", "Mappings", "1: x/y/z"] {
            assert!(parse(line).is_none(), "{line}");
        }
    }

    #[test]
    fn numbers_and_flags_are_kept() {
        let (row, ..) = parse("7: 0xff/0xffffffffffffffff/0x10 f b [FN][FL][LN][IN]").unwrap();
        assert_eq!(
            (row.id, row.start, row.limit, row.offset),
            (7, 255, u64::MAX, 16)
        );
        assert!(row.has_functions && row.has_filenames && row.has_line_numbers);
        assert!(row.has_inline_frames);
    }
}
