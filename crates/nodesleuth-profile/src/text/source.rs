//! Bytes of a text file as text: byte order marks, UTF-16, terminal colours.

use std::borrow::Cow;

/// How much is looked at to tell text from binary.
const HEAD: usize = 4096;

/// The bytes as text, or `None` if they are binary.
pub fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let text = lossy(bytes);
    // What another program wrote for broken bytes is text by now.
    let is_broken = |c| matches!(&text, Cow::Owned(_)) && c == char::REPLACEMENT_CHARACTER;
    is_text(&text, is_broken).then_some(text)
}

/// The bytes as text, whatever they are.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    let text = match bytes {
        [0xff, 0xfe, units @ ..] => wide(units, u16::from_le_bytes),
        [0xfe, 0xff, units @ ..] => wide(units, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, text @ ..] => String::from_utf8_lossy(text),
        _ => String::from_utf8_lossy(bytes),
    };
    without_escapes(text)
}

/// UTF-16, which PowerShell writes when output is redirected.
fn wide(units: &[u8], unit: fn([u8; 2]) -> u16) -> Cow<'_, str> {
    let units = units.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let chars = char::decode_utf16(units);
    Cow::Owned(
        chars
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    )
}

/// Few of the first characters may be what no text has. Single ones are names with broken bytes.
fn is_text(text: &str, is_broken: impl Fn(char) -> bool) -> bool {
    let head = &text[..text.floor_char_boundary(HEAD)];
    let odd = |c: &char| (c.is_control() && !c.is_whitespace()) || is_broken(*c);
    let odd = head.chars().filter(odd).count();
    !head.contains('\0') && odd * 20 <= head.chars().count()
}

/// Without the sequences that colour a terminal (`ESC [ … letter`) or name its window
/// (`ESC ] … BEL`): text that was copied with `script` or from a log has them.
fn without_escapes(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text;
    }
    let mut parts = text.split('\u{1b}');
    let mut clean = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| clean.push_str(after_escape(part)));
    Cow::Owned(clean)
}

fn after_escape(part: &str) -> &str {
    let end = match part.as_bytes().first() {
        Some(b'[') => part[1..]
            .find(|c: char| matches!(c, '@'..='~'))
            .map(|at| at + 2),
        Some(b']') => part.find('\u{7}').map(|at| at + 1),
        _ => part.chars().next().map(char::len_utf8),
    };
    &part[end.unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_window_titles_are_removed() {
        let coloured = b"\x1b]0;title\x07\x1b[01;31mmain\x1b[0m;x 1\n";
        assert_eq!(decode(coloured).unwrap(), "main;x 1\n");
    }

    #[test]
    fn utf_16_is_read_in_both_orders() {
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let units = std::iter::once(0xfeff).chain("a;é 1\n".encode_utf16());
            let bytes: Vec<u8> = units.flat_map(unit).collect();
            assert_eq!(decode(&bytes).unwrap(), "a;é 1\n");
        }
    }

    #[test]
    fn binary_is_no_text_but_a_broken_name_is() {
        assert_eq!(decode(b"\x7fELF\x02\x01\x00\x00"), None);
        assert_eq!(decode(b"\xff\xf0\x80\x80\xee"), None);
        assert!(decode("x\u{fffd}\u{fffd} 1\n".as_bytes()).is_some());
        assert!(decode(b"main.main;main.\xff\xfework 12\nmain.main 3\nmain.x 4\n").is_some());
    }
}
