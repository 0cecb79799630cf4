//! Functions by what they cost, as `go tool pprof -top` counts them.

use std::cmp::Reverse;

use crate::profile::{Profile, clamp};

/// What a function cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopRow<'p> {
    /// The function, as [`Frame::name`](crate::Frame::name) calls it.
    pub name: &'p str,
    /// Cost of samples in which it is the leaf.
    pub flat: i64,
    /// Cost of samples in which it is anywhere; once per sample, however often it recurs.
    pub cum: i64,
}

/// The order of [`TopRow`]s; ties are broken as pprof does. Sizes are compared, not signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TopOrder {
    /// By flat, then name, then cum: `-top`.
    #[default]
    Flat,
    /// By cum, then name, then flat: `-top -cum`.
    Cum,
}

impl TopOrder {
    /// Puts the most expensive first.
    pub fn sort(self, rows: &mut [TopRow<'_>]) {
        let (flat, cum) = (|r: &TopRow<'_>| r.flat, |r: &TopRow<'_>| r.cum);
        match self {
            Self::Flat => sort_by(rows, flat, cum),
            Self::Cum => sort_by(rows, cum, flat),
        }
    }
}

fn sort_by<'p>(
    rows: &mut [TopRow<'p>],
    first: fn(&TopRow<'p>) -> i64,
    last: fn(&TopRow<'p>) -> i64,
) {
    let key = |row: &TopRow<'p>| {
        (
            Reverse(first(row).unsigned_abs()),
            row.name,
            Reverse(last(row).unsigned_abs()),
        )
    };
    rows.sort_by_key(key);
}

/// All functions of a profile with their cost in one of its values, in [`TopOrder::Flat`].
///
/// Samples whose value is 0 do not count, so a function that is only in those is not listed.
/// Sums are clamped to the range of `i64`.
///
/// # Panics
/// If there is no value with this index.
pub fn top(profile: &Profile, value_index: usize) -> Vec<TopRow<'_>> {
    #[derive(Clone, Copy, Default)]
    struct Cost {
        flat: i128,
        cum: i128,
        /// Number of the last sample that counted for `cum`, from 1.
        seen_in: usize,
    }
    let mut costs = vec![Cost::default(); profile.name_count()];
    for (index, (stack, value)) in profile
        .stacks()
        .zip(profile.values(value_index))
        .enumerate()
    {
        if value == 0 {
            continue;
        }
        let mut leaf = None;
        for name in stack.name_ids() {
            let cost = &mut costs[name.index()];
            if cost.seen_in != index + 1 {
                cost.seen_in = index + 1;
                cost.cum += i128::from(value);
            }
            leaf = Some(name);
        }
        if let Some(name) = leaf {
            costs[name.index()].flat += i128::from(value);
        }
    }
    let mut rows: Vec<_> = profile
        .names()
        .zip(&costs)
        .filter(|(_, cost)| cost.seen_in != 0)
        .map(|((_, name), cost)| TopRow {
            name,
            flat: clamp(cost.flat),
            cum: clamp(cost.cum),
        })
        .collect();
    TopOrder::Flat.sort(&mut rows);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;

    fn profile(stacks: &[(&'static [&'static str], i64)]) -> Profile {
        let stacks = stacks.iter().map(|(s, value)| (s.iter().copied(), *value));
        Profile::from_stacks(ValueType::CPU, stacks)
    }

    fn row(name: &str, flat: i64, cum: i64) -> TopRow<'_> {
        TopRow { name, flat, cum }
    }

    #[test]
    fn recursion_counts_once_per_sample() {
        let profile = profile(&[(&["a", "b", "a", "b", "a"], 10)]);
        assert_eq!(top(&profile, 0), [row("a", 10, 10), row("b", 0, 10)]);
    }

    #[test]
    fn ties_are_broken_by_name_before_cum() {
        let profile = profile(&[(&["r", "z", "a"], 1), (&["r", "z"], 1), (&["r"], 5)]);
        let by_flat = [row("r", 5, 7), row("a", 1, 1), row("z", 1, 2)];
        assert_eq!(top(&profile, 0), by_flat);
        let mut rows = top(&profile, 0);
        TopOrder::Cum.sort(&mut rows);
        assert_eq!(rows, [row("r", 5, 7), row("z", 1, 2), row("a", 1, 1)]);
    }

    #[test]
    fn samples_without_cost_list_nothing() {
        assert_eq!(top(&profile(&[(&["a"], 0)]), 0), []);
    }

    #[test]
    fn negative_costs_sort_by_size() {
        let profile = profile(&[(&["a"], 3), (&["b"], -9)]);
        assert_eq!(top(&profile, 0), [row("b", -9, -9), row("a", 3, 3)]);
    }
}
