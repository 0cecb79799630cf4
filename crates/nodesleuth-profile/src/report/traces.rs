//! `-traces`: every sample with its labels and stack.

use crate::report::draft::Draft;
use crate::report::measure::scaled_label;
use crate::report::node::Nodes;
use crate::report::weigh::{Weight, divided};
use crate::rows::{LabelRow, LabelValueRow};
use crate::samples::Sample;

const RULE: &str = "-----------+-------------------------------------------------------\n";

pub(crate) fn print(draft: &Draft, weight: &Weight, out: &mut String) {
    let nodes = Nodes::new(draft, None);
    for (sample, values) in draft.samples() {
        if sample.locations.is_empty() {
            continue;
        }
        out.push_str(RULE);
        out.push_str(&label_lines(draft, sample));
        let (value, divisor) = weight.of(values);
        let mut cost = weight.print(divided(value, divisor));
        for at in sample.locations.iter().rev() {
            let frames = draft.profile.frames_of(*at);
            for frame in frames.clone().rev() {
                let name = nodes.label(nodes.by_frame()[frame as usize]);
                let mark = if frame == frames.start {
                    ""
                } else {
                    " (inline)"
                };
                out.push_str(&format!("{cost:>10}   {name}{mark}\n"));
                cost.clear();
            }
        }
    }
    out.push_str(RULE);
}

fn label_lines(draft: &Draft, sample: Sample<'_>) -> String {
    let value = |label: &LabelRow| match label.value {
        LabelValueRow::Text(text) => draft.text(text).to_owned(),
        LabelValueRow::Number { number, .. } => {
            scaled_label(number, draft.units.of(label.key), "auto")
        }
    };
    let line = |group: &[LabelRow]| {
        let values: Vec<_> = group.iter().map(value).collect();
        format!("{:>10}:  {}\n", draft.text(group[0].key), values.join(" "))
    };
    let mut texts: Vec<_> = sample.texts().map(line).collect();
    texts.sort();
    let mut numbers: Vec<_> = sample.numbers().map(line).collect();
    numbers.sort();
    texts.concat() + &numbers.concat()
}
