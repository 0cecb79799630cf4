//! Who reads cgroup files, for people.

use super::text::told;
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_model::evidence::{CgroupReaders, WatchedReader};
use nodesleuth_model::{Cores, Observed, printable};

/// Rows that are shown.
const SHOWN: usize = 20;

pub(super) fn text(readers: &Observed<CgroupReaders>) -> String {
    let found = match readers {
        Observed::NotRequested => return String::new(),
        Observed::Unavailable(missing) => return format!("\nreaders: {}\n", told(missing)),
        Observed::Value(found) => found,
    };
    if found.watched.is_empty() {
        return "\nreaders: no process was busy enough to be one that matters\n".to_owned();
    }
    let mut text = String::from("\ncgroup files by who reads them:\n");
    if !found.readers.is_empty() {
        text.push_str(&format!("{}\n", table(found)));
    }
    for watched in &found.watched {
        text.push_str(&of_reader(watched));
    }
    let tax = found.watched.iter().map(|watched| watched.tax.0);
    text.push_str(&format!(
        "(watching took at most {} cores of others, one process at a time)\n",
        Cores(tax.fold(0.0, f64::max))
    ));
    text
}

fn of_reader(watched: &WatchedReader) -> String {
    let (name, cores) = (printable(&watched.comm), watched.cores);
    let what = match &watched.missing {
        Some(missing) => format!("not watched: {}", told(missing)),
        None if watched.cgroup_cores.0 > 0.0 => {
            format!("{} cores in calls about cgroup files", watched.cgroup_cores)
        }
        None => "reads none".to_owned(),
    };
    format!("{name} ({}), {cores} cores before: {what}\n", watched.pid)
}

fn table(found: &CgroupReaders) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "cores",
        "reader",
        "reads/s",
        "calls/s",
        "files",
        "file",
        "timed × reads",
    ]);
    for row in found.readers.iter().take(SHOWN) {
        let priced = match (row.timed, row.predicted) {
            (Some(timed), Some(cores)) => format!("{timed} each: {cores} cores"),
            _ => String::new(),
        };
        table.add_row([
            row.cores.to_string(),
            format!("{} ({})", printable(&row.comm), row.pid),
            format!("{:.1}", row.reads),
            format!("{:.1}", row.calls),
            row.distinct.to_string(),
            printable(&row.pattern).into_owned(),
            priced,
        ]);
    }
    for column in [0, 2, 3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let rest = found.readers.iter().skip(SHOWN);
    let rest: Vec<f64> = rest.map(|row| row.cores.0).collect();
    match rest.len() {
        0 => table.trim_fmt(),
        more => format!(
            "{}\nand {more} more, {} cores together",
            table.trim_fmt(),
            Cores(rest.iter().sum())
        ),
    }
}
