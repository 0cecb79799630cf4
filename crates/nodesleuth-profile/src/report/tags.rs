//! `-tags`: labels by what their samples cost.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::report::draft::Draft;
use crate::report::measure::{percentage, scaled_label};
use crate::report::weigh::Weight;

/// The unit of each label that has numbers: the first that is named, else the label's own name.
pub(crate) fn number_units<'p>(draft: &Draft<'p>) -> BTreeMap<&'p str, &'p str> {
    let mut units = BTreeMap::new();
    for (key, values) in draft.samples.iter().flat_map(|sample| &sample.numbers) {
        let unit: &mut &str = units.entry(*key).or_default();
        let named = values
            .iter()
            .map(|(_, unit)| *unit)
            .find(|unit| !unit.is_empty());
        if unit.is_empty() {
            *unit = named.unwrap_or_default();
        }
    }
    for (key, unit) in &mut units {
        if unit.is_empty() {
            *unit = match *key {
                "alignment" | "request" => "bytes",
                key => key,
            };
        }
    }
    units
}

pub(crate) fn print(draft: &Draft<'_>, weight: &Weight, out: &mut String) {
    let costs = costs(draft, weight);
    for (key, values) in &costs {
        let total = values
            .values()
            .fold(0i64, |sum, cost| sum.wrapping_add(*cost));
        let mut rows: Vec<_> = values.iter().collect();
        rows.sort_by_key(|(value, cost)| (Reverse(cost.unsigned_abs()), *value));
        block(key, total, &rows, weight, out);
    }
}

fn costs<'p>(draft: &Draft<'p>, weight: &Weight) -> BTreeMap<&'p str, BTreeMap<String, i64>> {
    let units = number_units(draft);
    let mut costs: BTreeMap<&str, BTreeMap<String, i64>> = BTreeMap::new();
    for sample in &draft.samples {
        let (cost, _) = weight.of(sample);
        let mut add = |key, value: String| {
            let sum = costs.entry(key).or_default().entry(value).or_default();
            *sum = sum.wrapping_add(cost);
        };
        for (key, values) in &sample.labels {
            values
                .iter()
                .for_each(|value| add(key, (*value).to_owned()));
        }
        for (key, values) in &sample.numbers {
            for (number, _) in values {
                add(key, scaled_label(*number, units[key], &weight.output_unit));
            }
        }
    }
    costs
}

/// One label: columns to the right, as wide as their longest cell and one more.
fn block(key: &str, total: i64, rows: &[(&String, &i64)], weight: &Weight, out: &mut String) {
    let cells: Vec<_> = rows
        .iter()
        .map(|(_, cost)| match total {
            1.. => format!("{} ({}):", weight.print(**cost), percentage(**cost, total)),
            _ => format!("{}:", weight.print(**cost)),
        })
        .collect();
    let first = key.chars().count() + 2;
    let second = cells
        .iter()
        .map(|cell| cell.chars().count() + 1)
        .max()
        .unwrap_or(0);
    out.push_str(&format!(
        " {key}: Total {} of {} ({})\n",
        weight.print(total),
        weight.print(weight.total),
        percentage(total, weight.total)
    ));
    for ((value, _), cell) in rows.iter().zip(&cells) {
        out.push_str(&format!("{:first$}{cell:>second$} {value}\n", ""));
    }
    out.push('\n');
}
