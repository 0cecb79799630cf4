//! A part of a text that knows which lines it is.

/// A line with its number, from 1.
pub(crate) type Line<'t> = (usize, &'t str);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Section<'t> {
    text: &'t str,
    /// How many lines come before.
    before: usize,
}

impl<'t> Section<'t> {
    pub(crate) fn whole(text: &'t str) -> Self {
        Self { text, before: 0 }
    }

    /// What is behind it: nothing.
    pub(crate) fn end(self) -> Self {
        Self { text: "", ..self }
    }

    pub(crate) fn lines(self) -> impl Iterator<Item = Line<'t>> {
        let number = move |(index, line)| (self.before + index + 1, line);
        self.text.lines().enumerate().map(number)
    }

    /// What is before and after the first line that says nothing but `title`.
    pub(crate) fn split(self, title: &str) -> Option<(Self, Self)> {
        let mut found = self.text.match_indices(title);
        let (start, end) = found.find_map(|(at, _)| self.whole_line(at, title.len()))?;
        let (before, after) = (&self.text[..start], &self.text[end..]);
        let lines = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let after = Self {
            text: after,
            before: self.before + lines,
        };
        Some((
            Self {
                text: before,
                ..self
            },
            after,
        ))
    }

    /// The line around a piece of text, if there is only space beside it.
    fn whole_line(self, at: usize, length: usize) -> Option<(usize, usize)> {
        let space = [' ', '\t', '\r'];
        let before = self.text[..at].trim_end_matches(space);
        let after = self.text[at + length..].trim_start_matches(space);
        let begins = before.is_empty() || before.ends_with('\n');
        let ends = after.is_empty() || after.starts_with('\n');
        let end = self.text.len() - after.len();
        (begins && ends).then(|| (before.len(), (end + 1).min(self.text.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_line_divides() {
        let text = Section::whole("a End b\nEndEnd\n End\r\nrest\n");
        let (before, after) = text.split("End").unwrap();
        assert_eq!(before.lines().last(), Some((2, "EndEnd")));
        assert_eq!(after.lines().next(), Some((4, "rest")));
        assert!(after.split("End").is_none());
    }
}
