//! Entries with their costs, and who calls whom.

use std::collections::HashMap;

use crate::report::draft::Draft;
use crate::report::weigh::{Weight, divided};
use crate::strings::dense;

/// What an entry costs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    flat: i64,
    flat_divisor: i64,
    cum: i64,
    cum_divisor: i64,
    /// The last sample that counted for `cum`, from 1.
    seen_in: u32,
}

impl Cost {
    pub(crate) fn flat(&self) -> i64 {
        divided(self.flat, self.flat_divisor)
    }

    pub(crate) fn cum(&self) -> i64 {
        divided(self.cum, self.cum_divisor)
    }

    /// Flat before any division.
    pub(crate) fn flat_sum(&self) -> i64 {
        self.flat
    }

    /// Flat and cum before any division, without their signs.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        (self.flat.unsigned_abs(), self.cum.unsigned_abs())
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.flat == 0 && self.cum == 0
    }

    pub(crate) fn is_negative(&self) -> bool {
        self.flat < 0 || self.flat == 0 && self.cum < 0
    }
}

/// A call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) caller: u32,
    pub(crate) callee: u32,
    pub(crate) weight: i64,
    /// Whether every one of these calls was inlined.
    pub(crate) inline: bool,
    seen_in: u32,
}

/// Calls, each pair of entries once.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    pub(crate) edges: Vec<Edge>,
    ids: HashMap<(u32, u32), u32>,
    /// Entries calls of which are wanted.
    callees: Vec<bool>,
}

impl Edges {
    /// Only calls of these entries.
    pub(crate) fn of(callees: Vec<bool>) -> Self {
        Self {
            callees,
            ..Self::default()
        }
    }

    pub(crate) fn wants_any(&self) -> bool {
        self.callees.contains(&true)
    }

    fn add(&mut self, (caller, callee): (u32, u32), inline: bool, value: i64, number: u32) {
        if !self.callees[callee as usize] {
            return;
        }
        let edges = &mut self.edges;
        let id = *self.ids.entry((caller, callee)).or_insert_with(|| {
            edges.push(Edge {
                caller,
                callee,
                weight: 0,
                inline: true,
                seen_in: 0,
            });
            dense(edges.len() - 1)
        });
        let edge = &mut edges[id as usize];
        if edge.seen_in != number {
            edge.seen_in = number;
            edge.weight = edge.weight.wrapping_add(value);
            edge.inline &= inline;
        }
    }
}

/// What to walk over: a profile whose frames are entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk<'a> {
    pub(crate) draft: &'a Draft,
    pub(crate) weight: &'a Weight,
    /// The entry of each frame.
    pub(crate) by_frame: &'a [u32],
    pub(crate) entries: usize,
    /// Entries that are not left out of stacks; `None`: all.
    pub(crate) kept: Option<&'a [bool]>,
}

impl Walk<'_> {
    /// The cost of each entry; calls are added to `edges`.
    pub(crate) fn costs(&self, mut edges: Option<&mut Edges>) -> Vec<Cost> {
        let mut costs = vec![Cost::default(); self.entries];
        let mut number = 0;
        for (sample, values) in self.draft.samples() {
            number += 1;
            let weight = self.weight.of(values);
            if weight != (0, 0) {
                self.add_stack(
                    sample.locations,
                    weight,
                    number,
                    &mut costs,
                    edges.as_deref_mut(),
                );
            }
        }
        costs
    }

    fn add_stack(
        &self,
        stack: &[u32],
        (value, divisor): (i64, i64),
        number: u32,
        costs: &mut [Cost],
        mut edges: Option<&mut Edges>,
    ) {
        let mut caller = None;
        let mut leaf_is_left_out = false;
        for location in stack {
            let frames = self.draft.profile.frames_of(*location);
            for frame in frames.clone() {
                let entry = self.by_frame[frame as usize];
                leaf_is_left_out = self.kept.is_some_and(|kept| !kept[entry as usize]);
                if leaf_is_left_out {
                    continue;
                }
                let cost = &mut costs[entry as usize];
                if cost.seen_in != number {
                    cost.seen_in = number;
                    cost.cum = cost.cum.wrapping_add(value);
                    cost.cum_divisor = cost.cum_divisor.wrapping_add(divisor);
                }
                if let Some(edges) = &mut edges
                    && let Some(caller) = caller.filter(|caller| *caller != entry)
                {
                    edges.add((caller, entry), frame != frames.start, value, number);
                }
                caller = Some(entry);
            }
        }
        if let Some(leaf) = caller.filter(|_| !leaf_is_left_out) {
            let cost = &mut costs[leaf as usize];
            cost.flat = cost.flat.wrapping_add(value);
            cost.flat_divisor = cost.flat_divisor.wrapping_add(divisor);
        }
    }
}

/// What a report of entries shows.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) labels: Vec<String>,
    pub(crate) costs: Vec<Cost>,
    /// Entries that are shown, in their order.
    pub(crate) shown: Vec<u32>,
    pub(crate) edges: Vec<Edge>,
    /// For each entry the edges to it and from it; empty where no report needs them.
    pub(crate) callers: Vec<Vec<u32>>,
    pub(crate) callees: Vec<Vec<u32>>,
}

impl Graph {
    /// Edges that cost less than `cutoff` are left out if what they call is shown.
    pub(crate) fn new(
        labels: Vec<String>,
        costs: Vec<Cost>,
        shown: Vec<u32>,
        edges: Vec<Edge>,
        cutoff: u64,
    ) -> Self {
        let mut is_shown = vec![false; costs.len()];
        shown.iter().for_each(|at| is_shown[*at as usize] = true);
        let mut callers = vec![Vec::new(); costs.len()];
        let mut callees = callers.clone();
        for (id, edge) in edges.iter().enumerate() {
            let is_small = edge.weight.unsigned_abs() < cutoff;
            if !(is_small && is_shown[edge.callee as usize]) {
                callers[edge.callee as usize].push(dense(id));
                callees[edge.caller as usize].push(dense(id));
            }
        }
        Self {
            labels,
            costs,
            shown,
            edges,
            callers,
            callees,
        }
    }

    /// The costs of the entries that are shown.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &Cost)> {
        self.shown.iter().map(|at| (*at, &self.costs[*at as usize]))
    }

    pub(crate) fn label(&self, at: u32) -> &str {
        &self.labels[at as usize]
    }

    /// Sum of what the shown entries cost themselves.
    pub(crate) fn flat_total(&self) -> i64 {
        let flats = self.rows().map(|(_, cost)| cost.flat());
        flats.fold(0, i64::wrapping_add)
    }
}
