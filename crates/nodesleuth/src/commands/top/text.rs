//! The table in columns.

use super::row::{Kind, Row, Table};
use nodesleuth_model::printable;
use std::io::{self, Write};

pub(super) fn write(
    table: &Table<'_>,
    now: &str,
    threads: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (seconds, ran) = (table.length.seconds(), table.rows.len());
    let what = if threads { "threads" } else { "processes" };
    match (table.kind, table.total) {
        (Kind::Sample, Some(total)) => {
            writeln!(
                out,
                "\n{now}, interval {seconds:.2} s, {ran} of {total} {what} ran"
            )?;
        }
        (Kind::Sample, None) => writeln!(out, "\n{now}, interval {seconds:.2} s")?,
        (Kind::Average, _) => writeln!(out, "\nAverage over {seconds:.2} s, {ran} {what} ran")?,
    }
    let tid = if threads {
        format!("{:>8} ", "TID")
    } else {
        String::new()
    };
    writeln!(
        out,
        "{:>8} {tid}{:>8} {:>8} {:>8} {:>8} {:>9} {:>9}  COMMAND",
        "PID", "%user", "%system", "%wait", "%CPU", "cswch/s", "nvcswch/s"
    )?;
    table.rows.iter().try_for_each(|row| line(row, out))
}

fn line(row: &Row<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{:>8} ", row.pid.0)?;
    if let Some(tid) = row.tid {
        write!(out, "{:>8} ", tid.0)?;
    }
    let rates = &row.rates;
    for percent in [
        rates.user_percent,
        rates.system_percent,
        rates.wait_percent,
        rates.cpu_percent,
    ] {
        number(percent, 8, 2, out)?;
    }
    for count in [rates.voluntary, rates.involuntary] {
        number(count, 9, 1, out)?;
    }
    writeln!(out, " {}", printable(row.comm))
}

fn number(
    value: Option<f64>,
    width: usize,
    decimals: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    match value {
        Some(value) => write!(out, "{value:>width$.decimals$} "),
        None => write!(out, "{:>width$} ", "-"),
    }
}
