//! What a page leaves out when a profile has more boxes than a browser can hold: the upper parts
//! of stacks that no other stack shares, the cheapest first. Their values stay, in a box that says
//! what it stands for.

use crate::stack_rows::{StackRow, StackRows};

/// Stands for the callees that are not on the page.
pub(super) const CUT_OFF: &str = "[cut off]";
/// A page with so many boxes loads in seconds, and takes some hundred megabytes in the browser.
const MOST_BOXES: usize = 3_000_000;
/// Powers of two below the whole that are told apart.
const CLASSES: usize = 64;

/// Where the stacks of a page end.
#[derive(Debug)]
pub(super) struct Cut {
    totals: Vec<f64>,
    /// Stacks of this class and of those after it are cut: their share is at most 2^-class.
    class: usize,
    /// Boxes that are not on the page.
    pub(super) boxes: usize,
    /// Stacks that are not shown to their end.
    pub(super) stacks: usize,
}

impl Cut {
    pub(super) fn of(rows: &StackRows) -> Self {
        Self::to(rows, MOST_BOXES)
    }

    fn to(rows: &StackRows, most: usize) -> Self {
        let mut cut = Self {
            totals: totals(rows),
            class: CLASSES,
            boxes: 0,
            stacks: 0,
        };
        let excess = rows.box_count().saturating_sub(most);
        if excess == 0 {
            return cut;
        }
        let mut classes = [(0, 0); CLASSES];
        for (row, alone) in with_own_boxes(rows) {
            if alone > 0 {
                let (boxes, stacks) = &mut classes[cut.class_of(row)];
                *boxes += alone;
                *stacks += 1;
            }
        }
        while cut.boxes - cut.stacks < excess && cut.class > 0 {
            cut.class -= 1;
            cut.boxes += classes[cut.class].0;
            cut.stacks += classes[cut.class].1;
        }
        cut
    }

    /// Stacks with the number of their symbols that are on the page: where that is not all,
    /// [`CUT_OFF`] follows.
    pub(super) fn kept<'r>(
        &'r self,
        rows: &'r StackRows,
    ) -> impl Iterator<Item = (StackRow<'r>, usize)> {
        with_own_boxes(rows).map(|(row, alone)| {
            let is_cut = alone > 0 && self.class < CLASSES && self.class_of(row) >= self.class;
            (row, row.keys.len() - if is_cut { alone } else { 0 })
        })
    }

    /// By its largest share of any value: 0 for more than a half, and so on.
    fn class_of(&self, row: StackRow<'_>) -> usize {
        let shares = row.values.iter().zip(&self.totals);
        let share = shares.map(|(value, total)| value.unsigned_abs() as f64 / total);
        let largest = share.fold(0.0, f64::max);
        let class = -largest.log2();
        (class.max(0.0) as usize).min(CLASSES - 1)
    }
}

/// Sums of sizes; at least 1, so that shares can be taken.
fn totals(rows: &StackRows) -> Vec<f64> {
    let mut totals = vec![1.0; rows.lanes()];
    for row in rows.stacks() {
        for (total, value) in totals.iter_mut().zip(row.values) {
            *total += value.unsigned_abs() as f64;
        }
    }
    totals
}

/// Stacks with the number of boxes that only they run through; none where there is one only, as
/// cutting it would save nothing.
fn with_own_boxes(rows: &StackRows) -> impl Iterator<Item = (StackRow<'_>, usize)> {
    let mut stacks = rows.stacks().peekable();
    std::iter::from_fn(move || {
        let row = stacks.next()?;
        let with_next = stacks.peek().map_or(0, |next| next.shared);
        let own = row.keys.len() - row.shared.max(with_next);
        Some((row, if own > 1 { own } else { 0 }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;
    use crate::profile::Profile;

    fn rows() -> StackRows {
        let stacks = [
            (vec!["m", "a", "b", "c"], 1000),
            (vec!["m", "x", "y", "z"], 1),
            (vec!["m", "v", "w"], 100),
        ];
        let profile = Profile::from_stacks(ValueType::CPU, stacks);
        let mut rows = StackRows::builder(1);
        rows.add(&profile, |stack, values| values[0] = stack.values()[0]);
        rows.finish()
    }

    fn kept(most: usize) -> Vec<usize> {
        let rows = rows();
        let cut = Cut::to(&rows, most);
        cut.kept(&rows).map(|(_, kept)| kept).collect()
    }

    #[test]
    fn the_cheapest_ends_go_first() {
        // In the order of names: a, v, x.
        assert_eq!(kept(9), [4, 3, 4]);
        assert_eq!(kept(8), [4, 3, 1]);
        assert_eq!(kept(6), [4, 1, 1]);
        assert_eq!(kept(1), [1, 1, 1]);
    }

    #[test]
    fn what_is_cut_is_counted() {
        let cut = Cut::to(&rows(), 6);
        assert_eq!((cut.boxes, cut.stacks), (5, 2));
    }
}
