//! Reading folded text, as `stackcollapse-*.pl`, inferno and this crate write it.

use std::borrow::Cow;

use crate::folded::Folded;
use crate::foreign::shorten;

/// What [`read_folded`] made of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedText {
    /// The stacks.
    pub folded: Folded,
    /// Lines that are no stack with a weight, and no blank.
    pub ignored: usize,
    /// The first of them.
    pub first_ignored: Option<IgnoredLine>,
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredLine {
    /// Its number, from 1.
    pub number: usize,
    /// What it says, shortened.
    pub text: String,
}

/// Why bytes are not folded stacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FoldedError {
    /// There is no line that is not blank.
    #[error("empty input: no stacks in it")]
    Empty,
    /// Not one line is a stack with a weight.
    #[error(
        "not folded stacks: none of {lines} lines is `frame;frame weight`; \
         line {first_number} is: {first}"
    )]
    NotFolded {
        /// Lines that are not blank.
        lines: usize,
        /// Number of the first of them.
        first_number: usize,
        /// What it says, shortened.
        first: String,
    },
}

/// Reads lines of `frame;frame;frame weight`, root first, in UTF-8 or (with a byte order mark)
/// UTF-16, which PowerShell writes. Weights are whole numbers, possibly negative, possibly with
/// `.0`. Other lines, such as comments, are counted, never dropped silently.
///
/// # Errors
/// If no line at all is a stack.
pub fn read_folded(bytes: &[u8]) -> Result<FoldedText, FoldedError> {
    let text = decode(bytes);
    let mut stacks = Vec::new();
    let (mut ignored, mut first_ignored) = (0, None);
    for (index, line) in text.lines().enumerate() {
        match parse_line(line) {
            Some(stack) => stacks.push(stack),
            None if line.trim().is_empty() => {}
            None => {
                ignored += 1;
                let number = index + 1;
                first_ignored.get_or_insert_with(|| IgnoredLine {
                    number,
                    text: shorten(line.trim()),
                });
            }
        }
    }
    match (stacks.is_empty(), &first_ignored) {
        (true, None) => Err(FoldedError::Empty),
        (true, Some(first)) => Err(FoldedError::NotFolded {
            lines: ignored,
            first_number: first.number,
            first: first.text.clone(),
        }),
        (false, _) => {
            let folded = Folded::from_stacks(stacks.iter().map(|(s, w)| (s.split(';'), *w)));
            Ok(FoldedText {
                folded,
                ignored,
                first_ignored,
            })
        }
    }
}

/// The frames, joined by `;`, and the weight.
fn parse_line(line: &str) -> Option<(&str, i64)> {
    let (stack, weight) = line.trim().rsplit_once([' ', '\t'])?;
    let whole = match weight.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return None,
        None => weight,
    };
    Some((stack.trim(), whole.parse().ok()?)).filter(|(stack, _)| !stack.is_empty())
}

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = bytes[2..]
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]));
        let chars = char::decode_utf16(units);
        Cow::Owned(
            chars
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
        )
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, text @ ..] => String::from_utf8_lossy(text),
        _ => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> FoldedText {
        read_folded(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_weight_is_what_follows_the_last_space() {
        let text = "void f(int, char);g <T> 3\r\n\r\na\t-2\nb 4.0";
        assert_eq!(
            read(text).folded.to_string(),
            "a -2\nb 4\nvoid f(int, char);g <T> 3\n"
        );
    }

    #[test]
    fn lines_that_are_no_stack_are_counted() {
        let read = read("# comment\na;b 1\nc 1.5\n");
        assert_eq!(read.ignored, 2);
        let first = IgnoredLine {
            number: 1,
            text: "# comment".to_owned(),
        };
        assert_eq!(read.first_ignored, Some(first));
    }

    #[test]
    fn text_without_any_stack_is_refused_with_its_first_line() {
        let error = read_folded(b"\n<html>\n</html>\n").unwrap_err();
        let text = "not folded stacks: none of 2 lines is `frame;frame weight`; line 2 is: <html>";
        assert_eq!(error.to_string(), text);
        assert_eq!(read_folded(b" \n"), Err(FoldedError::Empty));
    }

    #[test]
    fn utf_16_is_read_in_both_orders() {
        let text = "a;é 1\n";
        let wide = |order: fn(u16) -> [u8; 2]| {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(order).collect::<Vec<u8>>()
        };
        for bytes in [wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            assert_eq!(read_folded(&bytes).unwrap().folded.to_string(), text);
        }
    }
}
