//! `-raw`: the whole profile as text.

use crate::report::draft::{Draft, DraftLocation, DraftMapping, DraftSample};
use crate::report::go_format::{duration, time};

const LABEL_INDENT: &str = "                ";
const LINE_INDENT: &str = "             ";

pub(crate) fn print(draft: &Draft<'_>, out: &mut String) {
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    for comment in &draft.comments {
        line(format!("Comment: {comment}"));
    }
    if !draft.doc_url.is_empty() {
        line(format!("Doc: {}", draft.doc_url));
    }
    let period = draft.period_type;
    line(format!("PeriodType: {} {}", period.kind, period.unit));
    line(format!("Period: {}", draft.period));
    if draft.time_nanos != 0 {
        line(format!("Time: {}", time(draft.time_nanos)));
    }
    if draft.duration_nanos != 0 {
        // Go cuts the text after four characters, whatever they are.
        let text: String = duration(draft.duration_nanos).chars().take(4).collect();
        line(format!("Duration: {text}"));
    }
    line("Samples:".to_owned());
    let types = draft.sample_types.iter().map(|t| {
        let mark = if t.kind == draft.default_sample_type {
            "[dflt]"
        } else {
            ""
        };
        format!("{}/{}{mark} ", t.kind, t.unit)
    });
    line(types.collect::<String>().trim().to_owned());
    draft.samples.iter().for_each(|s| line(sample(draft, s)));
    line("Locations".to_owned());
    draft
        .locations
        .iter()
        .for_each(|l| line(location(draft, l)));
    line("Mappings".to_owned());
    draft.mappings.iter().for_each(|m| line(mapping(m)));
}

fn sample(draft: &Draft<'_>, sample: &DraftSample<'_>) -> String {
    let values = sample.values.iter().map(|value| format!(" {value:>10}"));
    let mut text: String = values.collect();
    text.push_str(": ");
    for at in &sample.locations {
        text.push_str(&format!("{} ", draft.locations[*at as usize].id));
    }
    let labels = sample.labels.iter();
    let labels = labels.map(|(key, values)| format!("{key}:[{}]", values.join(" ")));
    let numbers = sample.numbers.iter().map(|(key, values)| {
        let has_units = values.iter().any(|(_, unit)| !unit.is_empty());
        let values = values.iter().map(|(number, unit)| match has_units {
            true => format!("{number} {unit}"),
            false => number.to_string(),
        });
        format!("{key}:[{}]", values.collect::<Vec<_>>().join(" "))
    });
    for mut entries in [labels.collect::<Vec<_>>(), numbers.collect()] {
        if !entries.is_empty() {
            entries.sort();
            text.push_str(&format!("\n{LABEL_INDENT}{}", entries.join(" ")));
        }
    }
    text
}

fn location(draft: &Draft<'_>, location: &DraftLocation) -> String {
    let mut text = format!("{:>6}: {:#x} ", location.id, location.address);
    if let Some(at) = location.mapping {
        text.push_str(&format!("M={} ", draft.mappings[at as usize].id));
    }
    if location.is_folded {
        text.push_str("[F] ");
    }
    for (number, line) in location.lines.iter().enumerate() {
        if number > 0 {
            text.push_str(&format!("\n{LINE_INDENT}"));
        }
        let function = &draft.functions[line.function as usize];
        text.push_str(&format!(
            "{} {}:{}:{} s={}",
            function.name, function.file, line.line, line.column, function.start_line
        ));
        if function.name != function.system_name {
            text.push_str(&format!("({})", function.system_name));
        }
    }
    text
}

fn mapping(row: &DraftMapping<'_>) -> String {
    let m = &row.mapping;
    let flags = [
        (m.has_functions, "[FN]"),
        (m.has_filenames, "[FL]"),
        (m.has_line_numbers, "[LN]"),
        (m.has_inline_frames, "[IN]"),
    ];
    let flags: String = flags
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, text)| *text)
        .collect();
    format!(
        "{}: {:#x}/{:#x}/{:#x} {} {} {flags}",
        row.id, m.start, m.limit, m.offset, m.file, m.build_id
    )
}
