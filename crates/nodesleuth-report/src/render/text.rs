//! Text for a terminal or a ticket: the answer first.

use crate::document::{Block, Document, Item, Row, Tone};
use anstyle::{AnsiColor, Effects};
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_model::printable;

/// How text is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns to wrap at.
    pub width: usize,
    /// Whether to use colour and bold.
    pub colour: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: 100,
            colour: false,
        }
    }
}

/// A report as text.
#[must_use]
pub fn text(document: &Document, style: Style) -> String {
    let mut pen = Pen {
        out: String::new(),
        style,
    };
    pen.line(
        &document.title,
        anstyle::Style::new().effects(Effects::DIMMED),
    );
    for block in &document.blocks {
        pen.block(block);
    }
    pen.out
}

struct Pen {
    out: String,
    style: Style,
}

const BOLD: anstyle::Style = anstyle::Style::new().effects(Effects::BOLD);
const COMMAND: anstyle::Style =
    anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));
const PLAIN: anstyle::Style = anstyle::Style::new();

impl Pen {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(title) => {
                self.blank_line();
                self.line(&title.to_uppercase(), BOLD);
            }
            Block::Verdict { text, tone } => {
                self.out.push('\n');
                self.wrapped(text, "", "", tone_style(*tone));
                self.out.push('\n');
            }
            Block::Paragraph(text) => self.wrapped(text, "", "", PLAIN),
            Block::Subheading(text) => self.wrapped(text, "", "   ", BOLD),
            Block::List { label, items } => self.list(label, items),
            Block::Table { columns, rows } => self.table(columns, rows),
        }
    }

    /// One, also behind a block that ends with one.
    fn blank_line(&mut self) {
        if !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn list(&mut self, label: &str, items: &[Item]) {
        let indent = if label.is_empty() { "  " } else { "     " };
        if !label.is_empty() {
            self.wrapped(&format!("{label}:"), "   ", "   ", PLAIN);
        }
        let inner = format!("{indent}  ");
        for item in items {
            self.wrapped(&item.text, &format!("{indent}- "), &inner, PLAIN);
            // A command is never wrapped: it is there to be copied.
            if let Some(command) = &item.command {
                self.line(&format!("{inner}$ {command}"), COMMAND);
            }
            if let Some(note) = &item.note {
                self.wrapped(note, &inner, &inner, PLAIN);
            }
        }
    }

    fn table(&mut self, columns: &[&str], rows: &[Row]) {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(columns.iter().copied());
        for row in rows {
            table.add_row(row.cells.iter().map(|cell| printable(cell)));
        }
        for (at, title) in columns.iter().enumerate() {
            if is_numeric(title)
                && let Some(column) = table.column_mut(at)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in table.lines() {
            self.line(&format!(" {}", line.trim_end()), PLAIN);
        }
    }

    fn wrapped(&mut self, text: &str, first: &str, rest: &str, style: anstyle::Style) {
        let options = textwrap::Options::new(self.style.width)
            .initial_indent(first)
            .subsequent_indent(rest)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        // Before wrapping: a line break in a name would begin a line that looks like ours.
        for line in textwrap::wrap(&printable(text), options) {
            self.line(&line, style);
        }
    }

    fn line(&mut self, line: &str, style: anstyle::Style) {
        let line = printable(line);
        if self.style.colour && style != PLAIN {
            self.out.push_str(&format!("{style}{line}{style:#}\n"));
        } else {
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }
}

fn is_numeric(title: &str) -> bool {
    let ends = ["cores", "/s", " each"];
    ends.iter().any(|end| title.ends_with(end)) || ["%", "pid", "waiting"].contains(&title)
}

fn tone_style(tone: Tone) -> anstyle::Style {
    let colour = match tone {
        Tone::Alarm => AnsiColor::Red,
        Tone::Calm => AnsiColor::Green,
        Tone::Open => AnsiColor::Yellow,
    };
    BOLD.fg_color(Some(colour.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(blocks: Vec<Block>) -> String {
        text(
            &Document {
                title: "t".to_owned(),
                blocks,
            },
            Style {
                width: 40,
                colour: false,
            },
        )
    }

    #[test]
    fn one_blank_line_stands_before_a_heading() {
        let verdict = Block::Verdict {
            text: "v".into(),
            tone: Tone::Open,
        };
        let drawn = draw(vec![verdict, Block::Heading("next".into())]);
        assert_eq!(drawn, "t\n\nv\n\nNEXT\n");
    }

    #[test]
    fn a_long_command_is_never_wrapped() {
        let command = "find /sys/fs/cgroup -depth -type d -name 'x' -exec rmdir {} +".to_owned();
        let item = Item {
            text: "do".into(),
            command: Some(command.clone()),
            note: None,
        };
        let drawn = draw(vec![Block::List {
            label: "now".into(),
            items: vec![item],
        }]);
        assert!(drawn.contains(&format!("$ {command}\n")), "{drawn}");
    }

    #[test]
    fn a_hostile_name_cannot_colour_forge_a_line_or_turn_the_text_around() {
        let name = "ev\u{1b}[31mil\u{7} x\nNOTHING WRONG\u{202e}";
        let items = vec![Item {
            text: name.to_owned(),
            command: Some(name.to_owned()),
            note: Some(name.to_owned()),
        }];
        let rows = vec![Row::new([name.to_owned()])];
        let label = name.to_owned();
        for block in [
            Block::Paragraph(name.to_owned()),
            Block::Subheading(name.to_owned()),
            Block::Verdict {
                text: name.to_owned(),
                tone: Tone::Open,
            },
            Block::List { label, items },
            Block::Table {
                columns: vec!["process"],
                rows,
            },
        ] {
            let told = format!("{block:?}");
            let drawn = draw(vec![block]);
            let harmless = drawn
                .chars()
                .all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}'));
            assert!(harmless, "{told}: {drawn:?}");
            let forged = drawn
                .lines()
                .any(|line| line.trim_start().starts_with("NOTHING"));
            assert!(!forged, "{told}: {drawn:?}");
        }
    }

    #[test]
    fn numbers_stand_on_the_right() {
        let rows = vec![
            Row::new(["a".to_owned(), "0.50".to_owned()]),
            Row::new(["bb".to_owned(), "10.00".to_owned()]),
        ];
        let drawn = draw(vec![Block::Table {
            columns: vec!["part", "cores"],
            rows,
        }]);
        assert!(
            drawn.contains("  0.50\n") && drawn.contains(" 10.00\n"),
            "{drawn}"
        );
    }
}
