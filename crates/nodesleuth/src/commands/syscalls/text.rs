//! The result for people.

use super::Shown;
use super::files;
use super::processes;
use super::reading::RULE;
use super::row::{Row, Table};
use super::sampled;
use crate::commands::watched::{self, Ended, Watched};
use comfy_table::{CellAlignment, presets};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Cores, Nanos, printable};
use nodesleuth_trace::{Figures, Lost, Split};

const HEADER: [&str; 14] = [
    "syscall",
    "calls",
    "/s",
    "errors",
    "total",
    "mean",
    "min",
    "max",
    "on CPU",
    "blocked",
    "cores",
    "CPU %",
    "in flight",
    "reading",
];
/// Instead of a table.
const NOTHING: &str = "\
no system call began or returned meanwhile: every thread computes, or waits in a call that began\nearlier and whose right to be looked at (CAP_SYS_PTRACE) we do not have\n";
/// What the column means.
const BLOCKED: &str = "\
blocked: all time off the CPU, whether it slept or waited for a CPU that others used.";
/// Bars of a histogram are at most so long.
const BAR: usize = 40;

pub(super) fn of(watched: &Watched, table: &Table, shown: Shown) -> String {
    let mut text = header(watched, table);
    if let Figures::Sampled { looks, totals } = &watched.summary.figures {
        text.push_str(&sampled::of(*looks, totals));
        return text;
    }
    if table.rows.is_empty() {
        text.push_str(NOTHING);
        return text;
    }
    text.push_str(&rows(&table.rows, table.length, table.target_cpu));
    text.push_str(&details(&table.rows, shown));
    if let Some(costs) = &watched.summary.files {
        text.push_str(&files::of(costs));
    }
    match table.split {
        Split::Together => {}
        Split::Processes => text.push_str(&processes::of(watched, table)),
        Split::Threads => {
            for (tid, rows_of_thread) in &table.parts {
                text.push_str(&format!("\nthread {tid}:\n"));
                text.push_str(&rows(rows_of_thread, table.length, table.target_cpu));
                text.push_str(&details(rows_of_thread, shown));
            }
        }
    }
    text.push_str(&format!("\n{BLOCKED}\n{RULE}\n"));
    text
}

fn header(watched: &Watched, table: &Table) -> String {
    let target = &watched.target;
    let mut text = format!(
        "{} (pid {}), {:.2} s, engine {}\n",
        printable(&target.comm),
        target.pid,
        table.length.seconds(),
        watched.summary.engine
    );
    match watched.ended {
        Ended::InTime => {}
        Ended::Stopped => text.push_str("stopped early\n"),
        Ended::TargetGone => text.push_str("the process ended meanwhile\n"),
    }
    text.push_str(&cpu(watched, table));
    text.push_str(&watched.cost());
    text.push_str(&lost(&watched.summary.lost));
    text.push('\n');
    text
}

fn cpu(watched: &Watched, table: &Table) -> String {
    let Some(used) = watched.target_cpu else {
        return "CPU of the target: not readable\n".to_owned();
    };
    let cores = |time: Nanos| Cores(time.seconds() / table.length.seconds().max(1e-9));
    let in_calls: Option<u64> = match &watched.summary.figures {
        Figures::Counted { .. } => table.rows.iter().map(|row| row.total.on_cpu_ns).sum(),
        Figures::Sampled { .. } | Figures::NotWanted => None,
    };
    match in_calls {
        Some(ns) if table.split == Split::Processes => format!(
            "it used {} cores itself; {} were used in these system calls, the processes that it \
             started included\n",
            cores(used),
            cores(Nanos(ns))
        ),
        Some(ns) => format!(
            "it used {} cores, {} of them in these system calls\n",
            cores(used),
            cores(Nanos(ns))
        ),
        None => format!(
            "it used {} cores; this engine does not tell time on a CPU from waiting\n",
            cores(used)
        ),
    }
}

/// What is missing, whichever way it was lost.
fn lost(lost: &Lost) -> String {
    let mut text = String::new();
    if lost.dropped > 0 {
        text.push_str(&format!(
            "INCOMPLETE: {} of {} calls did not fit the buffer and are not in these figures\n",
            grouped(lost.dropped),
            grouped(lost.produced)
        ));
    }
    if lost.untracked_calls + lost.unsummed > 0 {
        text.push_str(&format!(
            "INCOMPLETE: no room for {} calls of further threads and {} counts\n",
            grouped(lost.untracked_calls),
            grouped(lost.unsummed)
        ));
    }
    text.push_str(&watched::left_out(lost));
    text
}

fn rows(rows: &[Row], length: Nanos, target_cpu: Option<Nanos>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(HEADER);
    for row in rows {
        table.add_row(cells(row, length, target_cpu));
    }
    for column in 1..HEADER.len() - 1 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{}\n", table.trim_fmt())
}

fn cells(row: &Row, length: Nanos, target_cpu: Option<Nanos>) -> [String; 14] {
    let total = &row.total;
    let seconds = length.seconds().max(1e-9);
    let time = |ns: Option<Nanos>| ns.map_or_else(|| "-".to_owned(), |ns| ns.to_string());
    let returned = |ns: u64| time((total.calls > 0).then_some(Nanos(ns)));
    let percent = row
        .on_cpu()
        .zip(target_cpu)
        .filter(|(_, cpu)| cpu.0 > 0)
        .map(|(on_cpu, cpu)| on_cpu.seconds() / cpu.seconds() * 100.0);
    [
        row.name.clone(),
        grouped(total.calls),
        format!("{:.1}", total.calls as f64 / seconds),
        if total.errors > 0 {
            grouped(total.errors)
        } else {
            String::new()
        },
        returned(total.wall_ns),
        time(row.mean()),
        returned(total.shortest_ns),
        returned(total.longest_ns),
        time(row.on_cpu()),
        time(row.blocked()),
        row.cores(length)
            .map_or_else(|| "-".to_owned(), |cores| cores.to_string()),
        percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.1}")),
        in_flight(row),
        row.reading.text().to_owned(),
    ]
}

/// How many, and the longest of them.
fn in_flight(row: &Row) -> String {
    // One without a time began before the capture.
    let longest: Option<Vec<u64>> = row.in_flight.iter().map(|call| call.wall_ns).collect();
    let longest = longest.map(|times| times.into_iter().max().map(Nanos));
    match (row.in_flight.len(), longest) {
        (0, _) => String::new(),
        (count, Some(Some(longest))) => format!("{count} (≤ {longest})"),
        (count, _) => format!("{count} (all along)"),
    }
}

fn details(rows: &[Row], shown: Shown) -> String {
    let mut text = String::new();
    if shown.errors {
        text.push_str(&errors(rows));
    }
    if shown.histogram {
        rows.iter().for_each(|row| text.push_str(&histogram(row)));
    }
    text
}

fn errors(rows: &[Row]) -> String {
    let mut text = String::from("\nerrors:\n");
    let mut none = true;
    for row in rows {
        for (error, count) in &row.errors {
            none = false;
            text.push_str(&format!(
                "  {:<18} {:<16} {:>12}\n",
                row.name,
                error,
                grouped(*count)
            ));
        }
    }
    if none {
        text.push_str("  none\n");
    }
    text
}

fn histogram(row: &Row) -> String {
    let buckets = &row.total.buckets;
    let most = buckets.iter().copied().max().unwrap_or(0);
    let Some(first) = buckets.iter().position(|calls| *calls > 0) else {
        return String::new();
    };
    let mut text = format!("\n{} took:\n", row.name);
    for (class, calls) in buckets.iter().enumerate().skip(first) {
        let bar = "#".repeat((*calls as f64 / most as f64 * BAR as f64).ceil() as usize);
        let line = format!(
            "  {:>8} to {:>8} {:>12}  {bar}",
            Nanos(1 << class).to_string(),
            Nanos(2 << class).to_string(),
            grouped(*calls)
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_lost_is_said() {
        assert_eq!(lost(&Lost::default()), "");
        let ring = Lost {
            produced: 12_000,
            dropped: 7,
            ..Lost::default()
        };
        let text = lost(&ring);
        assert!(text.contains("INCOMPLETE: 7 of 12,000 calls"), "{text}");
        let tables = Lost {
            untracked_calls: 3,
            ..ring
        };
        let text = lost(&tables);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("no room for 3 calls"), "{text}");
        let foreign = Lost {
            by_32_bit: 2,
            ..Lost::default()
        };
        let text = lost(&foreign);
        assert!(text.contains("INCOMPLETE: 2 calls by the 32-bit"), "{text}");
    }
}
