//! Markdown to paste into a ticket: headings, lists, tables, commands as code.

use crate::document::{Block, Document, Item, Row, Tone};
use nodesleuth_model::printable;

/// A report as markdown.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let mut out = format!("# {}\n", escaped(&document.title));
    for block in &document.blocks {
        out.push('\n');
        push(&mut out, block);
    }
    out
}

fn push(out: &mut String, block: &Block) {
    match block {
        Block::Heading(title) => out.push_str(&format!("## {}\n", escaped(title))),
        Block::Subheading(text) => out.push_str(&format!("### {}\n", escaped(text))),
        Block::Paragraph(text) => out.push_str(&format!("{}\n", escaped(text))),
        Block::Verdict { text, tone } => {
            let mark = match tone {
                Tone::Alarm => "Cause",
                Tone::Calm => "Fine",
                Tone::Open => "Open",
            };
            out.push_str(&format!("> **{mark}:** {}\n", escaped(text)));
        }
        Block::List { label, items } => {
            if !label.is_empty() {
                out.push_str(&format!("{}:\n\n", escaped(label)));
            }
            items.iter().for_each(|item| push_item(out, item));
        }
        Block::Table { columns, rows } => push_table(out, columns, rows),
    }
}

fn push_item(out: &mut String, item: &Item) {
    out.push_str(&format!("- {}\n", escaped(&item.text)));
    if let Some(command) = &item.command {
        // Indented, so that nothing in the command can end it.
        out.push_str(&format!("\n      {}\n\n", printable(command)));
    }
    if let Some(note) = &item.note {
        out.push_str(&format!("  {}\n", escaped(note)));
    }
}

fn push_table(out: &mut String, columns: &[&str], rows: &[Row]) {
    out.push_str(&format!("| {} |\n", columns.join(" | ")));
    out.push_str(&format!("|{}\n", "---|".repeat(columns.len())));
    for row in rows {
        let cells: Vec<String> = row.cells.iter().map(|cell| escaped(cell)).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

/// Text in which nothing is markup: names come from outside.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '*' | '_' | '`' | '|' | '[' | ']' | '\\' | '#' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup_and_commands_are_code() {
        let document = Document {
            title: "t".to_owned(),
            blocks: vec![
                Block::Heading("Why".to_owned()),
                Block::List {
                    label: "seen".to_owned(),
                    items: vec![Item {
                        text: "<b>mem_cgroup_iter</b> | @all".to_owned(),
                        command: Some("cat /proc/cgroups | grep `memory`".to_owned()),
                        note: None,
                    }],
                },
                Block::Table {
                    columns: vec!["part", "cores"],
                    rows: vec![Row::new(["a|b".to_owned(), "0.5".to_owned()])],
                },
            ],
        };
        let expected = "# t\n\n## Why\n\nseen:\n\n\
            - &lt;b&gt;mem\\_cgroup\\_iter&lt;/b&gt; \\| \\@all\n\n      cat /proc/cgroups | grep `memory`\n\n\n\
            | part | cores |\n|---|---|\n| a\\|b | 0.5 |\n";
        assert_eq!(markdown(&document), expected);
    }
}
