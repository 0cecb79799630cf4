//! `-top` and `-text`: entries by cost.

use crate::report::graph::{Cost, Graph};
use crate::report::measure::percentage;
use crate::report::weigh::Weight;

pub(crate) fn print(graph: &Graph, weight: &Weight, out: &mut String) {
    out.push_str("      flat  flat%   sum%        cum   cum%\n");
    let mut sum = 0i64;
    for (at, cost) in graph.rows() {
        sum = sum.wrapping_add(cost.flat());
        let mark = inline_mark(graph, at);
        let costs = costs(cost, sum, weight);
        out.push_str(&format!("{costs}  {}{mark}\n", graph.label(at)));
    }
}

/// Flat and cum with their shares; `sum` is the flat cost down to here.
pub(crate) fn costs(cost: &Cost, sum: i64, weight: &Weight) -> String {
    let share = |value| percentage(value, weight.total);
    format!(
        "{:>10} {} {} {:>10} {}",
        weight.print(cost.flat()),
        share(cost.flat()),
        share(sum),
        weight.print(cost.cum()),
        share(cost.cum())
    )
}

fn inline_mark(graph: &Graph, at: u32) -> &'static str {
    let inline = |id: &u32| graph.edges[*id as usize].inline;
    let callers = &graph.callers[at as usize];
    match (callers.iter().any(inline), callers.iter().all(inline)) {
        (false, _) => "",
        (true, true) => " (inline)",
        (true, false) => " (partial-inline)",
    }
}
