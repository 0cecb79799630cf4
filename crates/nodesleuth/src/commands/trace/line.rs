//! A call as a line.

use crate::output::utc;
use nodesleuth_trace::{Arch, End, Record, error_name};
use std::io::{self, Write};

pub(super) fn write(record: &Record<'_>, utc_ns: u64, out: &mut dyn Write) -> io::Result<()> {
    let time = utc(utc_ns);
    let clock = time.get(11..19).unwrap_or(&time);
    write!(
        out,
        "[pid {:>7}] {clock}.{:06} {}(",
        record.tid,
        utc_ns / 1000 % 1_000_000,
        name(record.number)
    )?;
    for (index, argument) in record.arguments.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        write!(out, "{comma}{argument:#x}")?;
    }
    writeln!(
        out,
        "){} <{:.6}>",
        end(record.end),
        record.wall_ns as f64 / 1e9
    )
}

pub(super) fn name(number: u16) -> String {
    let known = Arch::native().and_then(|arch| arch.name(number));
    known.map_or_else(|| format!("syscall_{number}"), str::to_owned)
}

fn end(end: End) -> String {
    match (end, end.error().map(|error| (error, error_name(error)))) {
        (_, Some((_, Some(name)))) => format!(" = -1 {name}"),
        (_, Some((error, None))) => format!(" = -1 error {error}"),
        (End::Returned(result), None) if result < 0 => format!(" = {result:#x}"),
        (End::Returned(result), None) => format!(" = {result}"),
        (End::InFlight, None) => " <unfinished ...>".to_owned(),
        (End::ThreadEnded, None) => " = ?".to_owned(),
    }
}
