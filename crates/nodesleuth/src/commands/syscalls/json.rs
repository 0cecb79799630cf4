//! The result for programs.

use super::row::{Row, Table};
use crate::commands::watched::Watched;
use nodesleuth_trace::{Figures, FileCosts, Split};
use serde::Serialize;
use serde_json::{Value, json};

/// Files are left as they are until they are written: there can be a hundred thousand.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    #[serde(flatten)]
    counts: Value,
    files: Option<&'a FileCosts>,
}

pub(super) fn of<'a>(watched: &'a Watched, table: &Table) -> Document<'a> {
    Document {
        counts: counts(watched, table),
        files: watched.summary.files.as_ref(),
    }
}

fn counts(watched: &Watched, table: &Table) -> Value {
    let summary = &watched.summary;
    let parts = |split: Split, id: &str| -> Vec<Value> {
        let parts = table.parts.iter().filter(|_| table.split == split);
        parts
            .map(|(part, rows)| json!({ id: part, "syscalls": rows_of(rows, table) }))
            .collect()
    };
    let sampled = match &summary.figures {
        Figures::Sampled { looks, totals } => json!({ "looks": looks, "threads": totals }),
        Figures::Counted { .. } | Figures::NotWanted => Value::Null,
    };
    json!({
        "pid": watched.target.pid,
        "comm": watched.target.comm,
        "engine": summary.engine,
        "attempts": watched.attempts,
        "ended": watched.ended,
        "window_seconds": table.length.seconds(),
        "target_cpu_seconds": watched.target_cpu.map(|cpu| cpu.seconds()),
        "cost": {
            "node_calls": summary.cost.node_calls,
            "call_before_ns": summary.cost.call_before_ns,
            "call_during_ns": summary.cost.call_during_ns,
            "others_cores": summary.cost.cores(summary.length_ns),
            "own_setup_seconds": watched.setup_cpu.seconds(),
            "own_cpu_seconds": watched.own_cpu.seconds(),
        },
        "lost": summary.lost,
        "syscalls": rows_of(&table.rows, table),
        "threads": parts(Split::Threads, "tid"),
        "processes": parts(Split::Processes, "pid"),
        "children": watched.summary.children,
        "sampled": sampled,
    })
}

fn rows_of(rows: &[Row], table: &Table) -> Vec<Value> {
    rows.iter().map(|row| row_of(row, table)).collect()
}

fn row_of(row: &Row, table: &Table) -> Value {
    let total = &row.total;
    let some = |figure: u64| (total.calls > 0).then_some(figure);
    json!({
        "name": row.name,
        "number": row.number,
        "calls": total.calls,
        "calls_per_second": total.calls as f64 / table.length.seconds().max(1e-9),
        "errors": total.errors,
        "errors_by_name": row.errors.iter().map(|(name, count)| (name.clone(), Value::from(*count))).collect::<serde_json::Map<_, _>>(),
        "wall_ns": total.wall_ns,
        "mean_ns": row.mean(),
        "shortest_ns": some(total.shortest_ns),
        "longest_ns": some(total.longest_ns),
        "on_cpu_ns": row.on_cpu(),
        "blocked_ns": row.blocked(),
        "cores": row.cores(table.length),
        "began_before": total.began_before,
        "unreturned": total.unreturned,
        "in_flight": row.in_flight,
        "reading": row.reading,
        "histogram_log2_ns": total.buckets,
    })
}
