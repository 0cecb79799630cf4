//! Leaving out what costs little, and choosing the unit for what is left.

use std::cmp::Reverse;

use crate::report::draft::Draft;
use crate::report::graph::{Cost, Edges, Graph, Walk};
use crate::report::measure::scale;
use crate::report::node::Nodes;
use crate::report::options::{ReportKind, ReportOptions};
use crate::report::weigh::Weight;
use crate::strings::dense;

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
        if !options.trim
            || matches!(
                options.kind,
                ReportKind::Peek(_) | ReportKind::Raw | ReportKind::Proto
            )
        {
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
    pub(crate) fn new(draft: &Draft, weight: &Weight, options: &ReportOptions) -> Self {
        let thresholds = Thresholds::of(options);
        let nodes = Nodes::new(draft, Some(&options.trim_path));
        let mut selection = Selection::new(draft, weight, options, &nodes);
        let total = selection.flat_sum() as f64;
        let cutoff = |fraction: f64| ((total * fraction) as i64).unsigned_abs();
        let node_cutoff = cutoff(thresholds.node_fraction);
        let all = selection.shown.len();
        let large: Vec<_> = selection
            .shown
            .iter()
            .copied()
            .filter(|at| selection.costs[*at as usize].sizes().1 >= node_cutoff)
            .collect();
        let dropped = all - large.len();
        selection.keep(large);
        let before_limit = selection.shown.len();
        selection.sort();
        if (1..before_limit).contains(&thresholds.count) {
            let first = selection.shown[..thresholds.count].to_vec();
            selection.keep(first);
        }
        Self {
            graph: selection.graph(cutoff(thresholds.edge_fraction)),
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
            .filter_map(|(_, cost)| size(cost.flat()).or_else(|| size(cost.cum())))
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

/// Entries on the way to a report.
struct Selection<'a> {
    nodes: &'a Nodes<'a>,
    labels: Vec<String>,
    options: &'a ReportOptions,
    draft: &'a Draft,
    walk: Walk<'a>,
    /// Which are not left out of stacks; `None`: none are.
    kept: Option<Vec<bool>>,
    costs: Vec<Cost>,
    shown: Vec<u32>,
}

impl<'a> Selection<'a> {
    fn new(
        draft: &'a Draft,
        weight: &'a Weight,
        options: &'a ReportOptions,
        nodes: &'a Nodes<'a>,
    ) -> Self {
        let walk = Walk::new(draft, weight, nodes);
        let costs = walk.costs();
        let drops = |cost: &Cost| cost.is_nothing() || options.drop_negative && cost.is_negative();
        let entries = 0..dense(costs.len());
        Self {
            shown: entries.filter(|at| !drops(&costs[*at as usize])).collect(),
            labels: (0..dense(nodes.len())).map(|at| nodes.label(at)).collect(),
            nodes,
            options,
            draft,
            walk,
            kept: None,
            costs,
        }
    }

    /// Leaves all other entries out of stacks.
    fn keep(&mut self, entries: Vec<u32>) {
        if entries.len() == self.shown.len() {
            return;
        }
        let mut kept = vec![false; self.costs.len()];
        entries.iter().for_each(|at| kept[*at as usize] = true);
        self.kept = Some(kept);
        self.shown = entries;
    }

    fn flat_sum(&self) -> i64 {
        let shown = self
            .shown
            .iter()
            .map(|at| self.costs[*at as usize].flat_sum());
        shown.fold(0, i64::wrapping_add)
    }

    fn sort(&mut self) {
        let key = |at: u32| {
            let (flat, cum) = self.costs[at as usize].sizes();
            let (first, second) = match self.options.sort_cum {
                true => (cum, flat),
                false => (flat, cum),
            };
            (
                Reverse(first),
                self.labels[at as usize].as_str(),
                Reverse(second),
            )
        };
        self.shown.sort_by(|one, other| {
            let tie = || {
                self.nodes
                    .tie_break(*one)
                    .cmp(&self.nodes.tie_break(*other))
            };
            key(*one).cmp(&key(*other)).then_with(tie)
        });
    }

    /// Calls are only counted where the report shows them.
    fn graph(self, edge_cutoff: u64) -> Graph {
        let callees = match self.options.kind {
            ReportKind::Text => self.inlined(),
            _ => vec![true; self.nodes.len()],
        };
        let mut edges = Edges::of(callees);
        if edges.wants_any() {
            self.walk.add_calls(self.kept.as_deref(), &mut edges);
        }
        Graph::new(
            self.labels,
            self.costs,
            self.shown,
            edges.edges,
            edge_cutoff,
        )
    }

    /// Entries that are shown and inlined somewhere: `-top` marks them by how they are called.
    fn inlined(&self) -> Vec<bool> {
        let mut inlined = vec![false; self.nodes.len()];
        for at in 0..dense(self.draft.profile.locations.len()) {
            for frame in self.draft.profile.frames_of(at).skip(1) {
                inlined[self.nodes.by_frame()[frame as usize] as usize] = true;
            }
        }
        let mut wanted = vec![false; self.nodes.len()];
        for at in &self.shown {
            wanted[*at as usize] = inlined[*at as usize];
        }
        wanted
    }
}
