//! Data to stdout, complaints to stderr.

use crate::args::ReportFormat;
use crate::failure::Failure;
use miette::Diagnostic;
use nodesleuth_model::{Diagnosis, printable, printable_lines};
use nodesleuth_report::Style;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::time::{Duration, UNIX_EPOCH};

/// Columns of a report that does not go to a terminal.
const PLAIN_WIDTH: usize = 100;

/// Prints a failure: what, why, what to do.
pub(crate) fn complain(failure: &Failure) {
    note(&complaint(failure));
}

fn complaint(failure: &Failure) -> String {
    let what = failure.to_string();
    let what = match failure {
        // Shows the wrong line of the file below the message.
        Failure::Catalog(_) => printable_lines(&what),
        _ => printable(&what),
    };
    let mut text = format!("error: {what}\n");
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause {
        let told = error.to_string();
        if !failure.to_string().contains(&told) && !text.contains(&told) {
            text.push_str(&format!("  because: {}\n", printable(&told)));
        }
        cause = error.source();
    }
    if let Some(help) = failure.help() {
        text.push_str(&format!("  help: {}\n", printable(&help.to_string())));
    }
    text
}

/// Writes to stderr; nothing can be done when that fails.
pub(crate) fn note(text: &str) {
    let text = printable_lines(text);
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints lines that hold text from outside (catalogue files, paths): no escape gets through.
pub(crate) fn print_lines(text: &str) -> Result<(), Failure> {
    print(&printable_lines(text))
}

/// Prints a result as it is: names from outside go through [`printable`] before.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints a diagnosis in the chosen format.
pub(crate) fn diagnosis(diagnosis: &Diagnosis, format: ReportFormat) -> Result<(), Failure> {
    match format {
        ReportFormat::Json => print(&nodesleuth_report::json(diagnosis)),
        ReportFormat::Text | ReportFormat::Markdown => {
            document(&nodesleuth_report::document(diagnosis), format)
        }
    }
}

/// Prints a report for people: text, unless it is to be Markdown.
pub(crate) fn document(
    document: &nodesleuth_report::Document,
    format: ReportFormat,
) -> Result<(), Failure> {
    print(&match format {
        ReportFormat::Markdown => nodesleuth_report::markdown(document),
        ReportFormat::Text | ReportFormat::Json => nodesleuth_report::text(document, style()),
    })
}

/// Prints a serialisable result as indented JSON. Written as it is made: as text it can be several
/// times as large as what it is made from.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}

/// `2026-01-31T23:59:59Z`, from nanoseconds since the Unix epoch.
pub(crate) fn utc(unix_nanos: u64) -> String {
    let since_epoch = Duration::from_nanos(unix_nanos);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since_epoch).to_string()
}

/// The same to the millisecond: looks a fifth of a second apart are told from each other.
pub(crate) fn utc_millis(unix_nanos: u64) -> String {
    let since_epoch = Duration::from_nanos(unix_nanos);
    humantime::format_rfc3339_millis(UNIX_EPOCH + since_epoch).to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_complaint_cannot_forge_a_line_or_move_the_cursor() {
        let name = "x\nNOTHING WRONG\u{1b}[31m\u{202e}";
        let failure = Failure::usage(format!("no {name}"), format!("not {name}"));
        let shown = "x\u{fffd}NOTHING WRONG\u{fffd}[31m\u{fffd}";
        assert_eq!(
            complaint(&failure),
            format!("error: no {shown}\n  help: not {shown}\n")
        );
    }
}
