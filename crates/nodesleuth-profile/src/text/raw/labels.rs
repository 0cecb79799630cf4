//! Labels in `-raw` text: `key:[text] other:[text]` in one line, `bytes:[4096 bytes]` in the next.
//!
//! Several values of one key look like one with spaces. Text is taken for one value, which it
//! nearly always is; numbers are told apart.

use crate::open::OpenError;
use crate::rows::LabelValueRow;
use crate::text::raw::Raw;

/// In bytes.
const LONGEST_KEY: usize = 128;

impl<'t> Raw<'t> {
    /// Adds the labels of a line to the last sample, if it is such a line. Numbers are in the last
    /// line of a sample, and text is in the one before or in none.
    pub(super) fn labels(&mut self, line: &'t str, is_last: bool) -> Result<bool, OpenError> {
        let Some(entries) = split(line.trim()) else {
            return Ok(false);
        };
        let values = entries.iter().map(|(_, values)| numbers(values));
        let numbers = values.collect::<Option<Vec<_>>>().filter(|_| is_last);
        match numbers {
            Some(numbers) => {
                for ((key, _), values) in entries.iter().zip(numbers) {
                    for (number, unit) in values {
                        let unit = self.assembly.text(unit);
                        let value = LabelValueRow::Number { number, unit };
                        self.assembly.label(key, value)?;
                    }
                }
            }
            None => {
                for (key, value) in entries {
                    let value = LabelValueRow::Text(self.assembly.text(value));
                    self.assembly.label(key, value)?;
                }
            }
        }
        Ok(true)
    }
}

/// Whether a line holds labels.
pub(super) fn is_labels(line: &str) -> bool {
    split(line.trim()).is_some()
}

/// Keys with what is in their brackets. A bracket closes an entry if another one follows.
fn split(line: &str) -> Option<Vec<(&str, &str)>> {
    let mut entries = Vec::new();
    let mut rest = line;
    loop {
        let (key, after) = rest.split_once(":[")?;
        let ends = after.match_indices("] ").map(|(at, _)| at);
        let next = ends
            .map(|at| (at, &after[at + 2..]))
            .find(|(_, next)| begins_entry(next));
        match next {
            Some((at, next)) => {
                entries.push((key, &after[..at]));
                rest = next;
            }
            None => {
                entries.push((key, after.strip_suffix(']')?));
                return Some(entries);
            }
        }
    }
}

/// Whether a key with its bracket follows; a long one is not looked for, again and again.
fn begins_entry(text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(LONGEST_KEY)];
    head.split_once(":[")
        .is_some_and(|(key, _)| !key.contains(']'))
}

/// `1 2` or `1 bytes 2 bytes`. A number without a unit among others with units has an empty one.
fn numbers(values: &str) -> Option<Vec<(i64, &str)>> {
    let mut numbers: Vec<(i64, &str)> = Vec::new();
    for word in values.split(' ') {
        match (number(word), numbers.last_mut()) {
            (Some(number), _) => numbers.push((number, "")),
            (None, Some((_, unit))) if unit.is_empty() => *unit = word,
            _ => return None,
        }
    }
    Some(numbers)
}

/// Printed otherwise, it is text: `06`.
fn number(word: &str) -> Option<i64> {
    word.parse()
        .ok()
        .filter(|number: &i64| number.to_string() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_split_where_another_begins() {
        let cases = [
            ("k:[v]", vec![("k", "v")]),
            ("a:[x y] b:[z]", vec![("a", "x y"), ("b", "z")]),
            ("a:[[x] y] b:[]", vec![("a", "[x] y"), ("b", "")]),
            ("a:[http://[::1] x]", vec![("a", "http://[::1] x")]),
        ];
        for (line, expected) in cases {
            assert_eq!(split(line).unwrap(), expected, "{line}");
        }
        for line in ["", "k", "k:[v", "k: v"] {
            assert_eq!(split(line), None, "{line}");
        }
    }

    #[test]
    fn numbers_may_have_units() {
        assert_eq!((numbers("06"), numbers("+1")), (None, None));
        assert_eq!(numbers("1 2"), Some(vec![(1, ""), (2, "")]));
        assert_eq!(numbers("42 nanoseconds"), Some(vec![(42, "nanoseconds")]));
        assert_eq!(numbers("1 B -2 B"), Some(vec![(1, "B"), (-2, "B")]));
        for text in ["", "x", "1 2 x y", "GET 1"] {
            assert_eq!(numbers(text), None, "{text}");
        }
    }
}
