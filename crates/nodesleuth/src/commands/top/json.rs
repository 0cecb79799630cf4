//! One object a line; what is unknown is null.

use super::row::{Kind, Row, Table};
use nodesleuth_model::Pid;
use serde_json::{Value, json};
use std::io::{self, Write};

pub(super) fn write(table: &Table<'_>, now: &str, out: &mut dyn Write) -> io::Result<()> {
    let kind = match table.kind {
        Kind::Sample => "sample",
        Kind::Average => "average",
    };
    let seconds = thousandths(Some(table.length.seconds()));
    for row in &table.rows {
        let mut object = object(row);
        object["kind"] = kind.into();
        object["at"] = now.into();
        object["seconds"] = seconds.clone();
        writeln!(out, "{object}")?;
    }
    Ok(())
}

fn object(row: &Row<'_>) -> Value {
    let rates = &row.rates;
    json!({
        "pid": row.pid.0,
        "tid": row.tid.map(|tid| tid.0),
        "comm": row.comm,
        "user_percent": thousandths(rates.user_percent),
        "system_percent": thousandths(rates.system_percent),
        "wait_percent": thousandths(rates.wait_percent),
        "cpu_percent": thousandths(rates.cpu_percent),
        "voluntary_switches_per_second": thousandths(rates.voluntary),
        "involuntary_switches_per_second": thousandths(rates.involuntary),
    })
}

/// The process watched has ended.
pub(super) fn ended(pid: Pid, now: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{}",
        json!({ "kind": "ended", "at": now, "pid": pid.0 })
    )
}

/// More digits than that are noise.
fn thousandths(value: Option<f64>) -> Value {
    value.map(|value| (value * 1000.0).round() / 1000.0).into()
}
