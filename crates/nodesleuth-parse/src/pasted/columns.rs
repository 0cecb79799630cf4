//! Tables whose first line names the columns, as ps, top and pidstat print them.

/// The names of a table's columns.
pub(super) struct Columns {
    names: Vec<String>,
}

/// One row: its words, and the rest of the line from the last column on.
pub(super) struct Row<'c, 't> {
    columns: &'c Columns,
    words: Vec<&'t str>,
}

impl Columns {
    pub(super) fn of(header: &str) -> Self {
        let names = header.trim_start_matches('#').split_whitespace();
        Self {
            names: names.map(str::to_owned).collect(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// The last column's name.
    pub(super) fn last(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// A row with a word for each column; the last one may have several.
    pub(super) fn row<'t>(&self, line: &'t str) -> Option<Row<'_, 't>> {
        let words: Vec<&str> = line.split_whitespace().collect();
        (words.len() >= self.names.len() && !self.names.is_empty()).then_some(Row {
            columns: self,
            words,
        })
    }
}

impl<'t> Row<'_, 't> {
    /// The word of the column with one of these names.
    pub(super) fn get(&self, names: &[&str]) -> Option<&'t str> {
        let at = self
            .columns
            .names
            .iter()
            .position(|name| names.contains(&name.as_str()))?;
        self.words.get(at).copied()
    }

    /// All words from the last column on.
    pub(super) fn rest(&self) -> &[&'t str] {
        &self.words[self.columns.names.len() - 1..]
    }

    /// The first word of the row.
    pub(super) fn first(&self) -> &'t str {
        self.words[0]
    }
}
