//! The table of `strace -c`: the same columns, sorted by seconds as there.

use super::row::{Row, Table};
use nodesleuth_model::Nanos;

const RULER: &str = "------ ----------- ----------- --------- --------- ----------------\n";

pub(super) fn of(table: &Table) -> String {
    let seconds = |row: &Row| row.on_cpu().unwrap_or(Nanos(row.total.wall_ns)).seconds();
    let mut rows: Vec<&Row> = table
        .rows
        .iter()
        .filter(|row| row.total.calls > 0)
        .collect();
    rows.sort_by(|one, other| seconds(other).total_cmp(&seconds(one)));
    // The sum of no floats is minus zero.
    let all = rows.iter().fold(0.0, |sum, row| sum + seconds(row));
    let mut text = format!(
        "{:>6} {:>11} {:>11} {:>9} {:>9} {}\n{RULER}",
        "% time", "seconds", "usecs/call", "calls", "errors", "syscall"
    );
    for row in &rows {
        let figures = (seconds(row), row.total.calls, row.total.errors);
        text.push_str(&line(figures, all, &row.name));
    }
    text.push_str(RULER);
    let sum = |figure: fn(&Row) -> u64| rows.iter().map(|row| figure(row)).sum::<u64>();
    let figures = (all, sum(|row| row.total.calls), sum(|row| row.total.errors));
    text.push_str(&line(figures, all, "total"));
    text
}

fn line((seconds, calls, errors): (f64, u64, u64), all: f64, name: &str) -> String {
    let percent = if all > 0.0 {
        seconds / all * 100.0
    } else {
        0.0
    };
    let each = if calls > 0 {
        (seconds * 1e6 / calls as f64) as u64
    } else {
        0
    };
    let errors = if errors > 0 {
        errors.to_string()
    } else {
        String::new()
    };
    format!("{percent:>6.2} {seconds:>11.6} {each:>11} {calls:>9} {errors:>9} {name}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_trace::Split;
    use std::collections::BTreeMap;

    #[test]
    fn of_no_calls_nothing_is_the_total() {
        let text = of(&Table {
            length: Nanos(1),
            target_cpu: None,
            rows: Vec::new(),
            split: Split::Together,
            parts: BTreeMap::new(),
        });
        let total = text.lines().last().unwrap();
        assert!(total.starts_with("  0.00    0.000000 "), "{total}");
    }
}
