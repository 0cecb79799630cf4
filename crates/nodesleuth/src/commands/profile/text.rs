//! The result for people.

use super::compared::{Before, Change, Changes};
use super::functions::{Function, functions};
use super::taking::Capture;
use crate::commands::watched::Ended;
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_collect::stacks::{StackFigures, Unnamed};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Nanos, printable};
use nodesleuth_profile::{SourceLinks, TopOrder, ValueType};

/// Fewer are no measure of the total.
const ENOUGH_SAMPLES: u64 = 100;
/// Rows of a table.
const ROWS: usize = 20;
/// Rows of a table that only adds to another.
const FEW: usize = 12;
/// Modules without names that are listed.
const MODULES: usize = 5;
/// Smaller changes than this part of a core, or of the whole, are noise.
const SMALLEST_CHANGE: f64 = 0.0005;

/// Summary and tables; `drawn` if the stacks themselves were written to a file.
pub(super) fn of(
    capture: &Capture,
    before: Option<&Before>,
    links: &SourceLinks,
    drawn: bool,
) -> String {
    let mut text = summary(capture);
    if capture.named.figures.samples > 0 && (!drawn || before.is_some()) {
        text.push_str(&match before {
            Some(before) => difference(&before.changes(capture), &before.name),
            None => cpu_tables(capture, links),
        });
    }
    if capture.options.off_cpu && !drawn {
        text.push_str(&waits(capture, links));
    }
    text
}

/// How it ended, if not as it should.
pub(super) fn ending(ended: Ended) -> Option<&'static str> {
    match ended {
        Ended::InTime => None,
        Ended::Stopped => Some("stopped early"),
        Ended::TargetGone => Some("the process ended meanwhile"),
    }
}

fn summary(capture: &Capture) -> String {
    let mut lines = vec![format!(
        "{}, {:.2} s, {} samples/s on each CPU ({}), engine {}",
        printable(&capture.title()),
        capture.length().seconds(),
        capture.options.hz,
        capture.event,
        capture.engine
    )];
    lines.extend(ending(capture.ended).map(str::to_owned));
    lines.extend(cpu(capture));
    lines.extend(quality(&capture.named.figures, "samples"));
    lines.extend(unresolved(&capture.named.figures));
    let kernel_problem = capture.named.kernel_problem.as_deref();
    lines.extend(kernel_problem.map(printable).map(Into::into));
    lines.extend(missing(capture));
    lines.push(cost(capture));
    lines.join("\n") + "\n"
}

fn cpu(capture: &Capture) -> Vec<String> {
    let figures = &capture.named.figures;
    if figures.samples == 0 {
        let used = capture
            .used
            .map(|used| format!(": it used {}", cores(capture, used)));
        return vec![format!(
            "no samples: it was not on a CPU when they were taken{}",
            used.unwrap_or_default()
        )];
    }
    let sampled = Nanos(figures.on_cpu_ns);
    let kernel = Nanos(figures.kernel_ns);
    let user = Nanos(figures.on_cpu_ns.saturating_sub(figures.kernel_ns));
    let account = match capture.used {
        None => "the kernel's own account could not be read".to_owned(),
        Some(used) => format!(
            "the kernel's own account of the same time: {}{}",
            cores(capture, used),
            off_by(figures.samples, sampled, used)
        ),
    };
    let parts = match &capture.kernel_missing {
        Some(why) => format!("user code only: {}", printable(why)),
        None => format!(
            "{} in the kernel, {} in user code",
            capture.cores(kernel),
            capture.cores(user)
        ),
    };
    let samples = grouped(figures.samples);
    let sampled = cores(capture, sampled);
    vec![
        format!("CPU: {sampled} in {samples} samples ({parts})"),
        account,
    ]
}

/// How far what was sampled is from what was accounted. A few samples are off by chance.
fn off_by(samples: u64, sampled: Nanos, used: Nanos) -> String {
    if used.0 == 0 || samples < ENOUGH_SAMPLES {
        return String::new();
    }
    let percent = (sampled.seconds() / used.seconds() - 1.0) * 100.0;
    format!(" (sampled: {percent:+.1}%)")
}

fn cores<N>(capture: &Capture<N>, time: Nanos) -> String {
    format!("{} cores", capture.cores(time))
}

/// How many of the stacks, which are those of `what`, are whole.
pub(super) fn quality(figures: &StackFigures, what: &str) -> Option<String> {
    if figures.samples == 0 {
        return None;
    }
    let percent = figures.rooted as f64 * 100.0 / figures.samples as f64;
    let mut text =
        format!("stacks: {percent:.1}% of the {what} reach the function that began them");
    let kinds = [
        (
            figures.broken,
            "end before it ([broken stack]: code without frame pointers)",
        ),
        (
            figures.truncated,
            "are deeper than the kernel walks ([truncated stack])",
        ),
        (
            figures.no_user_stack,
            "are without the process's part ([no user stack])",
        ),
    ];
    for (samples, what) in kinds {
        if samples > 0 {
            text.push_str(&format!("; {} {what}", grouped(samples)));
        }
    }
    Some(text)
}

pub(super) fn unresolved(figures: &StackFigures) -> Vec<String> {
    let mut modules: Vec<(&Unnamed, &u64)> = figures.unresolved.iter().collect();
    modules.sort_by_key(|(_, samples)| std::cmp::Reverse(**samples));
    let mut lines = Vec::new();
    for (unnamed, samples) in modules.iter().take(MODULES) {
        lines.push(format!(
            "without names: {} in {} samples ({})",
            printable(&unnamed.module),
            grouped(**samples),
            unnamed.why
        ));
    }
    if modules.len() > MODULES {
        let more = modules.len() - MODULES;
        lines.push(format!("without names: {more} more modules"));
    }
    lines
}

pub(super) fn missing<N>(capture: &Capture<N>) -> Vec<String> {
    let counts = &capture.counts;
    let mut lines = Vec::new();
    if counts.lost > 0 {
        lines.push(format!(
            "INCOMPLETE: {} samples, waits or calls did not fit and are not in these figures",
            grouped(counts.lost)
        ));
    }
    if counts.records_lost > 0 {
        lines.push(format!(
            "INCOMPLETE: {} messages about processes were lost: some of their functions may have no names",
            grouped(counts.records_lost)
        ));
    }
    if counts.unnamed_files > 0 {
        lines.push(format!(
            "INCOMPLETE: there was no room for the names of {} files",
            grouped(counts.unnamed_files)
        ));
    }
    if counts.unfollowed > 0 {
        lines.push(format!(
            "INCOMPLETE: there was no room to follow {} processes",
            grouped(counts.unfollowed)
        ));
    }
    if let Some(why) = &capture.off_cpu_missing {
        lines.push(format!("waits are missing: {}", printable(why)));
    }
    for (engine, why) in &capture.not_used {
        lines.push(format!("engine {engine} did not run: {}", printable(why)));
    }
    lines
}

pub(super) fn cost<N>(capture: &Capture<N>) -> String {
    let [window, names] = capture.own;
    format!(
        "cost of profiling: {} of nodesleuth's own during the window, {names} of CPU for the names, {} of memory",
        cores(capture, window),
        capture.own_memory
    )
}

fn value(capture: &Capture, wanted: ValueType<'_>) -> Option<usize> {
    let types = &mut capture.named.profile.sample_types();
    types.position(|value| value == wanted)
}

fn cpu_tables(capture: &Capture, links: &SourceLinks) -> String {
    let Some(value) = value(capture, ValueType::CPU) else {
        return String::new();
    };
    let profile = &capture.named.profile;
    let mut flat = functions(profile, value, TopOrder::Flat, links);
    flat.retain(|row| row.flat > 0);
    let cum = functions(profile, value, TopOrder::Cum, links);
    let mut text = format!("\nby their own CPU:\n{}", table(capture, &flat, ROWS));
    let callers: Vec<Function> = cum
        .into_iter()
        .filter(|row| row.flat * 2 < row.cum)
        .collect();
    if !callers.is_empty() {
        text.push_str(&format!(
            "\nby the CPU of what they call:\n{}",
            table(capture, &callers, ROWS)
        ));
    }
    let mut own: Vec<&Function> = flat
        .iter()
        .take(ROWS)
        .chain(callers.iter().take(ROWS))
        .collect();
    own.retain(|row| !row.name.starts_with("runtime."));
    text.push_str(&sources(&own));
    text
}

fn table(capture: &Capture, rows: &[Function], most: usize) -> String {
    let total = capture.named.figures.on_cpu_ns;
    let cost = |ns: i64| {
        let time = Nanos(u64::try_from(ns).unwrap_or(0));
        let percent = time.0 as f64 * 100.0 / (total as f64).max(1.0);
        [capture.cores(time).to_string(), format!("{percent:.1}%")]
    };
    let cells = |row: &Function| {
        let [flat, flat_percent] = cost(row.flat);
        let [cum, cum_percent] = cost(row.cum);
        [
            flat,
            flat_percent,
            cum,
            cum_percent,
            mode(row),
            shown(&row.name),
            source(row),
        ]
    };
    let header = [
        "cores",
        "%",
        "with callees",
        "%",
        "mode",
        "function",
        "source",
    ];
    plain(&header, 4, rows.iter().take(most).map(cells)) + &rest(rows.len(), most)
}

pub(super) fn rest(rows: usize, most: usize) -> String {
    match rows.saturating_sub(most) {
        0 => String::new(),
        more => format!("  … and {} more\n", grouped(more as u64)),
    }
}

fn mode(row: &Function) -> String {
    match (row.kernel, row.name.starts_with('[')) {
        (true, _) => "kernel".to_owned(),
        (false, true) => "-".to_owned(),
        (false, false) => "user".to_owned(),
    }
}

pub(super) fn shown(name: &str) -> String {
    printable(name).into_owned()
}

fn source(row: &Function) -> String {
    row.place
        .as_ref()
        .map(|place| printable(&place.short()).into_owned())
        .unwrap_or_default()
}

/// A table without lines, its first columns aligned to the right.
pub(super) fn plain<const N: usize>(
    header: &[&str; N],
    right: usize,
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in 0..right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{}\n", table.trim_fmt())
}

/// Where the source of functions is, the page at its version where that is known.
fn sources(rows: &[&Function]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for row in rows {
        let Some(place) = &row.place else { continue };
        let at = place.link.clone().unwrap_or_else(|| place.full());
        let line = format!("  {}  {}\n", shown(&row.name), printable(&at));
        if !lines.contains(&line) && lines.len() < FEW {
            lines.push(line);
        }
    }
    match lines.is_empty() {
        true => String::new(),
        false => format!("\nsource, at the line that costs most:\n{}", lines.concat()),
    }
}

/// Time off the CPU is not cores: threads wait side by side.
fn waits(capture: &Capture, links: &SourceLinks) -> String {
    let figures = &capture.named.figures;
    let offcpu = ValueType::new("offcpu", "nanoseconds");
    let Some(value) = value(capture, offcpu).filter(|_| figures.off_cpu_count > 0) else {
        return "\nno thread waited\n".to_owned();
    };
    let rows = functions(&capture.named.profile, value, TopOrder::Cum, links);
    let cells = |row: &Function| {
        let time = Nanos(u64::try_from(row.cum).unwrap_or(0));
        let percent = time.0 as f64 * 100.0 / (figures.off_cpu_ns as f64).max(1.0);
        [
            time.to_string(),
            format!("{percent:.1}%"),
            mode(row),
            shown(&row.name),
            source(row),
        ]
    };
    let header = ["waited", "%", "mode", "function", "source"];
    let table = plain(&header, 2, rows.iter().take(ROWS).map(cells));
    format!(
        "\nwhere threads waited: {} times, {} of thread time (costs no CPU):\n{table}{}",
        grouped(figures.off_cpu_count),
        Nanos(figures.off_cpu_ns),
        rest(rows.len(), ROWS)
    )
}

fn difference(changes: &Changes, before: &str) -> String {
    let amount = |cost: f64| match changes.in_cores {
        true => format!("{cost:.3}"),
        false => format!("{:.1}%", cost * 100.0),
    };
    let signed = |cost: f64| match changes.in_cores {
        true => format!("{cost:+.3}"),
        false => format!("{:+.1}%", cost * 100.0),
    };
    let cells = |change: &Change| {
        let Change {
            name,
            before,
            after,
        } = change;
        [
            signed(after.flat - before.flat),
            signed(after.cum - before.cum),
            amount(before.flat),
            amount(after.flat),
            amount(before.cum),
            amount(after.cum),
            shown(name),
        ]
    };
    let differs = |change: &&Change| {
        let (before, after) = (&change.before, &change.after);
        let most = (after.flat - before.flat)
            .abs()
            .max((after.cum - before.cum).abs());
        most >= SMALLEST_CHANGE
    };
    let rows: Vec<&Change> = changes.functions.iter().filter(differs).collect();
    let [total_before, total_after] = changes.total;
    let unit = if changes.in_cores {
        " cores"
    } else {
        " of each"
    };
    let note = match changes.in_cores {
        true => "cores",
        false => "parts of each whole, as the length of one is not known",
    };
    let header = [
        "own",
        "with callees",
        "own before",
        "after",
        "with callees before",
        "after",
        "function",
    ];
    format!(
        "\nsince {}: {}{unit} → {}{unit}; changes in {note}:\n{}{}",
        printable(before),
        amount(total_before),
        amount(total_after),
        plain(
            &header,
            6,
            rows.iter().take(ROWS + FEW).map(|change| cells(change))
        ),
        rest(rows.len(), ROWS + FEW)
    )
}
