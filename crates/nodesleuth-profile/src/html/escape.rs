//! Text for the page: always shown as text.

use std::borrow::Cow;
use std::fmt;

/// A text as markup that shows it, in elements and in quoted attributes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

/// The same text, with a sign in the place of every character that is not seen itself but changes
/// how others are: controls, marks and changes of direction, characters without width.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if text.contains(is_unseen) {
        text.chars().map(sign).collect()
    } else {
        Cow::Borrowed(text)
    }
}

fn sign(c: char) -> char {
    match c {
        // Unicode has a picture for each of these.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if is_unseen(c) => '\u{fffd}',
        c => c,
    }
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(
            c,
            '\u{61c}' | '\u{ad}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        let text = "<script>alert('a' & \"b\")</script>";
        let shown = Escaped(text).to_string();
        assert_eq!(
            shown,
            "&lt;script&gt;alert(&#39;a&#39; &amp; &quot;b&quot;)&lt;/script&gt;"
        );
    }

    #[test]
    fn unseen_characters_are_seen() {
        assert_eq!(visible("a\u{0}\n\u{7f}b"), "a␀␊␡b");
        assert_eq!(
            visible("x\u{202e}y\u{2028}z\u{85}"),
            "x\u{fffd}y\u{fffd}z\u{fffd}"
        );
        assert!(matches!(visible("λ ünïcode 🦀"), Cow::Borrowed(_)));
    }
}
