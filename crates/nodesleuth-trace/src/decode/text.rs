//! Strings from traced programs, with everything escaped that is not plain ASCII.

use std::fmt::Write as _;

/// What else is escaped than control characters, quotes and backslashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// `"…"`.
    Quotes,
    /// `<…>`: angle brackets would end it early.
    Angles,
}

/// `"text"`, of which at most `limit` bytes are shown; `whole` says whether nothing is missing.
pub(super) fn quote(bytes: &[u8], whole: bool, limit: usize, out: &mut String) {
    let shown = &bytes[..bytes.len().min(limit)];
    out.push('"');
    escape(shown, Around::Quotes, out);
    out.push('"');
    if !whole || shown.len() < bytes.len() {
        out.push_str("...");
    }
}

/// `<text>` behind a descriptor.
pub(super) fn angle(text: &str, out: &mut String) {
    let (path, deleted) = match text.strip_suffix(" (deleted)") {
        Some(path) => (path, "(deleted)"),
        None => (text, ""),
    };
    out.push('<');
    escape(path.as_bytes(), Around::Angles, out);
    out.push('>');
    out.push_str(deleted);
}

/// The bytes in C's escapes: what is printed never holds a control character or a byte above 126.
pub(super) fn escape(bytes: &[u8], around: Around, out: &mut String) {
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            0x0b => out.push_str("\\v"),
            0x0c => out.push_str("\\f"),
            b'<' | b'>' if around == Around::Angles => octal(*byte, false, out),
            0x20..=0x7e => out.push(char::from(*byte)),
            _ => {
                let next = bytes.get(index + 1);
                octal(
                    *byte,
                    next.is_some_and(|next| (b'0'..=b'7').contains(next)),
                    out,
                );
            }
        }
    }
}

/// As short as it may be without a digit that follows becoming part of it.
fn octal(byte: u8, before_a_digit: bool, out: &mut String) {
    let _ = match before_a_digit {
        true => write!(out, "\\{byte:03o}"),
        false => write!(out, "\\{byte:o}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(bytes: &[u8], whole: bool) -> String {
        let mut out = String::new();
        quote(bytes, whole, 32, &mut out);
        out
    }

    #[test]
    fn escapes_are_those_that_strace_prints() {
        let text = b"tab\there\0 \xc3\xa9\x1b[31m 0123456789 0123456789";
        let shown = r#""tab\there\0 \303\251\33[31m 0123456789 012"..."#;
        assert_eq!(quoted(text, true), shown);
        assert_eq!(quoted(b"x\x011", true), r#""x\0011""#);
        assert_eq!(
            quoted(b"a \"name\"\\\n\r\x0b\x0c\x7f", true),
            r#""a \"name\"\\\n\r\v\f\177""#
        );
        assert_eq!(quoted(b"", true), r#""""#);
        assert_eq!(quoted(b"cut", false), r#""cut"..."#);
    }

    #[test]
    fn a_path_cannot_end_its_brackets() {
        let mut out = String::new();
        angle("/a>b = 0\n (deleted)", &mut out);
        assert_eq!(out, r"</a\76b = 0\n>(deleted)");
    }
}
