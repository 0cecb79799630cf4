//! Entries with their costs, and who calls whom.

use std::collections::HashMap;
use std::ops::Range;

use crate::report::draft::Draft;
use crate::report::node::Nodes;
use crate::report::weigh::{Weight, divided};
use crate::strings::dense;

/// What an entry costs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    flat: i64,
    flat_divisor: i64,
    cum: i64,
    cum_divisor: i64,
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
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    draft: &'a Draft,
    weight: &'a Weight,
    /// The entry of each frame.
    by_frame: &'a [u32],
    entries: usize,
    /// Where the frames of each location begin, and at last where they end.
    starts: Vec<u32>,
}

/// A sum over samples.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    value: i64,
    /// The last sample that counted, from 1.
    seen_in: u32,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(draft: &'a Draft, weight: &'a Weight, nodes: &'a Nodes<'a>) -> Self {
        let ends = draft.profile.locations.iter().map(|row| row.frames_end);
        Self {
            draft,
            weight,
            by_frame: nodes.by_frame(),
            entries: nodes.len(),
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The cost of each entry. It does not depend on which others are left out of stacks.
    pub(crate) fn costs(&self) -> Vec<Cost> {
        let values = self.sums(|values| self.weight.of(values).0);
        let divisors = match self.weight.is_mean() {
            true => self.sums(|values| self.weight.of(values).1),
            false => vec![(0, 0); self.entries],
        };
        let cost = |((flat, cum), (flat_divisor, cum_divisor))| Cost {
            flat,
            cum,
            flat_divisor,
            cum_divisor,
        };
        values.into_iter().zip(divisors).map(cost).collect()
    }

    /// Flat and cum of each entry. One pass over all stacks is most of a report's work, so that
    /// what it touches is kept small.
    fn sums(&self, of: impl Fn(&[i64]) -> i64) -> Vec<(i64, i64)> {
        let mut cums = vec![Sum::default(); self.entries];
        let mut flats = vec![0i64; self.entries];
        let mut number = 0;
        for (sample, values) in self.draft.samples() {
            number += 1;
            let value = of(values);
            let mut leaf = None;
            for entry in self.entries_of(sample.locations) {
                let cum = &mut cums[entry as usize];
                if cum.seen_in != number {
                    cum.seen_in = number;
                    cum.value = cum.value.wrapping_add(value);
                }
                leaf = Some(entry);
            }
            if let Some(leaf) = leaf {
                let flat = &mut flats[leaf as usize];
                *flat = flat.wrapping_add(value);
            }
        }
        let cums = cums.iter().map(|sum| sum.value);
        flats.into_iter().zip(cums).collect()
    }

    fn entries_of(&self, stack: &[u32]) -> impl Iterator<Item = u32> {
        let frames = stack.iter().flat_map(|at| self.frames_of(*at));
        frames.map(|frame| self.by_frame[frame as usize])
    }

    fn frames_of(&self, location: u32) -> Range<u32> {
        self.starts[location as usize]..self.starts[location as usize + 1]
    }

    /// Adds the calls between entries that are kept (`None`: all are); a call goes over those that
    /// are not.
    pub(crate) fn add_calls(&self, kept: Option<&[bool]>, edges: &mut Edges) {
        let mut number = 0;
        for (sample, values) in self.draft.samples() {
            number += 1;
            let weight = self.weight.of(values);
            if weight == (0, 0) {
                continue;
            }
            let mut caller = None;
            for location in sample.locations {
                let frames = self.frames_of(*location);
                for frame in frames.clone() {
                    let entry = self.by_frame[frame as usize];
                    if kept.is_some_and(|kept| !kept[entry as usize]) {
                        continue;
                    }
                    if let Some(caller) = caller.filter(|caller| *caller != entry) {
                        edges.add((caller, entry), frame != frames.start, weight.0, number);
                    }
                    caller = Some(entry);
                }
            }
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
