//! The boxes of a flame graph, streamed from sorted rows: no tree is built.

use std::ops::Range;

use crate::stack_rows::{StackRow, StackRows};
use crate::symbols::{Inlined, SymbolId};

/// A function under one path of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlameBox<'w> {
    /// Boxes between it and the edge: 0 for roots.
    pub depth: usize,
    /// The function.
    pub symbol: SymbolId,
    /// Whether the compiler inlined it into its caller, wherever it is below this box's callers.
    pub is_inline: bool,
    /// For each lane, the sum over everything left of it.
    pub starts: &'w [i64],
    /// For each lane, the sum over all stacks through it.
    pub totals: &'w [i64],
    /// For each lane, the value of the stack that ends with it; `None` if there is none.
    pub own: Option<&'w [i64]>,
}

/// What a walk comes across.
pub(crate) enum Step<'w> {
    /// A box that is complete.
    Box(FlameBox<'w>),
    /// Boxes that are not wide, and the values of the stack that ends with one of them.
    Narrow {
        boxes: usize,
        own: Option<&'w [i64]>,
    },
}

impl StackRows {
    /// Gives every box once, when it is complete: callees before their caller, from left to right.
    /// Sums stop at the ends of the range of `i64`.
    ///
    /// In the reverse order of this walk every box comes before its callees, the rightmost first.
    pub fn walk(&self, mut each: impl FnMut(FlameBox<'_>)) {
        self.walk_wide(
            |_| true,
            |step| {
                if let Step::Box(complete) = step {
                    each(complete);
                }
            },
        );
    }

    /// The same, but boxes whose sums are not wide are only counted: most boxes of most profiles,
    /// and none of them would be seen.
    pub(crate) fn walk_wide(
        &self,
        is_wide: impl Fn(&[i64]) -> bool,
        mut each: impl FnMut(Step<'_>),
    ) {
        let mut walk = Walk::new(self, is_wide);
        for (at, row) in self.stacks().enumerate() {
            walk.close_to(row.shared, at, &mut each);
            walk.open(row, at);
        }
        walk.close_to(0, self.len(), &mut each);
    }

    /// Number of boxes.
    pub fn box_count(&self) -> usize {
        self.stacks().map(|row| row.keys.len() - row.shared).sum()
    }

    /// Functions in the longest stack.
    pub fn max_depth(&self) -> usize {
        self.stacks().map(|row| row.keys.len()).max().unwrap_or(0)
    }
}

/// Boxes one upon the other that the same stacks run through.
#[derive(Debug, Clone, Copy)]
struct Pile {
    /// Depth of the lowest, and of the first above the highest.
    from: usize,
    to: usize,
    /// The first of the stacks.
    first: usize,
    /// Whether the first stack ends with the highest box.
    has_own: bool,
}

/// Where the walk is: the piles that are still open. Only how much neighbouring stacks share is
/// looked at; which functions they are is read when a box is wide enough to be given.
struct Walk<'r, W> {
    rows: &'r StackRows,
    is_wide: W,
    open: Vec<Pile>,
    /// For each pile its lanes.
    starts: Vec<i64>,
    totals: Vec<i64>,
    /// For each lane, the sum over the rows so far.
    position: Vec<i64>,
}

impl<'r, W: Fn(&[i64]) -> bool> Walk<'r, W> {
    fn new(rows: &'r StackRows, is_wide: W) -> Self {
        Self {
            rows,
            is_wide,
            open: Vec::new(),
            starts: Vec::new(),
            totals: Vec::new(),
            position: vec![0; rows.lanes],
        }
    }

    /// Opens what is new in a stack and adds its values.
    fn open(&mut self, row: StackRow<'_>, at: usize) {
        self.open.push(Pile {
            from: row.shared,
            to: row.keys.len(),
            first: at,
            has_own: true,
        });
        self.starts.extend_from_slice(&self.position);
        self.totals.extend_from_slice(row.values);
        add(&mut self.position, row.values);
    }

    /// Closes what is above a depth, before the stack `end`.
    fn close_to(&mut self, depth: usize, end: usize, each: &mut impl FnMut(Step<'_>)) {
        while let Some(pile) = self.open.last_mut().filter(|pile| pile.to > depth) {
            let upper = Pile {
                from: pile.from.max(depth),
                ..*pile
            };
            pile.to = upper.from;
            pile.has_own = false;
            let is_closed = pile.to == pile.from;
            self.give(upper, end, each);
            if is_closed {
                self.pop();
            }
        }
    }

    /// Ends the highest pile; its sums are part of those of the one below.
    fn pop(&mut self) {
        self.open.pop();
        let first = self.open.len() * self.rows.lanes;
        let (below, totals) = self.totals.split_at_mut(first);
        if let Some(lanes) = first.checked_sub(self.rows.lanes) {
            add(&mut below[lanes..], totals);
        }
        self.starts.truncate(first);
        self.totals.truncate(first);
    }

    /// Gives the boxes of (a part of) the highest pile.
    fn give(&self, pile: Pile, end: usize, each: &mut impl FnMut(Step<'_>)) {
        let first = (self.open.len() - 1) * self.rows.lanes;
        let (starts, totals) = (&self.starts[first..], &self.totals[first..]);
        let row = self.rows.nth(pile.first);
        let mut own = pile.has_own.then_some(row.values);
        if !(self.is_wide)(totals) {
            let boxes = pile.to - pile.from;
            return each(Step::Narrow { boxes, own });
        }
        for depth in (pile.from..pile.to).rev() {
            let symbol = SymbolId(row.keys[depth] >> 1);
            each(Step::Box(FlameBox {
                depth,
                symbol,
                is_inline: self.is_inline(symbol, depth, pile.first..end),
                starts,
                totals,
                own: own.take(),
            }));
        }
    }

    /// Whether a box is inlined in all stacks that run through it.
    fn is_inline(&self, symbol: SymbolId, depth: usize, mut stacks: Range<usize>) -> bool {
        match self.rows.inlined(symbol) {
            Inlined::Never => false,
            Inlined::Always => true,
            Inlined::Sometimes => stacks.all(|at| self.rows.nth(at).keys[depth] & 1 == 1),
        }
    }
}

fn add(sums: &mut [i64], values: &[i64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum = sum.saturating_add(*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Line, Location, ProfileBuilder};
    use crate::fields::{Function, ValueType};
    use crate::profile::Profile;

    /// depth, name, start, total, own
    type Seen = (usize, String, i64, i64, Option<i64>);

    fn boxes(stacks: &[(&[&str], i64)], from_leaf: bool) -> Vec<Seen> {
        let stacks = stacks.iter().map(|(s, value)| (s.iter().copied(), *value));
        let profile = Profile::from_stacks(ValueType::CPU, stacks);
        let mut rows = StackRows::builder(1);
        rows.from_leaf(from_leaf).add(&profile, |stack, lanes| {
            lanes.copy_from_slice(stack.values())
        });
        let rows = rows.finish();
        let mut seen = Vec::new();
        rows.walk(|b| {
            let name = rows.symbol(b.symbol).name.to_owned();
            let own = b.own.map(|own| own[0]);
            seen.push((b.depth, name, b.starts[0], b.totals[0], own));
        });
        seen
    }

    fn seen(boxes: &[(usize, &str, i64, i64, Option<i64>)]) -> Vec<Seen> {
        let owned = |b: &(usize, &str, i64, i64, Option<i64>)| (b.0, b.1.to_owned(), b.2, b.3, b.4);
        boxes.iter().map(owned).collect()
    }

    #[test]
    fn a_function_is_one_box_even_with_its_closure_beside_it() {
        let stacks: [(&[&str], i64); 3] =
            [(&["m.f", "x"], 1), (&["m.f.func1"], 2), (&["m.f", "z"], 4)];
        let expected = [
            (1, "x", 0, 1, Some(1)),
            (1, "z", 1, 4, Some(4)),
            (0, "m.f", 0, 5, None),
            (0, "m.f.func1", 5, 2, Some(2)),
        ];
        assert_eq!(boxes(&stacks, false), seen(&expected));
    }

    #[test]
    fn equal_stacks_are_merged_and_recursion_is_not() {
        let stacks: [(&[&str], i64); 3] = [(&["a", "a"], 1), (&["a"], 2), (&["a", "a"], 3)];
        let expected = [(1, "a", 0, 4, Some(4)), (0, "a", 0, 6, Some(2))];
        // The caller's own part comes first, so the callee begins after it.
        let expected = [(expected[0].0, "a", 2, 4, Some(4)), expected[1]];
        assert_eq!(boxes(&stacks, false), seen(&expected));
    }

    #[test]
    fn from_the_leaf_callees_are_merged() {
        let stacks: [(&[&str], i64); 2] = [(&["a", "read"], 1), (&["b", "read"], 2)];
        let expected = [
            (1, "a", 0, 1, Some(1)),
            (1, "b", 1, 2, Some(2)),
            (0, "read", 0, 3, None),
        ];
        assert_eq!(boxes(&stacks, true), seen(&expected));
    }

    #[test]
    fn a_stack_without_frames_keeps_its_value() {
        let expected = [(0, "[empty stack]", 0, 5, Some(5))];
        assert_eq!(boxes(&[(&[], 5)], false), seen(&expected));
    }

    #[test]
    fn a_box_is_inline_if_it_is_so_in_every_stack() {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let line = |builder: &mut ProfileBuilder, name| Line {
            function: builder.function(Function {
                name,
                ..Function::default()
            }),
            line: 1,
            column: 0,
        };
        let lines = ["caller", "both", "only"].map(|name| line(&mut builder, name));
        let [caller, both, only] = lines;
        let locations = [
            vec![caller, both],
            vec![caller],
            vec![both],
            vec![caller, only],
        ];
        let locations = locations.map(|lines| {
            builder.location(Location {
                lines,
                ..Location::default()
            })
        });
        builder.sample([locations[0]], &[1], &[]);
        builder.sample([locations[1], locations[2]], &[1], &[]);
        builder.sample([locations[3]], &[1], &[]);
        let profile = builder.finish();
        let mut rows = StackRows::builder(1);
        rows.add(&profile, |stack, lanes| {
            lanes.copy_from_slice(stack.values())
        });
        let rows = rows.finish();
        let mut inline = Vec::new();
        rows.walk(|b| inline.push((rows.symbol(b.symbol).name, b.is_inline)));
        assert_eq!(inline, [("both", false), ("only", true), ("caller", false)]);
    }
}
