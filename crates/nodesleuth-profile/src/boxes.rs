//! The boxes of a flame graph, streamed from sorted rows: no tree is built.

use crate::stack_rows::{StackRow, StackRows};
use crate::symbols::SymbolId;

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
    /// Boxes that only one stack runs through, and its values, which are too little.
    Narrow { boxes: usize, own: &'w [i64] },
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

    /// The same, but what only one stack runs through is not opened where its values are not wide:
    /// most boxes of most profiles, and none of them would be seen.
    pub(crate) fn walk_wide(
        &self,
        is_wide: impl Fn(&[i64]) -> bool,
        mut each: impl FnMut(Step<'_>),
    ) {
        let mut walk = Walk::new(self.lanes);
        let mut rows = self.stacks().peekable();
        while let Some(row) = rows.next() {
            let with_next = rows.peek().map_or(0, |next| next.shared);
            let with_others = row.shared.max(with_next);
            let alone = row.keys.len() - with_others;
            let skip = alone > 0 && !is_wide(row.values);
            walk.close_to(row.shared, &mut each);
            walk.open(row, if skip { with_others } else { row.keys.len() });
            if skip {
                each(Step::Narrow {
                    boxes: alone,
                    own: row.values,
                });
            }
        }
        walk.close_to(0, &mut each);
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

/// Where the walk is: the boxes that are still open.
struct Walk<'r> {
    lanes: usize,
    /// Their keys, as in the rows.
    path: Vec<u32>,
    own: Vec<Option<&'r [i64]>>,
    starts: Vec<i64>,
    totals: Vec<i64>,
    /// For each lane, the sum over the rows so far.
    position: Vec<i64>,
}

impl<'r> Walk<'r> {
    fn new(lanes: usize) -> Self {
        Self {
            lanes,
            path: Vec::new(),
            own: Vec::new(),
            starts: Vec::new(),
            totals: Vec::new(),
            position: vec![0; lanes],
        }
    }

    /// Opens what is new in a row, up to a depth, and adds its values.
    fn open(&mut self, row: StackRow<'r>, depth: usize) {
        for (open, key) in self.path.iter_mut().zip(row.keys) {
            *open &= key | !1;
        }
        for key in &row.keys[row.shared..depth] {
            self.path.push(*key);
            self.own.push(None);
            self.starts.extend_from_slice(&self.position);
            self.totals.resize(self.totals.len() + self.lanes, 0);
        }
        if depth == row.keys.len()
            && let Some(own) = self.own.last_mut()
        {
            *own = Some(row.values);
        }
        if let Some(last) = self.totals.len().checked_sub(self.lanes) {
            add(&mut self.totals[last..], row.values);
        }
        add(&mut self.position, row.values);
    }

    fn close_to(&mut self, depth: usize, each: &mut impl FnMut(Step<'_>)) {
        while self.path.len() > depth {
            let (Some(key), Some(own)) = (self.path.pop(), self.own.pop()) else {
                return;
            };
            let first = self.path.len() * self.lanes;
            let (callers, totals) = self.totals.split_at_mut(first);
            each(Step::Box(FlameBox {
                depth: self.path.len(),
                symbol: SymbolId(key >> 1),
                is_inline: key & 1 == 1,
                starts: &self.starts[first..],
                totals,
                own,
            }));
            if first > 0 {
                add(&mut callers[first - self.lanes..], totals);
            }
            self.starts.truncate(first);
            self.totals.truncate(first);
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
