//! The target's system calls: what works, what only waits, what fails.

use super::Section;
use crate::document::{Block, Item, Row};
use nodesleuth_model::syscalls::{CallRow, FailingRow, FileRow, SyscallSummary};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Diagnosis, Nanos, Outcome};

const CALLS: &[&str] = &["call", "calls/s", "errors", "cores", "waiting", "reading"];
const FILES: &[&str] = &["file", "calls", "calls/s", "cores", "CPU each"];
/// Rows of each table; `nodesleuth syscalls` prints all.
const MOST_ROWS: usize = 8;
/// Calls with less CPU and fewer waiting threads than these say nothing.
const SMALL_CORES: f64 = 0.0005;
const SMALL_WAIT: f64 = 0.5;
/// A path longer than this would make the table wider than a terminal.
const WIDEST_PATH: usize = 52;

pub(super) struct Syscalls;

impl Section for Syscalls {
    fn title(&self) -> &'static str {
        "System calls"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let Some(summary) = &diagnosis.syscalls else {
            return Vec::new();
        };
        if diagnosis.outcome == Outcome::NotHot {
            return Vec::new();
        }
        let mut blocks = vec![Block::Paragraph(headline(summary))];
        blocks.extend(table(CALLS, call_rows(&summary.calls)));
        blocks.extend(table(FILES, file_rows(&summary.files)));
        if !summary.failing.is_empty() {
            blocks.push(Block::List {
                label: "failing".to_owned(),
                items: summary.failing.iter().map(failing).collect(),
            });
        }
        blocks.extend(summary.notes.iter().cloned().map(Block::Paragraph));
        blocks
    }
}

fn headline(summary: &SyscallSummary) -> String {
    let mut line = format!(
        "{} calls a second, {} cores inside them; counted for {:.1} s after the window, so that \
         being traced slows nothing that is reported above. Engine: {}",
        count(summary.rate),
        summary.cores,
        summary.seconds,
        summary.engine
    );
    if !summary.refused.is_empty() {
        line.push_str(&format!(
            "; better ones did not run: {}",
            summary.refused.join("; ")
        ));
    }
    line.push('.');
    line
}

fn table(columns: &[&'static str], rows: Vec<Row>) -> Option<Block> {
    (!rows.is_empty()).then(|| Block::Table {
        columns: columns.to_vec(),
        rows,
    })
}

fn call_rows(calls: &[CallRow]) -> Vec<Row> {
    let worth = |row: &&CallRow| row.cores.0 >= SMALL_CORES || row.waiting_threads >= SMALL_WAIT;
    let row = |call: &CallRow| {
        let errors = call.errors.iter().filter(|error| error.1 >= 0.5);
        let errors: Vec<String> = errors
            .take(2)
            .map(|(name, rate)| format!("{name} {}/s", count(*rate)))
            .collect();
        Row::new([
            call.name.clone(),
            count(call.rate),
            errors.join(", "),
            call.cores.to_string(),
            threads(call.waiting_threads),
            call.reading.as_str().to_owned(),
        ])
    };
    calls
        .iter()
        .filter(worth)
        .take(MOST_ROWS)
        .map(row)
        .collect()
}

fn file_rows(files: &[FileRow]) -> Vec<Row> {
    let worth = |row: &&FileRow| row.cores.0 >= SMALL_CORES;
    let row = |file: &FileRow| {
        Row::new([
            shortened(&file.pattern),
            file.calls.join(", "),
            count(file.rate),
            file.cores.to_string(),
            Nanos::from_seconds(file.seconds_each).to_string(),
        ])
    };
    files
        .iter()
        .filter(worth)
        .take(MOST_ROWS)
        .map(row)
        .collect()
}

/// A long path without its middle: its beginning says where, its end says what.
fn shortened(path: &str) -> String {
    let count = path.chars().count();
    if count <= WIDEST_PATH {
        return path.to_owned();
    }
    let end = WIDEST_PATH * 3 / 5;
    let beginning: String = path.chars().take(WIDEST_PATH - 1 - end).collect();
    let rest: String = path.chars().skip(count - end).collect();
    format!("{beginning}…{rest}")
}

fn failing(row: &FailingRow) -> Item {
    let mut line = format!(
        "{} fails with {} {} times a second",
        row.call,
        row.error,
        count(row.rate)
    );
    if let Some(pattern) = &row.pattern {
        line.push_str(&format!(" on {pattern}"));
    }
    if let Some(period) = row.period_seconds {
        line.push_str(&format!(", every {}", Nanos::from_seconds(period)));
    }
    Item::plain(line)
}

/// A rate: whole from ten on, so that "0.3" does not read as none.
fn count(rate: f64) -> String {
    if rate >= 10.0 {
        grouped(rate.round() as u64)
    } else {
        format!("{rate:.1}")
    }
}

fn threads(waiting: f64) -> String {
    if waiting < 0.05 {
        String::new()
    } else {
        format!("{waiting:.1} threads")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::Cores;
    use nodesleuth_model::syscalls::CallReading;

    fn summary() -> SyscallSummary {
        let call = |name: &str, cores, waiting_threads, reading| CallRow {
            name: name.to_owned(),
            rate: 1_234.4,
            errors: vec![("ETIMEDOUT".to_owned(), 12.2), ("EINTR".to_owned(), 0.1)],
            cores: Cores(cores),
            waiting_threads,
            reading,
        };
        SyscallSummary {
            engine: "bpf-ring".to_owned(),
            calls: vec![
                call("read", 0.4, 0.0, CallReading::Working),
                call("futex", 0.0001, 9.3, CallReading::Parked),
                call("close", 0.0001, 0.0, CallReading::Working),
            ],
            failing: vec![FailingRow {
                call: "rmdir".to_owned(),
                error: "EBUSY".to_owned(),
                pattern: Some("/sys/fs/cgroup/a/**".to_owned()),
                rate: 40.0,
                period_seconds: Some(1.0),
            }],
            ..SyscallSummary::default()
        }
    }

    fn build(outcome: Outcome) -> Vec<Block> {
        Syscalls.build(&Diagnosis {
            outcome,
            syscalls: Some(summary()),
            ..Diagnosis::default()
        })
    }

    #[test]
    fn calls_that_neither_work_nor_wait_are_left_out() {
        let blocks = build(Outcome::CauseFound);
        let Block::Table { rows, .. } = &blocks[1] else {
            panic!("{blocks:?}");
        };
        let lines: Vec<String> = rows.iter().map(|row| row.cells.join("|")).collect();
        assert_eq!(
            lines,
            [
                "read|1,234|ETIMEDOUT 12/s|0.40||working",
                "futex|1,234|ETIMEDOUT 12/s|0.000|9.3 threads|idle parking"
            ]
        );
    }

    #[test]
    fn a_long_path_keeps_both_ends_and_fits() {
        let path = format!("/sys/fs/cgroup/{}/é/memory.stat", "x".repeat(80));
        let short = shortened(&path);
        assert_eq!(short.chars().count(), WIDEST_PATH);
        assert!(short.starts_with("/sys/fs/cgroup/") && short.ends_with("/é/memory.stat"));
        assert_eq!(shortened("/proc/*/stat"), "/proc/*/stat");
    }

    #[test]
    fn what_fails_is_said_with_its_period() {
        let blocks = build(Outcome::CauseFound);
        let Some(Block::List { items, .. }) = blocks.last() else {
            panic!("{blocks:?}");
        };
        assert_eq!(
            items[0].text,
            "rmdir fails with EBUSY 40 times a second on /sys/fs/cgroup/a/**, every 1.0 s"
        );
    }

    #[test]
    fn a_target_that_is_not_hot_needs_no_table() {
        assert!(build(Outcome::NotHot).is_empty());
    }
}
