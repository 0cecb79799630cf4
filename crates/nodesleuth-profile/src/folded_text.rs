//! Reading folded text, as `stackcollapse-*.pl`, inferno and this crate write it.

use crate::folded::Folded;
use crate::text::{Ignored, source};

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
/// `.0`. Comments are skipped; other lines are counted, never dropped silently.
///
/// # Errors
/// If no line at all is a stack.
pub fn read_folded(bytes: &[u8]) -> Result<FoldedText, FoldedError> {
    let text = source::lossy(bytes);
    let mut stacks = Vec::new();
    let mut ignored = Ignored::default();
    for (index, line) in text.lines().enumerate() {
        match parse_line(line) {
            Some(stack) => stacks.push(stack),
            None if is_comment(line) => {}
            None => ignored.add(index + 1, line),
        }
    }
    if stacks.is_empty() {
        return Err(FoldedError::of(ignored));
    }
    Ok(FoldedText {
        folded: Folded::from_stacks(stacks.iter().map(|(s, w)| (s.split(';'), *w))),
        ignored: ignored.count,
        first_ignored: ignored.first,
    })
}

impl FoldedError {
    /// For a text in which nothing but these lines was found.
    pub(crate) fn of(ignored: Ignored) -> Self {
        match ignored.first {
            None => Self::Empty,
            Some(first) => Self::NotFolded {
                lines: ignored.count,
                first_number: first.number,
                first: first.text,
            },
        }
    }
}

/// Goes before a stack that would be taken for a comment.
pub(crate) const NO_COMMENT: &str = " ";

/// The frames, joined by `;`, and the weight.
pub(crate) fn parse_line(line: &str) -> Option<(&str, i64)> {
    if is_comment(line) {
        return None;
    }
    let (stack, weight) = line.trim().rsplit_once([' ', '\t'])?;
    let whole = match weight.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return None,
        None => weight,
    };
    Some((stack.trim(), whole.parse().ok()?)).filter(|(stack, _)| !stack.is_empty())
}

/// `# …` and `// …`, unless it has several frames or is indented: so [`NO_COMMENT`] keeps a stack
/// of one frame that is called like this.
pub(crate) fn is_comment(line: &str) -> bool {
    let slashes = line.strip_prefix("//");
    let is_marked = line.starts_with('#')
        || slashes.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    is_marked && !line.contains(';')
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
        let read = read("# comment\na;b 1\nc 1.5\nd\n# total 7\n");
        assert_eq!((read.ignored, read.folded.len()), (2, 1));
        let first = IgnoredLine {
            number: 3,
            text: "c 1.5".to_owned(),
        };
        assert_eq!(read.first_ignored, Some(first));
    }

    #[test]
    fn a_frame_like_a_comment_is_one_if_it_is_indented() {
        for name in ["#", "#private", "# total", "//", "// x"] {
            let folded = Folded::from_stacks([([name], 3)]);
            assert_eq!(folded.to_string(), format!(" {name} 3\n"));
            assert_eq!(read(&folded.to_string()).folded, folded);
        }
    }

    #[test]
    fn text_without_any_stack_is_refused_with_its_first_line() {
        let error = read_folded(b"\n<html>\n</html>\n").unwrap_err();
        let text = "not folded stacks: none of 2 lines is `frame;frame weight`; line 2 is: <html>";
        assert_eq!(error.to_string(), text);
        assert_eq!(read_folded(b" \n"), Err(FoldedError::Empty));
    }
}
