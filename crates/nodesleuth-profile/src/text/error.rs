//! What can be wrong with a text of stacks, and in which line.

use crate::foreign::shorten;

/// Why a text in a known format cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// A line breaks the rules of its format.
    #[error("line {line} of {text} {problem}: {shown}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What kind of text it is, with its article.
        text: &'static str,
        /// What is wrong with it, to be read after the line's number.
        problem: String,
        /// What it says, shortened.
        shown: String,
    },
    /// The text lacks something as a whole.
    #[error("{text} {problem}")]
    Whole {
        /// What kind of text it is, with its article.
        text: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A format that is known and not read.
    #[error("this is {what}, which is not read: {advice}")]
    NotRead {
        /// What it is, with its article.
        what: &'static str,
        /// What to do instead.
        advice: &'static str,
    },
}

impl TextError {
    pub(crate) fn line(
        text: &'static str,
        (line, shown): (usize, &str),
        problem: impl Into<String>,
    ) -> Self {
        Self::Line {
            line,
            text,
            problem: problem.into(),
            shown: shorten(shown.trim()),
        }
    }

    pub(crate) fn whole(text: &'static str, problem: impl Into<String>) -> Self {
        Self::Whole {
            text,
            problem: problem.into(),
        }
    }
}
