//! Tables of `go tool pprof`: `-top`, `-tree`, `-peek`, and rows of them without their header.

use super::clean::{Lines, Part};
use super::numbers::{go_duration, percent, plain};
use super::sink::{Sink, counted};
use nodesleuth_model::evidence::pasted::{StackRow, StackTable, StackTool, Weighed};
use nodesleuth_profile::normalize;

/// Context lines of `-tree` and lines that people added.
const MOST_BETWEEN: usize = 40;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let first = lines.get(at).trim();
    if !(is_preface(first) || is_header(first) || row(first).is_some()) {
        return 0;
    }
    let mut table = StackTable {
        file: sink.file,
        tool: StackTool::Pprof,
        ..StackTable::default()
    };
    let last = lines.table(at, MOST_BETWEEN, |line| {
        let line = line.trim();
        if let Some(row) = context(line) {
            // Its share is of the function beside it, not of all.
            if table.rows.iter().all(|known| known.name != row.name) {
                table.rows.push(row);
            }
            Part::Own
        } else if let Some(row) = row(line) {
            if line.split_whitespace().next().is_some_and(is_bytes) {
                table.weighed = Weighed::Memory;
            }
            table.rows.push(row);
            Part::Own
        } else if is_preface(line) || is_header(line) {
            preface(line, &mut table);
            Part::Own
        } else if is_between(line) {
            Part::Between
        } else {
            Part::Other
        }
    });
    if table.rows.is_empty() && table.total_seconds.is_none() {
        return 0;
    }
    let weighed = match table.weighed {
        Weighed::Cpu => "",
        Weighed::Memory => " of a memory profile",
        Weighed::Waiting => " of a profile of waiting",
    };
    sink.block("pprof", at, counted(table.rows.len(), "function") + weighed);
    sink.evidence().pasted.stack_tables.push(table);
    last
}

fn is_header(line: &str) -> bool {
    line.starts_with("flat  flat%") || (line.starts_with("flat") && line.contains("cum%"))
}

fn is_preface(line: &str) -> bool {
    let begins = [
        "Duration:",
        "Showing nodes",
        "Showing top",
        "Dropped ",
        "(pprof)",
    ];
    begins.iter().any(|begin| line.starts_with(begin))
        || line.starts_with("Type: ")
        || (line.contains(" of ") && line.contains(" total (") && line.contains('%'))
}

fn is_between(line: &str) -> bool {
    line.starts_with("---")
        || line.contains('|')
        || line.starts_with("File:")
        || line.starts_with("Time:")
        || line == "..."
}

/// `Duration: 30.01s, Total samples = 200ms ( 0.67%)`, `Type: inuse_space`,
/// `9660ms of 9660ms total (  100%)`.
fn preface(line: &str, table: &mut StackTable) {
    if let Some(kind) = line.strip_prefix("Type: ") {
        table.weighed = match kind.trim() {
            kind if kind.contains("space") || kind.contains("objects") => Weighed::Memory,
            "delay" | "contentions" | "goroutine" => Weighed::Waiting,
            _ => Weighed::Cpu,
        };
    }
    if let Some(rest) = line.strip_prefix("Duration: ") {
        let duration = rest.split([',', ' ']).next().unwrap_or("");
        table.length_seconds = go_duration(duration);
    }
    let total = line.split("Total samples = ").nth(1).or_else(|| {
        let (_, rest) = line.split_once(" of ")?;
        rest.contains("total").then_some(rest)
    });
    if let Some(total) = total {
        let word = total.split([' ', '(']).next().unwrap_or("");
        match go_duration(word) {
            Some(seconds) => table.total_seconds = Some(seconds),
            None if is_bytes(word) => table.weighed = Weighed::Memory,
            None => {}
        }
    }
}

/// `80ms 40.00% 40.00%  80ms 40.00%  name (inline)`, with `|` before the name in `-tree`.
fn row(line: &str) -> Option<StackRow> {
    let mut words = line.split_whitespace();
    let flat = words.next()?;
    if !is_amount(flat) {
        return None;
    }
    let flat_share = percent(words.next()?)?;
    let next = words.next()?;
    // `-top` has the running sum between.
    let (cum, cum_share) = match percent(next) {
        Some(_) => (words.next()?, percent(words.next()?)?),
        None => (next, percent(words.next()?)?),
    };
    if !is_amount(cum) {
        return None;
    }
    let name = words.collect::<Vec<_>>().join(" ");
    let name = name
        .trim_start_matches("| ")
        .trim_end_matches(" (inline)")
        .trim_end_matches(" (partial-inline)");
    if name.is_empty() || name == "|" {
        return None;
    }
    Some(StackRow {
        name: normalize(name).into_owned(),
        flat: Some(flat_share),
        cum: Some(cum_share),
        ..StackRow::default()
    })
}

/// `14.96s 84.38% |   syscall.sendmsg`: a caller or callee in `-tree` and `-peek`.
fn context(line: &str) -> Option<StackRow> {
    let (amounts, name) = line.split_once(" |   ")?;
    let mut words = amounts.split_whitespace();
    let fits =
        is_amount(words.next()?) && percent(words.next()?).is_some() && words.next().is_none();
    let name = name.trim().trim_end_matches(" (inline)");
    (fits && !name.is_empty()).then(|| StackRow {
        name: normalize(name).into_owned(),
        ..StackRow::default()
    })
}

/// `80ms`, `1.23s`, `0`, `46.8MB`, `12`.
fn is_amount(word: &str) -> bool {
    go_duration(word).is_some() || plain(word).is_some() || is_bytes(word)
}

fn is_bytes(word: &str) -> bool {
    let number = ["kB", "MB", "GB", "TB", "B"]
        .iter()
        .find_map(|unit| word.strip_suffix(unit));
    number.is_some_and(|number| plain(number).is_some())
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;
    use nodesleuth_model::evidence::pasted::{StackTable, Weighed};

    fn read(text: &str) -> StackTable {
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        ingested.evidence.pasted.stack_tables.remove(0)
    }

    #[test]
    fn a_top_table_with_its_head() {
        let table = read(
            "File: kubelet\nType: cpu\nTime: Nov 23, 2026 at 3:53pm (UTC)\n\
             Duration: 30.01s, Total samples = 200ms ( 0.67%)\n\
             Showing nodes accounting for 200ms, 100% of 200ms total\n\
             \x20     flat  flat%   sum%        cum   cum%\n\
             \x20     80ms 40.00% 40.00%       80ms 40.00%  runtime/internal/syscall.Syscall6\n\
             \x20     10ms  5.00% 60.00%      150ms 75.00%  runtime.(*mcentral).fullSwept (inline)\n",
        );
        assert_eq!(
            (table.length_seconds, table.total_seconds),
            (Some(30.01), Some(0.2))
        );
        assert_eq!(table.rows[1].name, "runtime.(*mcentral).fullSwept");
        assert_eq!(
            (table.rows[1].flat, table.rows[1].cum),
            (Some(0.05), Some(0.75))
        );
    }

    #[test]
    fn an_old_table_and_rows_without_a_head() {
        let table = read(
            "9660ms of 9660ms total (  100%)\n\
             2180ms 22.57% 22.57%     2530ms 26.19%  regexp.(*machine).add\n",
        );
        assert_eq!(table.total_seconds, Some(9.66));
        let table = read(
            "1854.32MB 46.80% 46.80%  1854.32MB 46.80%  meta.(*DefaultRESTMapper).AddSpecific\n",
        );
        assert_eq!((table.rows.len(), table.weighed), (1, Weighed::Memory));
    }

    #[test]
    fn a_tree_keeps_its_nodes_and_names_their_context_without_a_share() {
        let table = read(
            "Type: alloc_space\n      flat  flat%   sum%        cum   cum%   calls calls% + context\n\
             ----------------------------------------------------------+-------------\n\
             \x20                                            20ms   100% |   main.f\n\
             \x20     10ms 50.00% 50.00%       20ms   100%                | main.g\n\
             \x20                                            10ms 50.00% |   main.h\n",
        );
        assert_eq!(table.weighed, Weighed::Memory);
        let names: Vec<_> = table.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["main.f", "main.g", "main.h"]);
        assert_eq!(
            (table.rows[0].share(), table.rows[1].cum),
            (None, Some(1.0))
        );
    }
}
