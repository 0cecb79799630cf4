//! `-raw`: the whole profile as text.

use crate::profile::Profile;
use crate::report::draft::Draft;
use crate::report::go_format::{duration, time};
use crate::rows::{LabelRow, LabelValueRow, MappingRow};
use crate::samples::Sample;
use crate::strings::{StrId, dense};

const LABEL_INDENT: &str = "                ";
const LINE_INDENT: &str = "             ";

pub(crate) fn print(draft: &Draft, out: &mut String) {
    let profile = &draft.profile;
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    header_lines(profile).into_iter().for_each(&mut line);
    line("Samples:".to_owned());
    let default = draft.text(profile.header.default_sample_type);
    let types = profile.sample_types().map(|t| {
        let mark = if t.kind == default { "[dflt]" } else { "" };
        format!("{}/{}{mark} ", t.kind, t.unit)
    });
    line(types.collect::<String>().trim().to_owned());
    for (stack, values) in draft.samples() {
        line(sample(draft, stack, values));
    }
    line("Locations".to_owned());
    for at in 0..dense(profile.locations.len()) {
        line(location(draft, at));
    }
    line("Mappings".to_owned());
    for row in &profile.mappings {
        line(mapping(draft, row));
    }
}

fn header_lines(profile: &Profile) -> Vec<String> {
    let comments = profile.comments();
    let mut lines: Vec<_> = comments.map(|text| format!("Comment: {text}")).collect();
    if !profile.doc_url().is_empty() {
        lines.push(format!("Doc: {}", profile.doc_url()));
    }
    let period = profile.period_type();
    lines.push(format!("PeriodType: {} {}", period.kind, period.unit));
    lines.push(format!("Period: {}", profile.period()));
    if profile.time_nanos() != 0 {
        lines.push(format!("Time: {}", time(profile.time_nanos())));
    }
    if profile.duration_nanos() != 0 {
        // Go cuts the text after four characters, whatever they are.
        let text: String = duration(profile.duration_nanos()).chars().take(4).collect();
        lines.push(format!("Duration: {text}"));
    }
    lines
}

fn sample(draft: &Draft, sample: Sample<'_>, values: &[i64]) -> String {
    let mut text: String = values.iter().map(|value| format!(" {value:>10}")).collect();
    text.push_str(": ");
    for at in sample.locations.iter().rev() {
        text.push_str(&format!("{} ", draft.profile.locations[*at as usize].id));
    }
    let line = |group: &[LabelRow]| label(draft, group);
    for mut entries in [
        sample.texts().map(line).collect::<Vec<_>>(),
        sample.numbers().map(line).collect(),
    ] {
        if !entries.is_empty() {
            entries.sort();
            text.push_str(&format!("\n{LABEL_INDENT}{}", entries.join(" ")));
        }
    }
    text
}

/// One key with its values; numbers have units if any has one.
fn label(draft: &Draft, group: &[LabelRow]) -> String {
    let has_unit = |label: &LabelRow| match label.value {
        LabelValueRow::Text(_) => false,
        LabelValueRow::Number { unit, .. } => unit != StrId::EMPTY,
    };
    let has_units = group.iter().any(has_unit);
    let values = group.iter().map(|label| match label.value {
        LabelValueRow::Text(text) => draft.text(text).to_owned(),
        LabelValueRow::Number { number, unit } if has_units => {
            format!("{number} {}", draft.text(unit))
        }
        LabelValueRow::Number { number, .. } => number.to_string(),
    });
    let values: Vec<_> = values.collect();
    format!("{}:[{}]", draft.text(group[0].key), values.join(" "))
}

fn location(draft: &Draft, at: u32) -> String {
    let profile = &draft.profile;
    let row = &profile.locations[at as usize];
    let mut text = format!("{:>6}: {:#x} ", row.id, row.address);
    if let Some(at) = row.mapping {
        text.push_str(&format!("M={} ", profile.mappings[at as usize].id));
    }
    if row.is_folded {
        text.push_str("[F] ");
    }
    for (number, line) in draft.lines(at).iter().rev().enumerate() {
        if number > 0 {
            text.push_str(&format!("\n{LINE_INDENT}"));
        }
        let Some(function) = line.function else {
            continue;
        };
        let function = &profile.functions[function as usize];
        text.push_str(&format!(
            "{} {}:{}:{} s={}",
            draft.text(function.name),
            draft.text(function.file),
            line.line,
            line.column,
            function.start_line
        ));
        if function.name != function.system_name {
            text.push_str(&format!("({})", draft.text(function.system_name)));
        }
    }
    text
}

fn mapping(draft: &Draft, row: &MappingRow) -> String {
    let flags = [
        (row.has_functions, "[FN]"),
        (row.has_filenames, "[FL]"),
        (row.has_line_numbers, "[LN]"),
        (row.has_inline_frames, "[IN]"),
    ];
    let flags: String = flags
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, text)| *text)
        .collect();
    format!(
        "{}: {:#x}/{:#x}/{:#x} {} {} {flags}",
        row.id,
        row.start,
        row.limit,
        row.offset,
        draft.text(row.file),
        draft.text(row.build_id)
    )
}
