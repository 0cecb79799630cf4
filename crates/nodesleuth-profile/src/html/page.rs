//! Puts the page together: the template with its parts in the marked places.

use std::io::{self, Write};

use crate::html::columns::Columns;
use crate::html::escape::{Escaped, visible};
use crate::html::facts::facts;
use crate::html::{HtmlOptions, encode, table};

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
pub(super) fn write(
    columns: &Columns<'_>,
    options: &HtmlOptions<'_>,
    mut out: impl Write,
) -> io::Result<()> {
    // Text from outside is never looked through for marks, because it is not in the template.
    let mut parts = TEMPLATE.split("{{");
    out.write_all(parts.next().unwrap_or_default().as_bytes())?;
    for part in parts {
        let (mark, rest) = part.split_once("}}").unwrap_or((part, ""));
        fill(mark, columns, options, &mut out)?;
        out.write_all(rest.as_bytes())?;
    }
    Ok(())
}

fn fill(
    mark: &str,
    columns: &Columns<'_>,
    options: &HtmlOptions<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    match mark {
        "title" => write!(out, "{}", Escaped(&visible(options.title))),
        "subtitle" => subtitle(options.subtitle, out),
        "facts" => out.write_all(facts(columns).as_bytes()),
        "notes" => notes(columns, options, out),
        "table" => table::write(columns, &options.links, out),
        "data" => encode::write(columns, options, out),
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

fn notes(columns: &Columns<'_>, options: &HtmlOptions<'_>, out: &mut impl Write) -> io::Result<()> {
    let left_out = columns
        .left_out
        .iter()
        .map(|name| format!("only one of the two profiles has {name}: it is not shown"));
    for note in options.notes.iter().cloned().chain(left_out) {
        writeln!(out, "<p class=\"note\">{}</p>", Escaped(&visible(&note)))?;
    }
    Ok(())
}

fn scripts(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"(() => {\n\"use strict\";\n")?;
    for script in SCRIPTS {
        out.write_all(script.as_bytes())?;
    }
    out.write_all(b"})();\n")
}
