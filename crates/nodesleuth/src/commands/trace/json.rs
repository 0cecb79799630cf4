//! A call as one JSON object on a line: in words, and as it came.

use super::words::Words;
use nodesleuth_trace::{End, Record, error_name};
use serde_json::json;

/// Appends the line.
pub(super) fn write(words: &mut Words, record: &Record<'_>, utc_ns: u64, out: &mut String) {
    let arguments = words.arguments(record);
    let (mut name, mut result) = (String::new(), String::new());
    words.name(record, &mut name);
    if let End::Returned(_) = record.end {
        words.result(record, &mut result);
    }
    let value = json!({
        "utc_ns": utc_ns,
        "pid": record.tgid,
        "tid": record.tid,
        "name": name,
        "arguments": arguments,
        "end": end(record.end),
        "result": (!result.is_empty()).then_some(result),
        "error": record.end.error().and_then(error_name),
        "wall_ns": record.wall_ns,
        "on_cpu_ns": record.on_cpu_ns,
        "raw": {
            "number": record.number,
            // As text: JSON readers round numbers of 64 bits.
            "arguments": record.arguments.map(|argument| format!("{argument:#x}")),
            "result": returned(record.end),
        },
    });
    out.push_str(&value.to_string());
    out.push('\n');
}

fn returned(end: End) -> Option<i64> {
    match end {
        End::Returned(result) => Some(result),
        End::InFlight | End::ThreadEnded => None,
    }
}

fn end(end: End) -> &'static str {
    match end {
        End::Returned(_) => "returned",
        End::InFlight => "in_flight",
        End::ThreadEnded => "thread_ended",
    }
}
