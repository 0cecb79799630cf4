//! The lines above a report.

use crate::report::draft::Draft;
use crate::report::go_format::{base, date_time};
use crate::report::measure::{percentage, scale, scaled_label};
use crate::report::options::ReportOptions;
use crate::report::trim::{Thresholds, Trimmed};
use crate::report::weigh::Weight;

/// Longer filters are cut, in bytes.
const LONGEST_FILTER: usize = 80;

/// What the profile says about itself, one line each.
pub(crate) fn profile_lines(draft: &Draft, weight: &Weight) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |title: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("{title}{text}"));
        }
    };
    let profile = &draft.profile;
    if let Some(main) = profile.mappings().next() {
        if !main.file.is_empty() {
            add("File: ", base(main.file));
        }
        add("Build ID: ", main.build_id);
    }
    let comments = profile.comments().filter(|c| !c.starts_with('#'));
    lines.extend(comments.map(str::to_owned));
    let mut add = |title: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("{title}{text}"));
        }
    };
    add("Type: ", &weight.kind);
    add("Doc: ", profile.doc_url());
    if profile.time_nanos() != 0 {
        add(
            "Time: ",
            &format!("{} UTC", date_time(profile.time_nanos()).0),
        );
    }
    if draft.profile.duration_nanos() != 0 {
        add("Duration: ", &duration(draft, weight));
    }
    lines
}

fn duration(draft: &Draft, weight: &Weight) -> String {
    let length = scaled_label(draft.profile.duration_nanos(), "nanoseconds", "auto");
    let (nanos, unit) = scale(weight.total, &weight.unit, "nanoseconds");
    let ratio = match unit {
        "ns" if nanos != 0.0 => format!(
            "({})",
            percentage(nanos as i64, draft.profile.duration_nanos())
        ),
        _ => String::new(),
    };
    let total = weight.print(weight.total);
    format!("{length}, Total samples = {total} {ratio}")
}

/// All lines above a report of entries.
pub(crate) fn report_lines(
    draft: &Draft,
    weight: &Weight,
    options: &ReportOptions,
    trimmed: &Trimmed,
) -> Vec<String> {
    let mut lines = Vec::new();
    if !options.compact_labels {
        lines = profile_lines(draft, weight);
    }
    let mut title = Some("Active filters:".to_owned());
    for (name, regex) in options.filters.active() {
        lines.extend(title.take());
        lines.push(format!("   {}", shortened(&format!("{name}={regex}"))));
    }
    let (shown, total) = (trimmed.graph.flat_total(), weight.total);
    lines.push(format!(
        "Showing nodes accounting for {}, {} of {} total",
        weight.print(shown),
        percentage(shown, total).trim(),
        weight.print(total)
    ));
    if total == 0 {
        return lines;
    }
    if trimmed.dropped > 0 {
        let plural = if trimmed.dropped > 1 { "s" } else { "" };
        let fraction = Thresholds::of(options).node_fraction;
        let cutoff = ((total as f64 * fraction) as i64).wrapping_abs();
        let cutoff = weight.print(cutoff);
        lines.push(format!(
            "Dropped {} node{plural} (cum <= {cutoff})",
            trimmed.dropped
        ));
    }
    let (shown, all) = (trimmed.graph.shown.len(), trimmed.before_limit);
    if (1..all).contains(&shown) {
        lines.push(format!("Showing top {shown} nodes out of {all}"));
    }
    lines
}

fn shortened(filter: &str) -> String {
    match filter.len() {
        ..=LONGEST_FILTER => filter.to_owned(),
        _ => format!("{}…", &filter[..filter.floor_char_boundary(LONGEST_FILTER)]),
    }
}
