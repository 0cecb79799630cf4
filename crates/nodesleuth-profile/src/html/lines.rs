//! Source lines of functions with what they cost: each stack counts once for a line.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::html::columns::Columns;
use crate::profile::Profile;

/// Lines kept of a function.
const MOST_LINES: usize = 16;

/// A line of a function's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceLine<'p> {
    pub(super) file: &'p str,
    /// 0 if not known.
    pub(super) line: i64,
    /// One value per column of the page.
    pub(super) values: Vec<i64>,
}

/// The most expensive lines of a function, and how many there are besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FunctionLines<'p> {
    pub(super) lines: Vec<SourceLine<'p>>,
    pub(super) more: usize,
}

type Costs<'p> = BTreeMap<(&'p str, i64), Vec<i64>>;

/// Lines of all functions by their names.
pub(super) fn lines<'p>(columns: &Columns<'p>) -> HashMap<&'p str, FunctionLines<'p>> {
    let mut functions: HashMap<&str, Costs<'p>> = HashMap::new();
    for (profile, start, indices) in columns.sides() {
        let costs = frame_costs(profile, &indices);
        for (cost, frame) in costs.chunks(indices.len()).zip(profile.frames()) {
            let Some(file) = frame.file() else { continue };
            let line = frame.line().or(frame.start_line()).unwrap_or(0);
            let all = functions.entry(frame.name()).or_default();
            let values = all
                .entry((file, line))
                .or_insert_with(|| vec![0; columns.width()]);
            for (value, cost) in values[start..].iter_mut().zip(cost) {
                *value = value.saturating_add(*cost);
            }
        }
    }
    let chosen = functions
        .into_iter()
        .map(|(name, costs)| (name, costliest(costs, columns)));
    chosen.collect()
}

/// For each frame and value the sum over the stacks it is in.
fn frame_costs(profile: &Profile, indices: &[usize]) -> Vec<i64> {
    let mut costs = vec![0_i64; profile.frame_count() * indices.len()];
    let mut seen_in = vec![0; profile.frame_count()];
    for (number, stack) in (1_usize..).zip(profile.stacks()) {
        for frame in stack.frame_ids() {
            if std::mem::replace(&mut seen_in[frame.index()], number) == number {
                continue;
            }
            let sums = &mut costs[frame.index() * indices.len()..];
            for (sum, index) in sums.iter_mut().zip(indices) {
                *sum = sum.saturating_add(stack.values()[*index]);
            }
        }
    }
    costs
}

/// By the column that is shown first.
fn costliest<'p>(costs: Costs<'p>, columns: &Columns<'p>) -> FunctionLines<'p> {
    let all = costs
        .into_iter()
        .map(|((file, line), values)| SourceLine { file, line, values });
    let mut all: Vec<_> = all.collect();
    let cost = |line: &SourceLine<'_>| {
        let shown = line
            .values
            .iter()
            .skip(columns.first)
            .step_by(columns.columns.len());
        shown
            .map(|value| u128::from(value.unsigned_abs()))
            .sum::<u128>()
    };
    all.sort_by_key(|line| std::cmp::Reverse(cost(line)));
    let more = all.len().saturating_sub(MOST_LINES);
    all.truncate(MOST_LINES);
    FunctionLines { lines: all, more }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Line, Location, ProfileBuilder};
    use crate::fields::{Function, ValueType};
    use crate::html::HtmlOptions;

    #[test]
    fn a_line_counts_once_for_a_stack_and_the_costliest_come_first() {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let function = builder.function(Function {
            name: "main.f",
            file: "main.go",
            ..Function::default()
        });
        let mut at = |line| {
            let line = Line {
                function,
                line,
                column: 0,
            };
            builder.location(Location {
                lines: vec![line],
                ..Location::default()
            })
        };
        let (first, second) = (at(10), at(20));
        builder.sample([first, first, second], &[5], &[]);
        builder.sample([second], &[7], &[]);
        let profile = builder.finish();
        let columns = Columns::of(&profile, &HtmlOptions::default()).unwrap();
        let found = &lines(&columns)["main.f"];
        let seen: Vec<_> = found
            .lines
            .iter()
            .map(|l| (l.line, l.values.as_slice()))
            .collect();
        assert_eq!(seen, [(20, [12].as_slice()), (10, &[5])]);
        assert_eq!(found.more, 0);
    }
}
