//! Cutting a name into words and separators.

/// Types of systemd units that have cgroups, or whose names appear as such.
const UNIT_TYPES: &[&str] = &[
    ".scope",
    ".slice",
    ".service",
    ".mount",
    ".swap",
    ".socket",
    ".automount",
];
/// First words of units that systemd or its clients make for the moment.
const TRANSIENT: &[&str] = &["run", "session"];

/// A name, cut.
pub(super) struct Name<'n> {
    pub(super) parts: Vec<Part<'n>>,
    /// With its dot; empty for a name that is no systemd unit.
    pub(super) unit_type: &'n str,
}

/// A word and what stands before it. The word is empty only where the name ends in a separator.
pub(super) struct Part<'n> {
    pub(super) separator: &'n str,
    pub(super) word: &'n str,
}

impl<'n> Name<'n> {
    pub(super) fn cut(name: &'n str) -> Self {
        let unit_type = UNIT_TYPES
            .iter()
            .find(|unit_type| name.ends_with(**unit_type))
            .copied()
            .unwrap_or_default();
        let (mut rest, unit_type) = name.split_at(name.len() - unit_type.len());
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let (separator, after) = rest.split_at(separator_length(rest));
            let length = after
                .find(|character: char| !character.is_ascii_alphanumeric())
                .unwrap_or(after.len());
            let (word, after) = after.split_at(length);
            parts.push(Part { separator, word });
            rest = after;
        }
        Self { parts, unit_type }
    }

    /// A scope or service that is named by what made it, a letter and an id.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self.unit_type, ".scope" | ".service")
            && self
                .parts
                .first()
                .is_some_and(|first| TRANSIENT.contains(&first.word))
    }
}

fn separator_length(text: &str) -> usize {
    let mut length = 0;
    while let Some(character) = text[length..].chars().next() {
        if let Some(escape) = escape_length(&text[length..]) {
            length += escape;
        } else if character.is_ascii_alphanumeric() {
            break;
        } else {
            length += character.len_utf8();
        }
    }
    length
}

/// Length of the systemd escape (`\x2d`) that `text` begins with.
fn escape_length(text: &str) -> Option<usize> {
    let digits = text.strip_prefix("\\x")?.as_bytes().get(..2)?;
    digits.iter().all(u8::is_ascii_hexdigit).then_some(4)
}
