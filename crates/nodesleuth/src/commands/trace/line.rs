//! A call as a line, as `strace -f -y -tt -T -o FILE` writes it.

use super::words::Words;
use crate::output::utc;
use nodesleuth_trace::{End, Record};
use std::fmt::Write as _;

/// Appends the line.
pub(super) fn write(
    words: &mut Words,
    record: &Record<'_>,
    utc_ns: u64,
    on_cpu: bool,
    out: &mut String,
) {
    let time = utc(utc_ns);
    let clock = time.get(11..19).unwrap_or(&time);
    let micros = utc_ns / 1000 % 1_000_000;
    let _ = write!(out, "{:<5} {clock}.{micros:06} ", record.tid);
    words.call(record, out);
    match record.end {
        End::InFlight => out.push_str(" <unfinished ...>"),
        End::ThreadEnded => out.push_str(") = ?"),
        End::Returned(_) => {
            out.push_str(") = ");
            words.result(record, out);
        }
    }
    if record.end != End::InFlight {
        let _ = write!(out, " <{:.6}>", record.wall_ns as f64 / 1e9);
    }
    match record.on_cpu_ns {
        Some(ns) if on_cpu => {
            let _ = write!(out, " cpu <{:.6}>", ns as f64 / 1e9);
        }
        None if on_cpu => out.push_str(" cpu <unknown>"),
        _ => {}
    }
    out.push('\n');
}
