//! Leaving out what costs little, and choosing the unit for what is left.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::report::draft::Draft;
use crate::report::graph::Graph;
use crate::report::measure::scale;
use crate::report::options::{ReportKind, ReportOptions};
use crate::report::weigh::Weight;

/// A sorted graph with what was left out of it.
#[derive(Debug)]
pub(crate) struct Trimmed {
    pub(crate) graph: Graph,
    /// Entries before the limit on their number.
    pub(crate) before_limit: usize,
    /// Entries that cost too little.
    pub(crate) dropped: usize,
}

/// What is left out: number of entries (0: no limit), and the shares below which entries and
/// calls are dropped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thresholds {
    count: usize,
    pub(crate) node_fraction: f64,
    edge_fraction: f64,
}

impl Thresholds {
    pub(crate) fn of(options: &ReportOptions) -> Self {
        if !options.trim || matches!(options.kind, ReportKind::Peek(_) | ReportKind::Raw) {
            return Self {
                count: 0,
                node_fraction: 0.0,
                edge_fraction: 0.0,
            };
        }
        let usual = match options.kind {
            ReportKind::Text => 0,
            _ => 80,
        };
        Self {
            count: options.node_count.unwrap_or(usual),
            node_fraction: options.node_fraction,
            edge_fraction: options.edge_fraction,
        }
    }
}

impl Trimmed {
    pub(crate) fn new(draft: &Draft<'_>, weight: &Weight, options: &ReportOptions) -> Self {
        let thresholds = Thresholds::of(options);
        let build = |kept| Graph::new(draft, weight, &options.trim_path, kept);
        let mut graph = build(None);
        let total = graph.flat_sum() as f64;
        let cutoff = |fraction: f64| ((total * fraction) as i64).unsigned_abs();
        let (node_cutoff, edge_cutoff) = (
            cutoff(thresholds.node_fraction),
            cutoff(thresholds.edge_fraction),
        );

        let all = graph.shown.len();
        let large = graph.rows().filter(|entry| entry.sizes().1 >= node_cutoff);
        let kept: HashSet<_> = large.map(|entry| entry.node.clone()).collect();
        if kept.len() < all {
            graph = build(Some(&kept));
        }
        let dropped = all - kept.len();
        let before_limit = graph.shown.len();
        sort(&mut graph, options.sort_cum);
        if (1..before_limit).contains(&thresholds.count) {
            let first = graph.rows().take(thresholds.count);
            let kept = first.map(|entry| entry.node.clone()).collect();
            graph = build(Some(&kept));
            sort(&mut graph, options.sort_cum);
        }
        drop_calls(&mut graph, edge_cutoff);
        Self {
            graph,
            before_limit,
            dropped,
        }
    }

    /// Settles on one unit in which the smallest entry can still be told from 0.
    pub(crate) fn choose_unit(&self, weight: &mut Weight) {
        if weight.output_unit != "minimum" || self.graph.shown.is_empty() {
            return;
        }
        let size = |value: i64| Some(value.unsigned_abs()).filter(|size| *size > 0);
        let sizes = self.graph.rows();
        let smallest = sizes
            .filter_map(|entry| size(entry.flat()).or_else(|| size(entry.cum())))
            .min();
        let smallest =
            smallest.map_or(weight.total, |size| i64::try_from(size).unwrap_or(i64::MAX));
        let (smallest, largest) = (weight.scaled(smallest), weight.scaled(weight.total));
        let unit = |value| scale(value, &weight.unit, "minimum").1;
        let chosen = if unit(smallest) != unit(largest) && smallest.wrapping_mul(100) < largest {
            unit(smallest.wrapping_mul(100))
        } else {
            unit(smallest)
        };
        weight.output_unit = match chosen {
            "" => weight.unit.clone(),
            unit => unit.to_owned(),
        };
    }
}

fn sort(graph: &mut Graph, by_cum: bool) {
    let entries = &graph.entries;
    graph.shown.sort_by_cached_key(|at| {
        let entry = &entries[*at];
        let (flat, cum) = entry.sizes();
        let (first, second) = if by_cum { (cum, flat) } else { (flat, cum) };
        let tie = entry.node.tie_break();
        (Reverse(first), entry.label.clone(), Reverse(second), tie)
    });
}

fn drop_calls(graph: &mut Graph, cutoff: u64) {
    for at in &graph.shown {
        let callers = std::mem::take(&mut graph.entries[*at].callers);
        for id in callers {
            let edge = graph.edges[id];
            if edge.weight.unsigned_abs() < cutoff {
                graph.entries[edge.caller].callees.remove(&id);
            } else {
                graph.entries[*at].callers.insert(id);
            }
        }
    }
}
