//! `profile --files`: which function reads which kind of file, and what that costs.

use super::taking::{Capture, Taking};
use super::text::{cost, ending, missing, plain, quality, rest, shown, unresolved};
use super::{Args, links, write};
use crate::args::Format;
use crate::failure::Failure;
use crate::output;
use nodesleuth_collect::stacks::{FileCost, FileReader, NamedFiles};
use nodesleuth_model::evidence::Target;
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Bytes, Cores, Nanos, printable};
use serde_json::{Value, json};

/// Rows of the table.
const ROWS: usize = 30;

pub(super) type Files = Capture<NamedFiles>;

pub(super) fn take(taking: Taking<'_>, target: Option<Target>) -> Result<Files, Failure> {
    let pid = target.as_ref().map_or(0, |target| target.pid.0);
    taking.run(target, |namer, counts, words| {
        namer.name_files(counts, words, pid)
    })
}

/// Writes and shows.
pub(super) fn show(capture: &Files, args: &Args) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        let title = format!("calls about files of {}", capture.title());
        let links = links(&capture.named.versions);
        write(out, &capture.named.profile, &title, None, &links)?;
    }
    match args.output {
        Format::Json => output::json(&json(capture)),
        Format::Text => output::print(&text(capture)),
    }
}

fn text(capture: &Files) -> String {
    let named = &capture.named;
    let mut lines = vec![format!(
        "{}, {:.2} s, every call that reads, writes, opens or lists a file, engine {}",
        printable(&capture.title()),
        capture.length().seconds(),
        capture.engine
    )];
    lines.extend(ending(capture.ended).map(str::to_owned));
    lines.push(sum_line(capture));
    lines.extend(quality(&named.figures, "calls"));
    lines.extend(unresolved(&named.figures));
    lines.extend(missing(capture));
    lines.push(others_cost(capture));
    lines.push(cost(capture));
    let mut text = lines.join("\n") + "\n";
    if !named.readers.is_empty() {
        text.push_str(&format!("\nby their CPU:\n{}", table(capture)));
    }
    text
}

fn total(capture: &Files) -> FileCost {
    let mut total = FileCost::default();
    for reader in &capture.named.readers {
        total.add(&reader.cost);
    }
    total
}

fn sum_line(capture: &Files) -> String {
    let total = total(capture);
    if total == FileCost::default() {
        return "it made no such call".to_owned();
    }
    let used = capture.used.map_or_else(String::new, |used| {
        format!(" of the {} cores that it used", capture.cores(used))
    });
    let in_flight = match total.in_flight {
        0 => String::new(),
        calls => format!("; {} had not returned at the end", grouped(calls)),
    };
    format!(
        "{} calls, {} failed, {}: {} cores in them{used}, {} of waiting{in_flight}",
        grouped(total.calls),
        grouped(total.errors),
        Bytes(total.bytes),
        capture.cores(Nanos(total.on_cpu_ns)),
        Nanos(total.blocked_ns)
    )
}

/// What everybody else paid.
fn others_cost(capture: &Files) -> String {
    let cost = &capture.counts.cost;
    let length = capture.length();
    let known = cost.node_calls.zip(cost.cores(length.0));
    let Some((calls, cores)) = known else {
        return "what others paid was not measured".to_owned();
    };
    format!(
        "cost of watching: {} system calls/s on the whole node took {:.0} ns more each: {} cores; \
         calls about files of the process itself more",
        grouped((calls as f64 / length.seconds().max(1e-9)) as u64),
        cost.call_during_ns.unwrap_or(0.0) - cost.call_before_ns.unwrap_or(0.0),
        Cores(cores)
    )
}

fn table(capture: &Files) -> String {
    let readers = &capture.named.readers;
    let all = total(capture).on_cpu_ns as f64;
    let header = [
        "cores",
        "%",
        "each",
        "blocked",
        "calls",
        "bytes",
        "files",
        "call",
        "file",
        "function",
        "called by",
    ];
    let cells = |reader: &FileReader| {
        let cost = &reader.cost;
        let made = cost.calls + cost.in_flight;
        [
            capture.cores(Nanos(cost.on_cpu_ns)).to_string(),
            format!("{:.1}%", cost.on_cpu_ns as f64 * 100.0 / all.max(1.0)),
            Nanos(cost.on_cpu_ns / made.max(1)).to_string(),
            Nanos(cost.blocked_ns).to_string(),
            grouped(made),
            Bytes(cost.bytes).to_string(),
            grouped(reader.distinct),
            reader.syscall.clone(),
            shown(&reader.file),
            shown(&reader.function),
            shown(&reader.caller),
        ]
    };
    plain(&header, 7, readers.iter().take(ROWS).map(cells)) + &rest(readers.len(), ROWS)
}

fn costs(cost: &FileCost) -> Value {
    json!({
        "calls": cost.calls,
        "errors": cost.errors,
        "in_flight": cost.in_flight,
        "bytes": cost.bytes,
        "on_cpu_seconds": Nanos(cost.on_cpu_ns).seconds(),
        "blocked_seconds": Nanos(cost.blocked_ns).seconds(),
    })
}

fn json(capture: &Files) -> Value {
    let readers: Vec<Value> = capture
        .named
        .readers
        .iter()
        .map(|reader| {
            json!({
                "function": reader.function,
                "caller": reader.caller,
                "file": reader.file,
                "syscall": reader.syscall,
                "files": reader.distinct,
                "cost": costs(&reader.cost),
            })
        })
        .collect();
    let figures = &capture.named.figures;
    let [own_window, own_names] = capture.own;
    json!({
        "pid": capture.target.as_ref().map(|target| target.pid),
        "comm": capture.target.as_ref().map(|target| &target.comm),
        "engine": capture.engine.name(),
        "ended": capture.ended,
        "window_seconds": capture.length().seconds(),
        "accounted_seconds": capture.used.map(Nanos::seconds),
        "total": costs(&total(capture)),
        "stacks": {
            "all": figures.samples,
            "rooted": figures.rooted,
            "broken": figures.broken,
            "truncated": figures.truncated,
        },
        "lost": capture.counts.lost,
        "unnamed_files": capture.counts.unnamed_files,
        "unfollowed_processes": capture.counts.unfollowed,
        "records_lost": capture.counts.records_lost,
        "watching": capture.counts.cost,
        "own": {
            "window_cpu_seconds": own_window.seconds(),
            "names_cpu_seconds": own_names.seconds(),
            "peak_memory_bytes": capture.own_memory,
        },
        "readers": readers,
    })
}
