//! `-tree` and `-peek`: entries with callers above and callees below.

use std::cmp::Reverse;

use regex_lite::Regex;

use crate::report::graph::Graph;
use crate::report::measure::percentage;
use crate::report::text::costs;
use crate::report::weigh::Weight;

const RULE: &str = "----------------------------------------------------------+-------------\n";
const TITLES: &str = "      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n";

/// Returns how many entries matched.
pub(crate) fn print(
    graph: &Graph,
    weight: &Weight,
    wanted: Option<&Regex>,
    out: &mut String,
) -> usize {
    out.push_str(RULE);
    out.push_str(TITLES);
    let (mut sum, mut matched) = (0i64, 0);
    for entry in graph.rows() {
        if wanted.is_some_and(|wanted| !wanted.is_match(&entry.label)) {
            continue;
        }
        matched += 1;
        out.push_str(RULE);
        let callers = entry
            .callers
            .iter()
            .map(|id| (graph.edges[*id].caller, *id));
        calls(graph, weight, callers.collect(), entry.cum(), out);
        sum = sum.wrapping_add(entry.flat());
        let costs = costs(entry, sum, weight);
        out.push_str(&format!("{costs}                | {}\n", entry.label));
        let callees = entry
            .callees
            .iter()
            .map(|id| (graph.edges[*id].callee, *id));
        calls(graph, weight, callees.collect(), entry.cum(), out);
    }
    if !graph.shown.is_empty() {
        out.push_str(RULE);
    }
    matched
}

/// Calls as pairs of the other end and the edge.
fn calls(
    graph: &Graph,
    weight: &Weight,
    mut calls: Vec<(usize, usize)>,
    cum: i64,
    out: &mut String,
) {
    calls.sort_by_key(|(other, id)| {
        let size = graph.edges[*id].weight.unsigned_abs();
        (Reverse(size), &graph.entries[*other].label)
    });
    for (other, id) in calls {
        let edge = graph.edges[id];
        out.push_str(&format!(
            "{:>50} {} |   {}{}\n",
            weight.print(edge.weight),
            percentage(edge.weight, cum),
            graph.entries[other].label,
            if edge.inline { " (inline)" } else { "" }
        ));
    }
}
