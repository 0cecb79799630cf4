//! The error of every text parser: which file, which line, what was expected.

use std::fmt;

/// Text that does not fit its format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Malformed {
    /// The file or format as the kernel documentation names it, such as `/proc/PID/stat`.
    pub what: &'static str,
    /// Line, counted from one, where one line is at fault.
    pub line: Option<u32>,
    /// What was expected, or what is wrong.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl Malformed {
    /// The whole of `what` is at fault.
    pub(crate) fn whole(what: &'static str, reason: impl Into<String>) -> Self {
        Self {
            what,
            line: None,
            reason: reason.into(),
        }
    }

    /// One line is at fault; `index` counts from zero, as `enumerate` does.
    pub(crate) fn line(what: &'static str, index: usize, reason: impl Into<String>) -> Self {
        Self {
            what,
            line: Some(u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)),
            reason: reason.into(),
        }
    }
}

/// `text` for a message: quoted, escaped and cut, since it may be anything.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, quoted};

    #[test]
    fn the_message_names_file_and_line_counted_from_one() {
        let error = Malformed::line("/proc/cgroups", 2, "expected four columns");
        assert_eq!(
            error.to_string(),
            "/proc/cgroups line 3: expected four columns"
        );
    }

    #[test]
    fn the_message_without_a_line_names_the_file() {
        let error = Malformed::whole("/proc/stat", "no cpu line");
        assert_eq!(error.to_string(), "/proc/stat: no cpu line");
    }

    #[test]
    fn quoted_text_is_cut_between_characters() {
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
        assert!(quoted(&"ä".repeat(50)).ends_with("ä\"…"));
    }
}
