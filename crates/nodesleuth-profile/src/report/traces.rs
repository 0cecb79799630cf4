//! `-traces`: every sample with its labels and stack.

use std::collections::BTreeMap;

use crate::report::draft::{Draft, DraftSample};
use crate::report::measure::scaled_label;
use crate::report::node::Node;
use crate::report::tags::number_units;
use crate::report::weigh::{Weight, divided};

const RULE: &str = "-----------+-------------------------------------------------------\n";

pub(crate) fn print(draft: &Draft<'_>, weight: &Weight, out: &mut String) {
    let units = number_units(draft);
    let locations = draft.locations.iter();
    let names: Vec<Vec<String>> = locations
        .map(|location| {
            Node::of(draft, location, "")
                .iter()
                .map(Node::label)
                .collect()
        })
        .collect();
    for sample in &draft.samples {
        if sample.locations.is_empty() {
            continue;
        }
        out.push_str(RULE);
        out.push_str(&label_lines(sample, &units));
        let (value, divisor) = weight.of(sample);
        let mut cost = weight.print(divided(value, divisor));
        for at in &sample.locations {
            let names = &names[*at as usize];
            for (line, name) in names.iter().enumerate() {
                let mark = if line + 1 == names.len() {
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

fn label_lines(sample: &DraftSample<'_>, units: &BTreeMap<&str, &str>) -> String {
    let texts = sample.labels.iter();
    let mut texts: Vec<_> = texts
        .map(|(key, values)| line(key, &values.join(" ")))
        .collect();
    texts.sort();
    let numbers = sample.numbers.iter().map(|(key, values)| {
        let values = values.iter();
        let values: Vec<_> = values
            .map(|(number, _)| scaled_label(*number, units[key], "auto"))
            .collect();
        line(key, &values.join(" "))
    });
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort();
    texts.concat() + &numbers.concat()
}

fn line(key: &str, values: &str) -> String {
    format!("{key:>10}:  {values}\n")
}
