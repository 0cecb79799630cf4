//! Text from outside as XML: nothing in a name can end an element or break the document.

use std::borrow::Cow;
use std::fmt;

/// Names longer than this are cut: a file may repeat one in thousands of boxes.
const MAX_NAME_CHARS: usize = 20_000;

/// Text between tags or in a quoted attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clean = 0;
        for (at, c) in self.0.char_indices() {
            if let Some(replacement) = replacement(c) {
                f.write_str(&self.0[clean..at])?;
                f.write_str(replacement)?;
                clean = at + c.len_utf8();
            }
        }
        f.write_str(&self.0[clean..])
    }
}

fn replacement(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        c if !is_shown(c) => Some("\u{fffd}"),
        _ => None,
    }
}

/// Control characters, which XML forbids, and those that change the direction of what follows.
fn is_shown(c: char) -> bool {
    let direction =
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let noncharacter = u32::from(c) & 0xfffe == 0xfffe;
    !(c.is_control() || direction || noncharacter || c == '\u{2028}' || c == '\u{2029}')
}

/// A name as far as it is shown, and how much more there is.
pub(crate) fn shown_name(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => {
            let more = name[end..].chars().count();
            Cow::Owned(format!("{}… ({more} more characters)", &name[..end]))
        }
        None => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_can_break_out() {
        let name = "<script>\"x\" & 'y'</script>]]>\u{0}\n\u{202e}\u{ffff}";
        let expected = "&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/script&gt;]]&gt;\
                        \u{fffd}\u{fffd}\u{fffd}\u{fffd}";
        assert_eq!(Escaped(name).to_string(), expected);
    }

    #[test]
    fn other_text_stays() {
        for text in ["", "main.(*T).f", "Größe→漢字🦀"] {
            assert_eq!(Escaped(text).to_string(), text);
        }
    }

    #[test]
    fn only_absurd_names_are_cut_and_say_so() {
        let shown = "ä".repeat(MAX_NAME_CHARS);
        let long = format!("{shown}xyz");
        let expected = format!("{shown}… (3 more characters)");
        assert_eq!(shown_name(&long), expected);
        let name = "x".repeat(MAX_NAME_CHARS);
        assert_eq!(shown_name(&name), name);
    }
}
