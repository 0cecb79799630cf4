//! Data to stdout, complaints to stderr.

use crate::args::Format;
use crate::failure::Failure;
use miette::Diagnostic;
use nodesleuth_model::Diagnosis;
use nodesleuth_report::Style;
use std::io::{self, IsTerminal, Write};

/// Columns of a report that does not go to a terminal.
const PLAIN_WIDTH: usize = 100;

/// Prints a failure: what, why, what to do.
pub(crate) fn complain(failure: &Failure) {
    let mut text = format!("error: {failure}\n");
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause {
        if !text.contains(&error.to_string()) {
            text.push_str(&format!("  because: {error}\n"));
        }
        cause = error.source();
    }
    if let Some(help) = failure.help() {
        text.push_str(&format!("  help: {help}\n"));
    }
    note(&text);
}

/// Writes to stderr; nothing can be done when that fails.
pub(crate) fn note(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints a result.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints a diagnosis in the chosen format.
pub(crate) fn diagnosis(diagnosis: &Diagnosis, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => print(&nodesleuth_report::json(diagnosis)),
        Format::Text => {
            let document = nodesleuth_report::document(diagnosis);
            print(&nodesleuth_report::text(&document, style()))
        }
    }
}

/// Prints a serialisable result as indented JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    print(&format!("{text}\n"))
}

/// Colour and the terminal's width on a terminal; plain and 100 columns elsewhere. `NO_COLOR` is
/// respected.
fn style() -> Style {
    let terminal = io::stdout().is_terminal();
    let columns = if terminal { terminal_columns() } else { None };
    Style {
        width: columns.unwrap_or(PLAIN_WIDTH).clamp(60, 120),
        colour: terminal && std::env::var_os("NO_COLOR").is_none(),
    }
}

fn terminal_columns() -> Option<usize> {
    comfy_table::Table::new().width().map(usize::from)
}
