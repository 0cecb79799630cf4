//! Lines that were not understood: counted, and the first is shown.

use crate::folded_text::IgnoredLine;
use crate::foreign::shorten;

/// What was ignored so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ignored {
    pub(crate) count: usize,
    pub(crate) first: Option<IgnoredLine>,
}

impl Ignored {
    /// Blank lines are nothing.
    pub(crate) fn add(&mut self, number: usize, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.count += 1;
        self.first.get_or_insert_with(|| IgnoredLine {
            number,
            text: shorten(line.trim()),
        });
    }

    pub(crate) fn note(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        let (number, text) = (first.number, &first.text);
        Some(match self.count {
            1 => format!("line {number} was not understood and is ignored: {text}"),
            count => format!(
                "{count} lines were not understood and are ignored; the first is line {number}: {text}"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_shown_and_all_are_counted() {
        let mut ignored = Ignored::default();
        assert_eq!(ignored.note(), None);
        ignored.add(1, "  ");
        ignored.add(2, " one ");
        let one = "line 2 was not understood and is ignored: one";
        assert_eq!(ignored.note().unwrap(), one);
        ignored.add(7, "two");
        assert!(
            ignored
                .note()
                .unwrap()
                .starts_with("2 lines were not understood")
        );
    }
}
