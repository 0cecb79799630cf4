//! The lines of a pasted text without what surrounds them: quoting, list markers, code fences.

/// Lines of a text, cleaned.
pub(super) struct Lines<'t> {
    lines: Vec<&'t str>,
}

/// What a line is to a table.
pub(super) enum Part {
    Own,
    Between,
    Other,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            lines: text.lines().map(clean).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line; empty behind the end.
    pub(super) fn get(&self, at: usize) -> &'t str {
        self.lines.get(at).copied().unwrap_or("")
    }

    /// Lines from `at` on.
    pub(super) fn from(&self, at: usize) -> impl Iterator<Item = &'t str> + '_ {
        self.lines.iter().skip(at).copied()
    }

    /// How many lines from `at` on hold.
    pub(super) fn while_true(&self, at: usize, mut holds: impl FnMut(&str) -> bool) -> usize {
        self.from(at).take_while(|line| holds(line)).count()
    }

    /// How many lines from `at` on a table takes: up to its last own line, with no more than
    /// `most_between` lines that may stand between two of its own.
    pub(super) fn table(
        &self,
        at: usize,
        most_between: usize,
        mut part: impl FnMut(&str) -> Part,
    ) -> usize {
        let mut last = 0;
        for (taken, line) in self.from(at).enumerate() {
            match part(line) {
                Part::Own => last = taken + 1,
                Part::Between if taken + 1 - last <= most_between => {}
                Part::Between | Part::Other => break,
            }
        }
        last
    }

    /// Lines from `at` on until one that is blank.
    pub(super) fn paragraph(&self, at: usize) -> impl Iterator<Item = &'t str> + '_ {
        self.from(at).take_while(|line| !line.trim().is_empty())
    }
}

/// A line without what markdown and mail put around it. Indentation stays: it has a meaning in
/// stacks.
fn clean(line: &str) -> &str {
    let mut line = line.trim_end();
    while let Some(rest) = line.strip_prefix('>') {
        line = rest.strip_prefix(' ').unwrap_or(rest);
    }
    let trimmed = line.trim_start();
    if trimmed.starts_with("```") || trimmed.starts_with("~~~") || is_tag(trimmed) {
        return "";
    }
    let without = without_marker(trimmed);
    let bare = without_ticks(without.unwrap_or(trimmed));
    if without.is_some() || bare.len() < trimmed.len() {
        return bare;
    }
    line
}

/// `- text` and `* text`, but not the dashes of a table or of a stack.
fn without_marker(trimmed: &str) -> Option<&str> {
    let rest = ["- ", "* ", "• "]
        .iter()
        .find_map(|marker| trimmed.strip_prefix(marker))?;
    (!rest.starts_with([' ', '-'])).then_some(rest)
}

/// A line that is all in back quotes.
fn without_ticks(text: &str) -> &str {
    let inner = text
        .strip_prefix('`')
        .and_then(|text| text.strip_suffix('`'));
    match inner {
        Some(inner) if !inner.contains('`') => inner,
        _ => text,
    }
}

/// A line that is nothing but a tag, such as `<details>` or `</pre>`.
fn is_tag(line: &str) -> bool {
    const TAGS: &[&str] = &["details", "summary", "pre", "code", "p", "br", "div"];
    let inner = line
        .strip_prefix('<')
        .and_then(|line| line.strip_suffix('>'));
    inner.is_some_and(|inner| {
        let name = inner.trim_matches('/').trim();
        TAGS.contains(&name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_markers_fences_and_tags_are_taken_away_and_indentation_stays() {
        let text = "> > - `a b`\n```console\n    ffff vfs_read\n<details>\n-  x\n--3%--f\n* it";
        let lines: Vec<_> = Lines::of(text).lines;
        assert_eq!(
            lines,
            ["a b", "", "    ffff vfs_read", "", "-  x", "--3%--f", "it"]
        );
    }
}
