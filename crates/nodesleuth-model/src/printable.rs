//! Text from outside (names of processes, files and cgroups, messages of servers) made safe to
//! show to people.

use std::borrow::Cow;

/// The same text with every character replaced that could move a terminal's cursor, begin a line
/// of its own, or change the order in which the rest reads.
///
/// A process may call itself anything, also `x` and a line break and "all is well".
///
/// ```
/// assert_eq!(nodesleuth_model::printable("a\u{1b}[2J\nb"), "a\u{fffd}[2J\u{fffd}b");
/// ```
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    replaced(text, misleads)
}

/// The same for text of several lines whose breaks are our own.
#[must_use]
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c != '\n' && misleads(c))
}

fn replaced(text: &str, unwanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.contains(&unwanted) {
        Cow::Owned(text.replace(unwanted, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // No width, and marks of direction.
            '\u{200b}'..='\u{200f}'
            // Line and paragraph separator.
            | '\u{2028}' | '\u{2029}'
            // Embedding, override and isolation of direction.
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_colour_ring_break_the_line_or_turn_the_text_around() {
        for (name, shown) in [
            ("ev\u{1b}[31mil\u{7}", "ev\u{fffd}[31mil\u{fffd}"),
            ("x\nNOTHING WRONG", "x\u{fffd}NOTHING WRONG"),
            ("a\tb\rc", "a\u{fffd}b\u{fffd}c"),
            ("\u{202e}tac", "\u{fffd}tac"),
            (
                "\u{2066}a\u{2069}\u{200b}\u{2028}\u{9b}",
                "\u{fffd}a\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
        ] {
            assert_eq!(printable(name), shown);
        }
    }

    #[test]
    fn ordinary_text_stays_and_is_not_copied() {
        for name in ["kworker/0:1-events", "naïve 進程 µs ≥ …"] {
            assert!(matches!(printable(name), Cow::Borrowed(same) if same == name));
        }
    }

    #[test]
    fn our_own_line_breaks_can_be_kept() {
        assert_eq!(printable_lines("a\u{1b}\n  b\n"), "a\u{fffd}\n  b\n");
    }
}
