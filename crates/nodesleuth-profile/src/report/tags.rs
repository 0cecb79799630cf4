//! `-tags`: labels by what their samples cost.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::report::draft::Draft;
use crate::report::measure::{percentage, scaled_label};
use crate::report::weigh::Weight;
use crate::rows::LabelValueRow;

pub(crate) fn print(draft: &Draft, weight: &Weight, out: &mut String) {
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

fn costs<'d>(draft: &'d Draft, weight: &Weight) -> BTreeMap<&'d str, BTreeMap<String, i64>> {
    let mut costs: BTreeMap<&str, BTreeMap<String, i64>> = BTreeMap::new();
    for (sample, values) in draft.samples() {
        let (cost, _) = weight.of(values);
        for label in sample.labels {
            let value = match label.value {
                LabelValueRow::Text(text) => draft.text(text).to_owned(),
                LabelValueRow::Number { number, .. } => {
                    scaled_label(number, draft.units.of(label.key), &weight.output_unit)
                }
            };
            let values = costs.entry(draft.text(label.key)).or_default();
            let sum = values.entry(value).or_default();
            *sum = sum.wrapping_add(cost);
        }
    }
    costs
}

/// One label: columns to the right, as wide as their longest cell and one more.
fn block(key: &str, total: i64, rows: &[(&String, &i64)], weight: &Weight, out: &mut String) {
    let cells: Vec<_> = rows
        .iter()
        .map(|(_, cost)| format!("{}{}:", weight.print(**cost), share(**cost, weight)))
        .collect();
    let first = key.chars().count() + 2;
    let second = cells
        .iter()
        .map(|cell| cell.chars().count() + 1)
        .max()
        .unwrap_or(0);
    out.push_str(&format!(
        " {key}: Total {} of {}{}\n",
        weight.print(total),
        weight.print(weight.total),
        share(total, weight)
    ));
    for ((value, _), cell) in rows.iter().zip(&cells) {
        out.push_str(&format!("{:first$}{cell:>second$} {value}\n", ""));
    }
    out.push('\n');
}

/// Of everything, not only of what has the label.
fn share(cost: i64, weight: &Weight) -> String {
    match weight.total {
        1.. => format!(" ({})", percentage(cost, weight.total)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::builder::ProfileBuilder;
    use crate::fields::{Label, LabelValue, ValueType};
    use crate::report::{Draft, ReportKind, ReportOptions, report};

    fn printed(values: [i64; 3]) -> String {
        let mut builder = ProfileBuilder::new(&[ValueType::new("samples", "count")]);
        let main = builder.named("main");
        let label = |text| Label {
            key: "pod",
            value: LabelValue::Text(text),
        };
        builder.sample([main], &[values[0]], &[label("a")]);
        builder.sample([main], &[values[1]], &[label("b")]);
        builder.sample([main], &[values[2]], &[]);
        let draft = Draft::of(builder.finish());
        let report = report(draft, &ReportOptions::new(ReportKind::Tags)).unwrap();
        String::from_utf8(report.bytes).unwrap()
    }

    #[test]
    fn shares_are_those_of_the_whole_profile() {
        let expected = " pod: Total 4 of 8 (50.00%)\n      3 (37.50%): a\n      1 (12.50%): b\n\n";
        assert_eq!(printed([3, 1, 4]), expected);
        assert_eq!(
            printed([0, 0, 0]),
            " pod: Total 0 of 0\n      0: a\n      0: b\n\n"
        );
    }
}
