//! Frame names that can stand in a line of folded text.

use std::borrow::Cow;

/// What a stack without frames is called in folded text.
pub const EMPTY_STACK: &str = "[empty stack]";

/// What a frame without a name is called in folded text.
pub const EMPTY_NAME: &str = "[unknown]";

/// A name as it is written in folded text:
///
/// - `;` separates frames and becomes `:`, as FlameGraph's own scripts do (generic Go names such
///   as `F[struct { a int; b int }]` contain it);
/// - line breaks, tabs, other control characters and byte order marks become a space;
/// - space around the name is removed; nothing left is [`EMPTY_NAME`].
///
/// ```
/// # use nodesleuth_profile::safe_name;
/// assert_eq!(safe_name("F[struct { a int; b int }]"), "F[struct { a int: b int }]");
/// assert_eq!(safe_name("main.main"), "main.main");
/// ```
pub fn safe_name(raw: &str) -> Cow<'_, str> {
    let unsafe_char = |c: char| c == ';' || c == '\u{feff}' || c.is_control();
    let safe = if raw.contains(unsafe_char) {
        let replace = |c| match c {
            ';' => ':',
            c if unsafe_char(c) => ' ',
            c => c,
        };
        Cow::Owned(
            raw.chars()
                .map(replace)
                .collect::<String>()
                .trim()
                .to_owned(),
        )
    } else {
        Cow::Borrowed(raw.trim())
    };
    match safe.is_empty() {
        true => Cow::Borrowed(EMPTY_NAME),
        false => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn making_safe_twice_changes_nothing() {
        for raw in [
            "",
            " ",
            "\n",
            "a;b",
            " a\r\n",
            "\u{85}x",
            "a\u{2028}b",
            ";",
            "\u{feff}a",
        ] {
            let once = safe_name(raw).into_owned();
            assert_eq!(safe_name(&once), once, "{raw:?}");
            assert!(!once.contains([';', '\n', '\r']) && !once.is_empty());
        }
    }
}
