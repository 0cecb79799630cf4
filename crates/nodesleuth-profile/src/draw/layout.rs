//! Which boxes are wide enough to be drawn, and where they are.

use crate::boxes::{FlameBox, Step};
use crate::draw::svg::Lanes;
use crate::stack_rows::StackRows;
use crate::symbols::SymbolId;

/// Levels that are drawn; no browser shows a picture of any height.
pub(crate) const MAX_LEVELS: usize = 2_000;

/// Width of the whole in the picture's own units.
pub(crate) const UNITS: f64 = 1_000_000.0;

/// A box that is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) depth: usize,
    pub(crate) symbol: SymbolId,
    pub(crate) is_inline: bool,
    /// Left edge and width, as values.
    pub(crate) start: i64,
    pub(crate) width: i64,
    /// Sum and own part in both lanes.
    pub(crate) totals: [i64; 2],
    pub(crate) own: [i64; 2],
    /// Sum of the box it stands on; of all if it is a root.
    pub(crate) parent: [i64; 2],
}

/// What is drawn and what is not.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Callers before callees, from left to right.
    pub(crate) boxes: Vec<Placed>,
    pub(crate) levels: usize,
    pub(crate) totals: [i64; 2],
    /// Width of all, as a value.
    pub(crate) whole: i64,
    /// Boxes that are too narrow.
    pub(crate) narrow: usize,
    /// The own part of those, measured as widths are.
    pub(crate) narrow_own: i64,
    /// Boxes on levels that are too far up.
    pub(crate) too_deep: usize,
}

impl Layout {
    /// `smallest` is a share of the whole.
    pub(crate) fn new(rows: &StackRows, lanes: Lanes, smallest: f64) -> Self {
        let totals = pair(&rows.totals());
        let whole = lanes.width(totals);
        let mut layout = Self {
            totals,
            whole,
            ..Self::default()
        };
        let is_wide = |width: i64| width > 0 && width as f64 >= smallest * whole as f64;
        rows.walk_wide(
            |values| is_wide(lanes.width(pair(values))),
            |step| match step {
                Step::Narrow { boxes, own } => {
                    layout.leave_out(boxes, lanes.width(own.map_or([0, 0], pair)))
                }
                Step::Box(wide) => layout.place_box(&wide, lanes),
            },
        );
        layout.arrange();
        layout
    }

    fn leave_out(&mut self, boxes: usize, own: i64) {
        self.narrow += boxes;
        self.narrow_own = self.narrow_own.saturating_add(own);
    }

    fn place_box(&mut self, wide: &FlameBox<'_>, lanes: Lanes) {
        if wide.depth >= MAX_LEVELS {
            self.too_deep += 1;
            return;
        }
        let totals = pair(wide.totals);
        self.boxes.push(Placed {
            depth: wide.depth,
            symbol: wide.symbol,
            is_inline: wide.is_inline,
            start: lanes.width(pair(wide.starts)),
            width: lanes.width(totals),
            totals,
            own: wide.own.map_or([0, 0], pair),
            parent: totals,
        });
    }

    /// From the order of the walk, callees first, to callers first.
    fn arrange(&mut self) {
        self.boxes
            .sort_unstable_by_key(|placed| (placed.start, placed.depth));
        let mut path: Vec<[i64; 2]> = Vec::new();
        for placed in &mut self.boxes {
            path.truncate(placed.depth);
            placed.parent = path.last().copied().unwrap_or(self.totals);
            path.push(placed.totals);
        }
        self.levels = self
            .boxes
            .iter()
            .map(|placed| placed.depth + 1)
            .max()
            .unwrap_or(0);
    }
}

impl Layout {
    /// Left edge and width of a box in millionths of the whole; nothing that is drawn is without
    /// width.
    pub(crate) fn place(&self, placed: &Placed) -> (u64, u64) {
        let scale = UNITS / self.whole.max(1) as f64;
        let edge = |at: i64| (at as f64 * scale).round() as u64;
        let x = edge(placed.start);
        let end = edge(placed.start.saturating_add(placed.width));
        (x, end.saturating_sub(x).max(1))
    }
}

fn pair(lanes: &[i64]) -> [i64; 2] {
    match lanes {
        [first, second] => [*first, *second],
        [first] => [*first, 0],
        _ => [0, 0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;
    use crate::profile::Profile;

    fn rows(stacks: &[(&[&str], i64)]) -> StackRows {
        let stacks = stacks.iter().map(|(s, value)| (s.iter().copied(), *value));
        let profile = Profile::from_stacks(ValueType::CPU, stacks);
        let mut rows = StackRows::builder(2);
        rows.add(&profile, |stack, lanes| {
            lanes.copy_from_slice(&Lanes::signed(stack.values()[0]))
        });
        rows.finish()
    }

    fn placed(layout: &Layout, rows: &StackRows) -> Vec<(usize, String, u64, u64, i64)> {
        let boxes = layout.boxes.iter();
        boxes
            .map(|b| {
                let (x, width) = layout.place(b);
                let name = rows.symbol(b.symbol).name.to_owned();
                (b.depth, name, x, width, b.parent[0])
            })
            .collect()
    }

    #[test]
    fn callers_come_before_callees_with_their_sum() {
        let rows = rows(&[(&["a", "b"], 1), (&["a", "c"], 2), (&["d"], 1)]);
        let layout = Layout::new(&rows, Lanes::Signed, 0.0);
        let expected = [
            (0, "a", 0, 750_000, 4),
            (1, "b", 0, 250_000, 3),
            (1, "c", 250_000, 500_000, 3),
            (0, "d", 750_000, 250_000, 4),
        ];
        let expected: Vec<_> = expected
            .map(|(d, n, x, w, p)| (d, n.to_owned(), x, w, p))
            .into();
        assert_eq!(placed(&layout, &rows), expected);
        assert_eq!(
            (layout.levels, layout.totals, layout.narrow),
            (2, [4, 0], 0)
        );
    }

    #[test]
    fn what_is_too_narrow_is_counted_with_its_own_part() {
        let rows = rows(&[(&["a"], 98), (&["a", "b"], 1), (&["a", "b", "c"], 1)]);
        let layout = Layout::new(&rows, Lanes::Signed, 0.03);
        assert_eq!(
            (layout.boxes.len(), layout.narrow, layout.narrow_own),
            (1, 2, 2)
        );
    }

    #[test]
    fn negative_values_have_width() {
        let rows = rows(&[(&["a"], -3), (&["b"], 1)]);
        let layout = Layout::new(&rows, Lanes::Signed, 0.0);
        let widths: Vec<_> = layout.boxes.iter().map(|b| layout.place(b).1).collect();
        assert_eq!(widths, [750_000, 250_000]);
    }

    #[test]
    fn a_picture_has_a_highest_level() {
        let deep = vec!["f"; MAX_LEVELS + 3];
        let layout = Layout::new(&rows(&[(&deep, 1)]), Lanes::Signed, 0.0);
        assert_eq!((layout.levels, layout.too_deep), (MAX_LEVELS, 3));
    }

    #[test]
    fn nothing_gives_an_empty_layout() {
        let layout = Layout::new(&rows(&[]), Lanes::Signed, 0.001);
        assert_eq!(
            (layout.levels, layout.boxes.len(), layout.totals),
            (0, 0, [0, 0])
        );
    }
}
