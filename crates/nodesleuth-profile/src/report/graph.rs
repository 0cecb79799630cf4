//! Entries with their costs, and who calls whom.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::report::draft::Draft;
use crate::report::node::Node;
use crate::report::weigh::{Weight, divided};

/// An entry with its costs; callers and callees are positions in [`Graph::edges`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) node: Node,
    pub(crate) label: String,
    flat: i64,
    flat_divisor: i64,
    cum: i64,
    cum_divisor: i64,
    pub(crate) callers: BTreeSet<usize>,
    pub(crate) callees: BTreeSet<usize>,
    seen_in: usize,
}

impl Entry {
    pub(crate) fn flat(&self) -> i64 {
        divided(self.flat, self.flat_divisor)
    }

    pub(crate) fn cum(&self) -> i64 {
        divided(self.cum, self.cum_divisor)
    }

    /// Flat and cum before any division, without their signs.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        (self.flat.unsigned_abs(), self.cum.unsigned_abs())
    }

    fn is_nothing(&self) -> bool {
        self.flat == 0 && self.cum == 0
    }
}

/// A call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) caller: usize,
    pub(crate) callee: usize,
    pub(crate) weight: i64,
    /// Whether every one of these calls was inlined.
    pub(crate) inline: bool,
    seen_in: usize,
}

/// All entries of a profile, or of the part of it that is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) entries: Vec<Entry>,
    pub(crate) edges: Vec<Edge>,
    /// Entries that are shown, in their order.
    pub(crate) shown: Vec<usize>,
    edge_ids: HashMap<(usize, usize), usize>,
}

impl Graph {
    /// Frames outside of `kept` are left out of stacks.
    pub(crate) fn new(
        draft: &Draft<'_>,
        weight: &Weight,
        trim_path: &str,
        kept: Option<&HashSet<Node>>,
    ) -> Self {
        let mut graph = Self::default();
        let by_location = graph.add_entries(draft, trim_path, kept);
        for (number, sample) in draft.samples.iter().enumerate() {
            let (value, divisor) = weight.of(sample);
            if value == 0 && divisor == 0 {
                continue;
            }
            let stack = sample.locations.iter().rev();
            let frames = stack.flat_map(|at| {
                let lines = &by_location[*at as usize];
                let outermost = lines.len() - 1;
                let line = move |(i, entry): (usize, &Option<usize>)| (*entry, i != outermost);
                lines.iter().enumerate().rev().map(line)
            });
            graph.add_stack(frames, (value, divisor), number + 1);
        }
        let entries = graph.entries.iter().enumerate();
        let some = entries.filter(|(_, entry)| !entry.is_nothing());
        graph.shown = some.map(|(at, _)| at).collect();
        graph
    }

    /// The entries of each location, innermost first.
    fn add_entries(
        &mut self,
        draft: &Draft<'_>,
        trim_path: &str,
        kept: Option<&HashSet<Node>>,
    ) -> Vec<Vec<Option<usize>>> {
        let mut known: HashMap<Node, usize> = HashMap::new();
        let locations = draft.locations.iter();
        locations
            .map(|location| {
                let nodes = Node::of(draft, location, trim_path).into_iter();
                nodes
                    .map(|node| {
                        if kept.is_some_and(|kept| !kept.contains(&node)) {
                            return None;
                        }
                        let entries = &mut self.entries;
                        Some(*known.entry(node).or_insert_with_key(|node| {
                            entries.push(Entry {
                                label: node.label(),
                                node: node.clone(),
                                ..Entry::default()
                            });
                            entries.len() - 1
                        }))
                    })
                    .collect()
            })
            .collect()
    }

    /// Frames from root to leaf, each with whether it was inlined.
    fn add_stack(
        &mut self,
        frames: impl Iterator<Item = (Option<usize>, bool)>,
        (value, divisor): (i64, i64),
        number: usize,
    ) {
        let mut caller = None;
        let mut leaf_is_left_out = false;
        for (entry, inline) in frames {
            leaf_is_left_out = entry.is_none();
            let Some(at) = entry else { continue };
            let entry = &mut self.entries[at];
            if entry.seen_in != number {
                entry.seen_in = number;
                entry.cum = entry.cum.wrapping_add(value);
                entry.cum_divisor = entry.cum_divisor.wrapping_add(divisor);
            }
            if let Some(caller) = caller.filter(|caller| *caller != at) {
                self.add_call((caller, at), inline, value, number);
            }
            caller = Some(at);
        }
        if let Some(leaf) = caller.filter(|_| !leaf_is_left_out) {
            let entry = &mut self.entries[leaf];
            entry.flat = entry.flat.wrapping_add(value);
            entry.flat_divisor = entry.flat_divisor.wrapping_add(divisor);
        }
    }

    fn add_call(
        &mut self,
        (caller, callee): (usize, usize),
        inline: bool,
        value: i64,
        number: usize,
    ) {
        let edges = &mut self.edges;
        let id = *self.edge_ids.entry((caller, callee)).or_insert_with(|| {
            edges.push(Edge {
                caller,
                callee,
                weight: 0,
                inline: true,
                seen_in: 0,
            });
            self.entries[caller].callees.insert(edges.len() - 1);
            self.entries[callee].callers.insert(edges.len() - 1);
            edges.len() - 1
        });
        let edge = &mut self.edges[id];
        if edge.seen_in != number {
            edge.seen_in = number;
            edge.weight = edge.weight.wrapping_add(value);
            edge.inline &= inline;
        }
    }

    /// The entries that are shown.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Entry> {
        self.shown.iter().map(|at| &self.entries[*at])
    }

    /// Sum of what the shown entries cost themselves.
    pub(crate) fn flat_total(&self) -> i64 {
        self.rows()
            .fold(0, |sum, entry| sum.wrapping_add(entry.flat()))
    }

    /// The same before divisions.
    pub(crate) fn flat_sum(&self) -> i64 {
        self.rows()
            .fold(0, |sum, entry| sum.wrapping_add(entry.flat))
    }
}
