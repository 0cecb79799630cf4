//! `-tree` and `-peek`: entries with callers above and callees below.

use std::cmp::Reverse;

use crate::go_regex::GoRegex;
use crate::report::graph::{Edge, Graph};
use crate::report::measure::percentage;
use crate::report::text::costs;
use crate::report::weigh::Weight;

const RULE: &str = "----------------------------------------------------------+-------------\n";
const TITLES: &str = "      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n";

/// Returns how many entries matched.
pub(crate) fn print(
    graph: &Graph,
    weight: &Weight,
    wanted: Option<&GoRegex>,
    out: &mut String,
) -> usize {
    out.push_str(RULE);
    out.push_str(TITLES);
    let (mut sum, mut matched) = (0i64, 0);
    for (at, cost) in graph.rows() {
        let label = graph.label(at);
        if wanted.is_some_and(|wanted| !wanted.is_match(label)) {
            continue;
        }
        matched += 1;
        out.push_str(RULE);
        let ends = |ids: &[u32], end: fn(&Edge) -> u32| {
            let ends = ids.iter().map(|id| (end(&graph.edges[*id as usize]), *id));
            ends.collect()
        };
        let callers = ends(&graph.callers[at as usize], |edge| edge.caller);
        calls(graph, weight, callers, cost.cum(), out);
        sum = sum.wrapping_add(cost.flat());
        let costs = costs(cost, sum, weight);
        out.push_str(&format!("{costs}                | {label}\n"));
        let callees = ends(&graph.callees[at as usize], |edge| edge.callee);
        calls(graph, weight, callees, cost.cum(), out);
    }
    if !graph.shown.is_empty() {
        out.push_str(RULE);
    }
    matched
}

/// Calls as pairs of the other end and the edge.
fn calls(graph: &Graph, weight: &Weight, mut calls: Vec<(u32, u32)>, cum: i64, out: &mut String) {
    calls.sort_by_key(|(other, id)| {
        let size = graph.edges[*id as usize].weight.unsigned_abs();
        (Reverse(size), graph.label(*other))
    });
    for (other, id) in calls {
        let edge = graph.edges[id as usize];
        out.push_str(&format!(
            "{:>50} {} |   {}{}\n",
            weight.print(edge.weight),
            percentage(edge.weight, cum),
            graph.label(other),
            if edge.inline { " (inline)" } else { "" }
        ));
    }
}
