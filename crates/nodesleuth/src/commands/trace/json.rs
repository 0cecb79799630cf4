//! A call as one JSON object on a line.

use super::line::name;
use nodesleuth_trace::{End, Record, error_name};
use serde_json::json;
use std::io::{self, Write};

pub(super) fn write(record: &Record<'_>, utc_ns: u64, out: &mut dyn Write) -> io::Result<()> {
    let result = match record.end {
        End::Returned(result) => Some(result),
        End::InFlight | End::ThreadEnded => None,
    };
    let value = json!({
        "utc_ns": utc_ns,
        "pid": record.tgid,
        "tid": record.tid,
        "name": name(record.number),
        "number": record.number,
        "arguments": record.arguments,
        "end": end(record.end),
        "result": result,
        "error": record.end.error().and_then(error_name),
        "wall_ns": record.wall_ns,
        "on_cpu_ns": record.on_cpu_ns,
    });
    writeln!(out, "{value}")
}

fn end(end: End) -> &'static str {
    match end {
        End::Returned(_) => "returned",
        End::InFlight => "in_flight",
        End::ThreadEnded => "thread_ended",
    }
}
