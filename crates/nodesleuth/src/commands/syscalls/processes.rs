//! What each of the processes did, a line each.

use super::row::{Row, Table};
use crate::commands::watched::Watched;
use comfy_table::{CellAlignment, presets};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Nanos, printable};

/// So many lines; a script starts hundreds.
const SHOWN: usize = 40;
const HEADER: [&str; 6] = ["process", "name", "calls", "errors", "on CPU", "most in"];
/// The columns of figures.
const FIGURES: std::ops::Range<usize> = 2..5;

/// The most CPU first.
pub(super) fn of(watched: &Watched, table: &Table) -> String {
    let mut parts: Vec<(u32, &[Row])> = table
        .parts
        .iter()
        .map(|(process, rows)| (*process, rows.as_slice()))
        .collect();
    parts.sort_by_key(|(_, rows)| std::cmp::Reverse(on_cpu(rows)));
    let mut shown = comfy_table::Table::new();
    shown.load_style(presets::NOTHING);
    shown.set_header(HEADER);
    for (process, rows) in parts.iter().take(SHOWN) {
        shown.add_row(line(watched, *process, rows));
    }
    for column in FIGURES {
        if let Some(column) = shown.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = format!("\nby process:\n{}\n", shown.trim_fmt());
    let more = parts.len().saturating_sub(SHOWN);
    if more > 0 {
        text.push_str(&format!(
            " and {} more; -o json has all, each with its system calls\n",
            grouped(more as u64)
        ));
    }
    text
}

fn line(watched: &Watched, process: u32, rows: &[Row]) -> [String; 6] {
    let sum = |figure: fn(&Row) -> u64| grouped(rows.iter().map(figure).sum());
    [
        process.to_string(),
        name(watched, process),
        sum(|row| row.total.calls),
        sum(|row| row.total.errors),
        on_cpu(rows).map_or_else(|| "-".to_owned(), |time| time.to_string()),
        rows.first()
            .map_or_else(String::new, |row| row.name.clone()),
    ]
}

/// Unknown where the engine does not tell time on a CPU from waiting.
fn on_cpu(rows: &[Row]) -> Option<Nanos> {
    let sum: Option<u64> = rows.iter().map(|row| row.total.on_cpu_ns).sum();
    sum.map(Nanos)
}

fn name(watched: &Watched, process: u32) -> String {
    if process == watched.target.pid.0 {
        return format!("{} (watched)", printable(&watched.target.comm));
    }
    let children = watched.summary.children.iter();
    let mut names = children.filter(|child| child.tgid == process);
    match names.next().and_then(|child| child.comm.as_deref()) {
        Some(comm) => printable(comm).to_string(),
        None => "ended before its name was read".to_owned(),
    }
}
