//! Who reads cgroup files, for people.

use super::text::told;
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_model::evidence::CgroupReaders;
use nodesleuth_model::{Cores, Observed, printable};

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
        let name = printable(&watched.comm);
        let quiet = !found.readers.iter().any(|row| row.pid == watched.pid);
        match &watched.missing {
            Some(missing) => text.push_str(&format!(
                "{name} ({}), {} cores: not watched: {}\n",
                watched.pid,
                watched.cores,
                told(missing)
            )),
            None if quiet => text.push_str(&format!(
                "{name} ({}), {} cores: reads none\n",
                watched.pid, watched.cores
            )),
            None => {}
        }
    }
    let tax = found.watched.iter().map(|watched| watched.tax.0);
    text.push_str(&format!(
        "(watching took at most {} cores of others, one process at a time)\n",
        Cores(tax.fold(0.0, f64::max))
    ));
    text
}

fn table(found: &CgroupReaders) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "cores",
        "reader",
        "calls/s",
        "call",
        "files",
        "file",
        "timed × rate",
    ]);
    for row in &found.readers {
        let priced = match (row.timed, row.predicted) {
            (Some(timed), Some(cores)) => format!("{timed} each: {cores} cores"),
            _ => String::new(),
        };
        table.add_row([
            row.cores.to_string(),
            format!("{} ({})", printable(&row.comm), row.pid),
            format!("{:.1}", row.rate),
            row.call.clone(),
            row.distinct.to_string(),
            printable(&row.pattern).into_owned(),
            priced,
        ]);
    }
    for column in [0, 2, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}
