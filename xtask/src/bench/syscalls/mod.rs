//! What watching system calls costs the program watched: strace and perf trace against each of our
//! engines, on a read loop, small files in C and small files in Go.

pub(in crate::bench) mod load;
mod rate;
pub(in crate::bench) mod tracer;

use std::path::Path;

use crate::bench::cpu::median;
use crate::failure::Result;
use crate::workspace::Workspace;
use load::Programs;
use tracer::{Kind, Output, PERF_TRACE, STRACE, STRACE_C, TRACERS, Tracer, Watched};

const REPEATS: usize = 3;
const SECONDS: u32 = 1;
const LOADS: [&str; 3] = ["read loop", "files, C", "files, Go"];
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// What is wanted at most of a summary and of a stream, by load.
const WANTED: [(Kind, &str, [f64; 3]); 2] = [
    (Kind::Summary, "summary", [3.0, 1.7, 1.5]),
    (Kind::Stream, "stream", [4.0, 2.2, 2.0]),
];

/// Medians of one way to watch.
struct Row {
    tracer: Tracer,
    /// CPU of one operation, by load.
    each_ns: [f64; 3],
    own_cpu: Option<f64>,
    own_bytes: Option<f64>,
}

pub(crate) fn measure(workspace: &Workspace, binary: &Path) -> Result<String> {
    tracer::have_peers()?;
    let programs = Programs::build(workspace)?;
    let mut runs = vec![[const { Vec::new() }; 3]; TRACERS.len()];
    for _ in 0..REPEATS {
        for load in 0..LOADS.len() {
            for (tracer, runs) in TRACERS.iter().zip(&mut runs) {
                let command = match load {
                    0 => programs.reads(SECONDS, 0),
                    1 => programs.files(SECONDS),
                    _ => programs.go(SECONDS),
                };
                runs[load].push(tracer.watch(binary, command, &Output::Nowhere)?);
            }
        }
    }
    let rows = TRACERS.iter().zip(&runs);
    let rows: Vec<Row> = rows.map(|(tracer, runs)| row(*tracer, runs)).collect();
    let rates = rate::measure(binary, &programs)?;
    Ok(format!("{}{}\n{rates}", table(&rows), verdicts(&rows)))
}

fn row(tracer: Tracer, runs: &[Vec<Watched>; 3]) -> Row {
    let own: Vec<_> = runs.iter().flatten().filter_map(|run| run.own).collect();
    let figure = |of: fn(&crate::bench::usage::Usage) -> f64| {
        (!own.is_empty()).then(|| median(own.iter().map(of)))
    };
    Row {
        tracer,
        each_ns: [0, 1, 2].map(|load| median(runs[load].iter().map(|run| run.load.each_ns()))),
        own_cpu: figure(|own| own.cpu() / f64::from(SECONDS)),
        own_bytes: figure(|own| own.peak_bytes as f64),
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "## System calls: what watching costs the program watched\n\n\
         CPU of the program watched for one operation (its own user and kernel time), and that \
         against nobody watching. read loop: one byte of /dev/zero; files, C: open, read and close \
         of a small file; files, Go: the same from two goroutines beside 200 with timers. \
         {SECONDS} s each, {REPEATS} times, all in turns; medians. Output goes to /dev/null. \
         Own CPU is that of the watcher from its start to its end, over those {SECONDS} s.\n\n\
         | watched by | {} | own CPU | own memory |\n|---|---|---|---|---|---|\n",
        LOADS.join(" | ")
    );
    for row in rows {
        let ratios = ratios(row, rows);
        let loads = [0, 1, 2].map(|load| {
            let each = row.each_ns[load];
            format!("{:.0} ns ({:.2}x)", each, ratios[load])
        });
        let own = |figure: Option<f64>, unit: &str| {
            figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.0} {unit}"))
        };
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            row.tracer.typed,
            loads.join(" | "),
            own(row.own_cpu.map(|cpu| cpu * 100.0), "%"),
            own(row.own_bytes.map(|bytes| bytes / MEBIBYTE), "MiB"),
        ));
    }
    text
}

/// CPU against nobody watching, by load; nobody is the first row.
fn ratios(row: &Row, rows: &[Row]) -> [f64; 3] {
    [0, 1, 2].map(|load| row.each_ns[load] / rows[0].each_ns[load])
}

/// Who is compared with, and how many times more it is wanted to add.
fn peers(kind: Kind) -> &'static [(&'static str, u32)] {
    match kind {
        Kind::Stream => &[(STRACE_C, 8), (STRACE, 8), (PERF_TRACE, 4)],
        Kind::Nobody | Kind::Theirs | Kind::Summary => &[(STRACE_C, 8), (PERF_TRACE, 4)],
    }
}

fn verdicts(rows: &[Row]) -> String {
    let mut text = String::new();
    let typed = |typed: &str| rows.iter().find(|row| row.tracer.typed == typed);
    for (kind, name, wanted) in WANTED {
        let Some(best) = rows.iter().find(|row| row.tracer.kind == kind) else {
            continue;
        };
        let ours = ratios(best, rows);
        let shown = |figures: [f64; 3]| figures.map(|figure| format!("{figure:.1}")).join(" / ");
        text.push_str(&format!(
            "\nThe {name} that is tried first costs **{}** (wanted: at most {})",
            ours.map(|ratio| format!("{ratio:.2}x")).join(" / "),
            wanted.map(|ratio| format!("{ratio:.1}x")).join(" / "),
        ));
        for &(peer, least) in peers(kind) {
            let Some(peer_row) = typed(peer) else {
                continue;
            };
            let theirs = ratios(peer_row, rows);
            let times = [0, 1, 2].map(|load| (theirs[load] - 1.0) / (ours[load] - 1.0));
            text.push_str(&format!(
                "; {peer} adds {} times what it adds (wanted: {least})",
                shown(times)
            ));
        }
        text.push_str(".\n");
    }
    text
}
