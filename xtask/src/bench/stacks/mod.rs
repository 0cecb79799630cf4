//! What taking stacks costs the program watched and whoever takes them: `nodesleuth profile` against
//! `perf record -g`, of one busy Go program and of a machine with 2,000 threads more.

mod way;

use std::path::Path;

use crate::bench::cpu::median;
use crate::bench::syscalls::load::Programs;
use crate::bench::syscalls::tracer;
use crate::bench::threads;
use crate::failure::Result;
use crate::workspace::Workspace;
use way::{Subject, Watched, Way};

const REPEATS: usize = 4;
/// With what it takes to attach the 15 s that `nodesleuth profile` takes when nobody says otherwise.
const SECONDS: u32 = 13;
/// Nobody watching, between all others.
const BETWEEN_SECONDS: u32 = 5;
const THREADS: usize = 2000;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// At most wanted: the program watched, our own CPU in percent of a core, our memory.
const MOST_TIMES: f64 = 1.03;
const MOST_PERCENT: f64 = 1.0;
const MOST_MEBIBYTES: f64 = 40.0;

const OF_ONE: [Way; 6] = [
    Way::theirs("perf record -g -F 99", Subject::Process),
    Way::theirs("perf record -g -F 999", Subject::Process),
    Way::ours("nodesleuth profile --hz 99 --engine bpf", Subject::Process),
    Way::ours("nodesleuth profile --hz 999 --engine bpf", Subject::Process),
    Way::ours(
        "nodesleuth profile --hz 99 --engine perf-rings",
        Subject::Process,
    ),
    Way::ours(
        "nodesleuth profile --hz 999 --engine perf-rings",
        Subject::Process,
    ),
];

const OF_ALL: [Way; 2] = [
    Way::theirs("perf record -a -g -F 999", Subject::All),
    Way::ours("nodesleuth profile --all --hz 999", Subject::All),
];

/// Medians of one way to watch.
struct Row {
    way: Way,
    /// CPU of one operation of the program watched.
    each_ns: f64,
    /// That against the runs that nobody watched just before and behind.
    times: f64,
    own: Option<OwnCost>,
}

/// What the watcher used.
#[derive(Clone, Copy)]
struct OwnCost {
    /// CPU while it watched, in percent of a core.
    percent: f64,
    /// CPU at the end, once, in seconds.
    at_the_end: Option<f64>,
    /// Peak memory.
    mebibytes: f64,
}

pub(crate) fn measure(workspace: &Workspace, binary: &Path) -> Result<String> {
    tracer::have_peers()?;
    let programs = Programs::build(workspace)?;
    let of_one = in_turns(&OF_ONE, binary, &programs)?;
    let threads = threads::start_working(THREADS)?;
    let of_all = in_turns(&OF_ALL, binary, &programs)?;
    drop(threads);
    Ok(format!(
        "## Stacks: what taking them costs\n\n\
         CPU for one operation of a Go program (two goroutines open, read and close a small file, \
         200 others wait for timers), and that against nobody watching just before and behind; CPU of the watcher \
         while it watches, its start included, in percent of a core; CPU at its end, once, for names \
         and output (`perf record` names nothing: `perf report` does); its peak memory. \
         {SECONDS} s each, {REPEATS} times, all in turns, {BETWEEN_SECONDS} s of nobody \
         between any two; medians. Output: `perf` to /dev/null, \
         `nodesleuth` a new .pb.gz and JSON.\n\n{}{}\n\
         The whole machine, with a process of {THREADS} threads more that all run now and then:\n\n\
         {}{}",
        table(&of_one),
        verdict(&of_one),
        table(&of_all),
        verdict(&of_all)
    ))
}

/// What the machine does beside it changes from minute to minute: each run is held against those
/// around it that nobody watched.
fn in_turns(ways: &[Way], binary: &Path, programs: &Programs) -> Result<Vec<Row>> {
    let mut runs = vec![Vec::new(); ways.len()];
    let unwatched = || Way::nobody().watch(binary, programs.go(BETWEEN_SECONDS), BETWEEN_SECONDS);
    let mut nobody = vec![unwatched()?];
    for _ in 0..REPEATS {
        for (way, runs) in ways.iter().zip(&mut runs) {
            let run = way.watch(binary, programs.go(SECONDS), SECONDS)?;
            let (before, behind) = (nobody[nobody.len() - 1], unwatched()?);
            nobody.push(behind);
            let around = (before.load.each_ns() + behind.load.each_ns()) / 2.0;
            runs.push((run, run.load.each_ns() / around));
        }
    }
    let mut rows = vec![Row {
        way: Way::nobody(),
        each_ns: median(nobody.iter().map(|run| run.load.each_ns())),
        times: 1.0,
        own: None,
    }];
    rows.extend(ways.iter().zip(&runs).map(|(way, runs)| row(*way, runs)));
    Ok(rows)
}

fn row(way: Way, runs: &[(Watched, f64)]) -> Row {
    let own: Vec<_> = runs.iter().filter_map(|(run, _)| run.own).collect();
    let ends: Vec<f64> = own.iter().filter_map(|own| own.at_the_end).collect();
    let memory = own.iter().map(|own| own.usage.peak_bytes as f64 / MEBIBYTE);
    Row {
        way,
        each_ns: median(runs.iter().map(|(run, _)| run.load.each_ns())),
        times: median(runs.iter().map(|(_, times)| *times)),
        own: (!own.is_empty()).then(|| OwnCost {
            percent: median(own.iter().map(|own| own.percent())),
            at_the_end: (!ends.is_empty()).then(|| median(ends)),
            mebibytes: median(memory),
        }),
    }
}

fn table(rows: &[Row]) -> String {
    let mut text =
        "| watched by | one operation | own CPU | at the end | own memory |\n|---|---|---|---|---|\n"
            .to_owned();
    for row in rows {
        let own = row.own.map_or_else(
            || "- | - | -".to_owned(),
            |own| {
                let end = own.at_the_end;
                let end = end.map_or("-".to_owned(), |end| format!("{:.0} ms", end * 1000.0));
                format!("{:.2} % | {end} | {:.0} MiB", own.percent, own.mebibytes)
            },
        );
        text.push_str(&format!(
            "| {} | {:.0} ns ({:.3}x) | {own} |\n",
            row.way.typed, row.each_ns, row.times
        ));
    }
    text
}

fn verdict(rows: &[Row]) -> String {
    let ours = rows.iter().filter(|row| row.way.is_ours());
    let mut text = format!(
        "\nWanted of ours: at most {MOST_TIMES}x, {MOST_PERCENT} % while watching and {MOST_MEBIBYTES} MiB. "
    );
    let missed: Vec<_> = ours
        .filter(|row| {
            let own = row
                .own
                .is_some_and(|own| own.percent <= MOST_PERCENT && own.mebibytes <= MOST_MEBIBYTES);
            row.times > MOST_TIMES || !own
        })
        .map(|row| format!("`{}`", row.way.typed))
        .collect();
    text.push_str(&match missed.is_empty() {
        true => "**All are within that.**\n".to_owned(),
        false => format!("**Not within that: {}.**\n", missed.join(", ")),
    });
    text
}
