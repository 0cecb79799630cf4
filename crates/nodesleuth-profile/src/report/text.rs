//! `-top` and `-text`: entries by cost.

use crate::report::graph::{Entry, Graph};
use crate::report::measure::percentage;
use crate::report::weigh::Weight;

pub(crate) fn print(graph: &Graph, weight: &Weight, out: &mut String) {
    out.push_str("      flat  flat%   sum%        cum   cum%\n");
    let mut sum = 0i64;
    for entry in graph.rows() {
        sum = sum.wrapping_add(entry.flat());
        let mark = inline_mark(graph, entry);
        let costs = costs(entry, sum, weight);
        out.push_str(&format!("{costs}  {}{mark}\n", entry.label));
    }
}

/// Flat and cum with their shares; `sum` is the flat cost down to here.
pub(crate) fn costs(entry: &Entry, sum: i64, weight: &Weight) -> String {
    let share = |value| percentage(value, weight.total);
    format!(
        "{:>10} {} {} {:>10} {}",
        weight.print(entry.flat()),
        share(entry.flat()),
        share(sum),
        weight.print(entry.cum()),
        share(entry.cum())
    )
}

fn inline_mark(graph: &Graph, entry: &Entry) -> &'static str {
    let inline = |id: &usize| graph.edges[*id].inline;
    match (
        entry.callers.iter().any(inline),
        entry.callers.iter().all(inline),
    ) {
        (false, _) => "",
        (true, true) => " (inline)",
        (true, false) => " (partial-inline)",
    }
}
