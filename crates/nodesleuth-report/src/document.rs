//! A report before it has a format: neutral blocks that every renderer can draw.

/// A whole report.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// What it is of, one line.
    pub title: String,
    /// From top to bottom.
    pub blocks: Vec<Block>,
}

/// A piece of a report.
#[derive(Clone, Debug)]
pub enum Block {
    /// Heading of a section.
    Heading(String),
    /// The answer itself, drawn so that it is seen first.
    Verdict {
        /// The sentence.
        text: String,
        /// How it is to be felt.
        tone: Tone,
    },
    /// Plain text.
    Paragraph(String),
    /// A heading inside a section, such as one finding.
    Subheading(String),
    /// Lines that belong together.
    List {
        /// What they are, such as "seen"; may be empty.
        label: String,
        /// The lines.
        items: Vec<Item>,
    },
    /// Columns.
    Table {
        /// Column titles; numbers are right-aligned when a title ends in a unit or `%`.
        columns: Vec<&'static str>,
        /// Lines.
        rows: Vec<Row>,
    },
}

/// How a verdict is to be felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something is wrong and it is known what.
    Alarm,
    /// Nothing is wrong.
    Calm,
    /// Not known.
    Open,
}

/// One line, with what to type and what to mind.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// The line.
    pub text: String,
    /// What to type.
    pub command: Option<String>,
    /// What to mind.
    pub note: Option<String>,
}

impl Item {
    /// A line without a command.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}

/// One line of a table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// One text a column.
    pub cells: Vec<String>,
}

impl Row {
    /// A line of these cells.
    pub fn new(cells: impl IntoIterator<Item = String>) -> Self {
        Self {
            cells: cells.into_iter().collect(),
        }
    }
}
