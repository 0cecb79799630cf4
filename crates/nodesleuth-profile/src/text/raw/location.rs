//! The lines below `Locations`: addresses with the functions that are there, innermost first.
//!
//! ```text
//!      7: 0x46ab08 M=1 inlined /x/y.go:12:3 s=10
//!              outer /x/z.go:30:0 s=2(system_name)
//! ```
//! Versions before 1.21 print no column. Names and files may contain spaces, `:` and `(`.

use crate::error::Table;
use crate::ids::IdIndex;
use crate::open::OpenError;
use crate::rows::FunctionRow;
use crate::text::assembly::{LineRow, LocationHead};
use crate::text::numbers::{hex, leading_number};
use crate::text::raw::{Ids, Raw};
use crate::text::section::Section;

/// What Go puts before the second and further lines of a location.
const INDENT: &str = "             ";

impl<'t> Raw<'t> {
    pub(super) fn locations(
        &mut self,
        section: Section<'t>,
        mappings: &IdIndex,
    ) -> Result<IdIndex, OpenError> {
        let mut ids = Ids::default();
        let mut open: Option<LocationHead> = None;
        let mut lines: Vec<LineRow> = Vec::new();
        for (number, line) in section.lines() {
            if let Some((head, mapping, info)) = start(line) {
                if let Some(done) = open.take() {
                    self.assembly.location(done, lines.drain(..))?;
                }
                ids.add(head.id, number);
                let mapping = mapping.and_then(|id| mappings.find(id));
                open = Some(LocationHead { mapping, ..head });
                if !info.trim().is_empty() {
                    lines.push(self.line(info)?);
                }
            } else if open.is_some() && !line.trim().is_empty() {
                let info = line
                    .strip_prefix(INDENT)
                    .unwrap_or_else(|| line.trim_start());
                lines.push(self.line(info)?);
            } else {
                self.ignored.add(number, line);
            }
        }
        if let Some(done) = open {
            self.assembly.location(done, lines.drain(..))?;
        }
        Ok(ids.index(Table::Location)?)
    }

    fn line(&mut self, info: &'t str) -> Result<LineRow, OpenError> {
        let parsed = Info::parse(info);
        let function = FunctionRow {
            id: 0,
            name: self.assembly.text(parsed.name),
            system_name: self.assembly.text(parsed.system_name),
            file: self.assembly.text(parsed.file),
            start_line: parsed.tail.start_line,
        };
        Ok(LineRow {
            function: self.assembly.function(function)?,
            line: parsed.tail.line,
            column: parsed.tail.column,
        })
    }
}

/// The first line of a location: what it is, its mapping's id, and the rest.
fn start(line: &str) -> Option<(LocationHead, Option<u64>, &str)> {
    let (id, rest) = leading_number(line.trim_start())?;
    let rest = rest.strip_prefix(": ")?;
    let (address, mut rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let address = hex(address)?;
    let mut mapping = None;
    if let Some((id, after)) = rest.strip_prefix("M=").and_then(leading_number) {
        mapping = Some(id);
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    let (is_folded, rest) = match rest.strip_prefix("[F]") {
        Some(after) => (true, after.strip_prefix(' ').unwrap_or(after)),
        None => (false, rest),
    };
    let head = LocationHead {
        id,
        address,
        mapping: None,
        is_folded,
    };
    Some((head, mapping, rest))
}

/// A function with its place.
#[derive(Debug, PartialEq, Eq)]
struct Info<'t> {
    name: &'t str,
    system_name: &'t str,
    file: &'t str,
    tail: Tail,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tail {
    line: i64,
    column: i64,
    start_line: i64,
}

impl<'t> Info<'t> {
    /// A line that was cut before its numbers is all name.
    fn parse(text: &'t str) -> Self {
        let text = text.trim_end();
        let colons = text.match_indices(':');
        let found = colons
            .filter_map(|(at, _)| Some((at, tail(&text[at..])?)))
            .next();
        let Some((at, (tail, system_name))) = found else {
            return Self {
                name: text,
                system_name: text,
                file: "",
                tail: Tail::default(),
            };
        };
        let (name, file) = split_file(&text[..at]);
        Self {
            name,
            system_name: system_name.unwrap_or(name),
            file,
            tail,
        }
    }
}

/// `:12:3 s=10(system name)` to the end (without space there), of which only the line must be there.
fn tail(text: &str) -> Option<(Tail, Option<&str>)> {
    let mut tail = Tail::default();
    let (line, mut rest) = signed(text.strip_prefix(':')?)?;
    tail.line = line;
    if let Some((column, after)) = rest.strip_prefix(':').and_then(signed) {
        (tail.column, rest) = (column, after);
    }
    if let Some((start, after)) = rest.strip_prefix(" s=").and_then(signed) {
        (tail.start_line, rest) = (start, after);
    }
    if rest.is_empty() {
        return Some((tail, None));
    }
    let system_name = rest.strip_prefix('(')?.strip_suffix(')')?;
    Some((tail, Some(system_name)))
}

fn signed(text: &str) -> Option<(i64, &str)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(text.len() - digits.len() + count);
    Some((number.parse().ok()?, rest))
}

/// Name and file, between which is a space; both may contain some. A path from the root on begins
/// where its slash is, any other file after the last space.
fn split_file(head: &str) -> (&str, &str) {
    let is_root = |at: usize| {
        let after = &head.as_bytes()[at + 1..];
        let posix = after.first() == Some(&b'/');
        let windows = after.first().is_some_and(u8::is_ascii_alphabetic)
            && after.get(1) == Some(&b':')
            && matches!(after.get(2), Some(b'\\' | b'/'));
        (posix && after.get(1).is_some_and(|b| !b" =(".contains(b))) || windows
    };
    let mut depth = 0_i64;
    let mut last = None;
    for (at, byte) in head.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b' ' if depth == 0 && is_root(at) => return (&head[..at], &head[at + 1..]),
            b' ' => last = Some(at),
            _ => {}
        }
    }
    last.map_or((head, ""), |at| (&head[..at], &head[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (&str, &str, &str, [i64; 3]) {
        let Info {
            name,
            system_name,
            file,
            tail,
        } = Info::parse(text);
        (
            name,
            system_name,
            file,
            [tail.line, tail.column, tail.start_line],
        )
    }

    #[test]
    fn names_files_and_numbers_are_told_apart() {
        let cases = [
            (
                "main.a a.go:10:2 s=3",
                ("main.a", "main.a", "a.go", [10, 2, 3]),
            ),
            (
                "main.a a.go:10 s=3",
                ("main.a", "main.a", "a.go", [10, 0, 3]),
            ),
            ("main.a a.go:10", ("main.a", "main.a", "a.go", [10, 0, 0])),
            ("main.a a.go:10(_a)", ("main.a", "_a", "a.go", [10, 0, 0])),
            ("GC :0:0 s=0", ("GC", "GC", "", [0, 0, 0])),
            (
                "f C:\\x y\\a.c:1:2 s=-3",
                ("f", "f", "C:\\x y\\a.c", [1, 2, -3]),
            ),
            (
                "f /home/my user/a.go:1:2 s=3",
                ("f", "f", "/home/my user/a.go", [1, 2, 3]),
            ),
            ("only a name", ("only a name", "only a name", "", [0, 0, 0])),
            (" x.go:1:0 s=0(sys)", ("", "sys", "x.go", [1, 0, 0])),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn names_of_generics_and_of_c_plus_plus_may_hold_anything() {
        let names = [
            "main.F[go.shape.struct { A int; B string }]",
            "std::map<int, foo (*)(char)>::at(int const&) const",
            "meta.(*DefaultRESTMapper).RESTMappings",
            "Mappings",
            "f s=1(x)",
            "operator/(a, b)",
            "a:12:3 b",
        ];
        for name in names {
            let text = format!("{name} /x/y.cc:5:6 s=7(_Z1f(int))");
            assert_eq!(parse(&text), (name, "_Z1f(int)", "/x/y.cc", [5, 6, 7]));
        }
    }

    #[test]
    fn only_an_id_with_an_address_begins_a_location() {
        let (head, mapping, rest) = start("     9: 0x10 M=3 [F] f :0:0 s=0").unwrap();
        assert_eq!((head.id, head.address, head.is_folded), (9, 16, true));
        assert_eq!((mapping, rest), (Some(3), "f :0:0 s=0"));
        assert!(start("     9: 0x0 ").is_some() && start("9: 0x0").is_some());
        for line in ["             f a.go:1:0 s=0", "9: f", "Mappings", ""] {
            assert!(start(line).is_none(), "{line}");
        }
    }
}
