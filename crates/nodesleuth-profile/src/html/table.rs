//! The table of a page that is read without JavaScript.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::draw::value_text;
use crate::html::columns::{Columns, name};
use crate::html::escape::{Escaped, visible};
use crate::html::lines::{FunctionLines, lines};
use crate::report::measure::percentage;
use crate::source_link::SourceLinks;
use crate::top::{TopRow, top};

/// Functions listed.
const ROWS: usize = 100;

/// Writes the most expensive functions of the sample type that is shown first.
pub(super) fn write(
    columns: &Columns<'_>,
    links: &SourceLinks,
    mut out: impl Write,
) -> io::Result<()> {
    let column = columns.shown();
    let rows = top(columns.profile, column.now);
    let before = before(columns);
    let lines = lines(columns);
    let what = name(column.value_type);
    writeln!(
        out,
        "<table><caption>The {} most expensive of {} functions by {}</caption>",
        rows.len().min(ROWS),
        rows.len(),
        Escaped(&visible(&what))
    )?;
    let change = before
        .as_ref()
        .map_or("", |_| "<th scope=\"col\">Before</th>");
    writeln!(
        out,
        "<thead><tr><th scope=\"col\">Flat</th><th scope=\"col\">Cum</th>{change}\
         <th scope=\"col\">Function</th><th scope=\"col\">Source</th></tr></thead><tbody>"
    )?;
    let table = Table {
        unit: column.value_type.unit,
        total: columns.profile.magnitude(column.now),
        before,
        lines,
        links,
    };
    for row in rows.iter().take(ROWS) {
        table.row(row, &mut out)?;
    }
    writeln!(out, "</tbody></table>")
}

struct Table<'t> {
    unit: &'t str,
    total: i64,
    /// Flat by name.
    before: Option<HashMap<&'t str, i64>>,
    lines: HashMap<&'t str, FunctionLines<'t>>,
    links: &'t SourceLinks,
}

impl Table<'_> {
    fn row(&self, row: &TopRow<'_>, out: &mut impl Write) -> io::Result<()> {
        write!(out, "<tr>")?;
        for value in [row.flat, row.cum] {
            let (label, share) = (self.label(value), percentage(value, self.total));
            write!(out, "<td class=\"number\">{label} {share}</td>")?;
        }
        if let Some(before) = &self.before {
            let flat = before.get(row.name).copied().unwrap_or(0);
            write!(out, "<td class=\"number\">{}</td>", self.label(flat))?;
        }
        let name = visible(row.name);
        write!(
            out,
            "<td class=\"name\"><span>{}</span></td>",
            Escaped(&name)
        )?;
        writeln!(
            out,
            "<td class=\"file\">{}</td></tr>",
            self.source(row.name)
        )
    }

    fn label(&self, value: i64) -> String {
        value_text(value, self.unit)
    }

    fn source(&self, name: &str) -> String {
        let Some(line) = self.lines.get(name).and_then(|lines| lines.lines.first()) else {
            return String::new();
        };
        let place = match line.line {
            1.. => format!("{}:{}", line.file, line.line),
            _ => line.file.to_owned(),
        };
        // A long path is broken where a reader would break it.
        let shown = Escaped(&visible(&place)).to_string().replace('/', "/<wbr>");
        match self.links.line(line.file, line.line) {
            Some(page) => format!(
                "<a href=\"{}\" rel=\"noopener noreferrer\">{shown}</a>",
                Escaped(&page)
            ),
            None => shown,
        }
    }
}

fn before<'p>(columns: &Columns<'p>) -> Option<HashMap<&'p str, i64>> {
    let index = columns.shown().before?;
    let rows = top(columns.before?, index);
    Some(rows.iter().map(|row| (row.name, row.flat)).collect())
}
