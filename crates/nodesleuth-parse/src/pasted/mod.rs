//! Outputs of other tools, logs and tickets, as people paste them: cut into blocks, each
//! recognised by its content.
//!
//! A text is read line by line. At each line the readers of `READERS` are asked in turn whether
//! a block of theirs begins there; the first that takes lines moves on behind them. What nobody
//! takes is prose. Whole files that are not text (profiles) are recognised before.

mod cgroup_files;
mod clean;
mod columns;
mod containers;
mod counted;
mod gdb;
mod goroutines;
mod json;
mod kernel_trace;
mod kubectl;
mod listed;
mod log_line;
mod logs;
mod maps;
mod metrics;
mod mounts;
mod numbers;
mod perf;
mod pprof_top;
mod proc_files;
mod processes;
mod profiles;
mod prose;
mod sink;
mod strace;
mod strace_table;
mod syscount;
mod template;
#[cfg(test)]
mod testing;
mod timed;
mod versions;

pub use sink::Ingested;

use clean::Lines;
use sink::Sink;

/// Most bytes of one file that are looked at.
pub const MAX_TEXT_BYTES: usize = 256 << 20;

/// A reader of one format: how many lines it took from `at` on; 0 when they are not its own.
struct Reader {
    /// The format's name, as `--as` takes it.
    name: &'static str,
    take: fn(&Lines<'_>, usize, &mut Sink<'_>) -> usize,
}

/// In the order in which they are asked: the surest first, and those of many lines early.
const READERS: &[Reader] = &[
    reader("strace", strace::take),
    reader("log", logs::take_klog),
    reader("metrics", metrics::take),
    reader("profile", profiles::take),
    reader("goroutines", goroutines::take),
    reader("kernel-trace", kernel_trace::take),
    reader("gdb", gdb::take),
    reader("log", logs::take),
    reader("strace-c", strace_table::take),
    reader("perf-trace", syscount::take),
    reader("pprof-top", pprof_top::take),
    reader("perf", perf::take),
    reader("bpftrace", maps::take),
    reader("time", timed::take),
    reader("containers", containers::take),
    reader("processes", processes::take),
    reader("proc", proc_files::take),
    reader("mounts", mounts::take),
    reader("cgroup", cgroup_files::take),
    reader("versions", versions::take),
    reader("kubectl", kubectl::take),
    reader("json", json::take),
    reader("count", counted::take),
    reader("listed", listed::take),
];

const fn reader(name: &'static str, take: fn(&Lines<'_>, usize, &mut Sink<'_>) -> usize) -> Reader {
    Reader { name, take }
}

/// Names of the formats, as `--as` takes them.
#[must_use]
pub fn kinds() -> Vec<&'static str> {
    let mut names: Vec<&str> = READERS.iter().map(|reader| reader.name).collect();
    names.push("prose");
    names.sort_unstable();
    names.dedup();
    names
}

/// Reads a text; with `only` no other reader than the ones of that name is asked.
fn read_text(text: &str, only: Option<&str>, sink: &mut Sink<'_>) {
    let lines = Lines::of(text);
    let readers: Vec<&Reader> = READERS
        .iter()
        .filter(|reader| only.is_none_or(|only| only == reader.name))
        .collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines.get(at);
        if line.trim().is_empty() {
            sink.paragraph_ends();
            at += 1;
            continue;
        }
        if timed::take_prompt(line, sink) {
            at += 1;
            continue;
        }
        let taken = readers
            .iter()
            .map(|reader| (reader.take)(&lines, at, sink))
            .find(|taken| *taken > 0);
        at += match taken {
            Some(taken) => taken,
            None => {
                prose::take(line, at, sink);
                1
            }
        };
    }
    sink.paragraph_ends();
}
