//! Puts the page together: the template with its parts in the marked places.

use std::io::{self, Write};

use crate::html::cut::CUT_OFF;
use crate::html::escape::{Escaped, visible};
use crate::html::facts::facts;
use crate::html::{HtmlPage, encode, table};
use crate::stack_rows::StackRow;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// In the order in which they are run; `main.js` starts the page.
const SCRIPTS: &[&str] = &[
    include_str!("page/data.js"),
    include_str!("page/tree.js"),
    include_str!("page/sandwich.js"),
    include_str!("page/format.js"),
    include_str!("page/model.js"),
    include_str!("page/search.js"),
    include_str!("page/state.js"),
    include_str!("page/colours.js"),
    include_str!("page/slivers.js"),
    include_str!("page/draw.js"),
    include_str!("page/dom.js"),
    include_str!("page/details.js"),
    include_str!("page/tables.js"),
    include_str!("page/legend.js"),
    include_str!("page/chart.js"),
    include_str!("page/keys.js"),
    include_str!("page/controls.js"),
    include_str!("page/main.js"),
];

/// Writes the page.
pub(super) fn write(page: &HtmlPage<'_>, mut out: impl Write) -> io::Result<()> {
    // Text from outside is never looked through for marks, because it is not in the template.
    let mut parts = TEMPLATE.split("{{");
    out.write_all(parts.next().unwrap_or_default().as_bytes())?;
    for part in parts {
        let (mark, rest) = part.split_once("}}").unwrap_or((part, ""));
        fill(mark, page, &mut out)?;
        out.write_all(rest.as_bytes())?;
    }
    Ok(())
}

fn fill(mark: &str, page: &HtmlPage<'_>, out: &mut impl Write) -> io::Result<()> {
    let HtmlPage {
        columns, options, ..
    } = page;
    match mark {
        "title" => write!(out, "{}", Escaped(&visible(options.title))),
        "subtitle" => subtitle(options.subtitle, out),
        "facts" => out.write_all(facts(columns).as_bytes()),
        "notes" => notes(page, out),
        "table" => table::write(columns, &options.links, out),
        "data" => encode::write(page, out),
        "style" => out.write_all(STYLE.as_bytes()),
        "script" => scripts(out),
        other => Err(io::Error::other(format!(
            "the template has no part {other:?}"
        ))),
    }
}

fn subtitle(text: &str, out: &mut impl Write) -> io::Result<()> {
    match text {
        "" => Ok(()),
        text => writeln!(out, "<p class=\"subtitle\">{}</p>", Escaped(&visible(text))),
    }
}

fn notes(page: &HtmlPage<'_>, out: &mut impl Write) -> io::Result<()> {
    let left_out = page
        .columns
        .left_out
        .iter()
        .map(|name| format!("only one of the two profiles has {name}: it is not shown"));
    let given = page.options.notes.iter().cloned();
    for note in given.chain(left_out).chain(cut_off(page)) {
        writeln!(out, "<p class=\"note\">{}</p>", Escaped(&visible(&note)))?;
    }
    Ok(())
}

/// What is not on the page because there are too many boxes.
fn cut_off(page: &HtmlPage<'_>) -> Option<String> {
    let HtmlPage {
        columns, rows, cut, ..
    } = page;
    if cut.stacks == 0 {
        return None;
    }
    let is_cut = |(row, kept): &(StackRow<'_>, usize)| *kept < row.symbols().len();
    let size = |row: StackRow<'_>| row.values[columns.first].unsigned_abs() as f64;
    let left_out: f64 = cut
        .kept(rows)
        .filter(is_cut)
        .map(|(row, _)| size(row))
        .sum();
    let share = 100.0 * left_out / rows.stacks().map(size).sum::<f64>().max(1.0);
    Some(format!(
        "the ends of the {} cheapest stacks, {} boxes, are left out: {CUT_OFF} stands for them, \
         {share:.1}% of the whole",
        cut.stacks, cut.boxes
    ))
}

fn scripts(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"(() => {\n\"use strict\";\n")?;
    for script in SCRIPTS {
        out.write_all(script.as_bytes())?;
    }
    out.write_all(b"})();\n")
}
