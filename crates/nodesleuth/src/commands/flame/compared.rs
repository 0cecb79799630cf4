//! Two inputs as rows with both their values.

use super::Args;
use super::input::Input;
use super::words::{self, Side};
use crate::failure::Failure;
use nodesleuth_profile::{Profile, StackFilter, StackRows, StackRowsBuilder};
use std::ffi::OsString;

/// Before and after.
#[derive(Debug)]
pub(super) struct Compared {
    /// Lane 0 is before, lane 1 after.
    pub(super) rows: StackRows,
    pub(super) sides: [Side; 2],
}

impl Compared {
    /// Reads both.
    pub(super) fn load(args: &Args, before: &OsString, after: &OsString) -> Result<Self, Failure> {
        Self::of(args, Input::load_two(before, after)?)
    }

    /// The same of what is in memory.
    pub(super) fn of(args: &Args, [before, after]: [Input; 2]) -> Result<Self, Failure> {
        let wanted = args.sample_index.as_deref();
        let values = [before.value_index(wanted)?, after.value_index(wanted)?];
        let sides = [Side::of(&before, values[0]), Side::of(&after, values[1])];
        words::check_same_values(&sides)?;
        let mut rows = builder(args);
        add(args, &mut rows, &before.profile, |lanes, of_stack| {
            lanes[0] = of_stack[values[0]];
        });
        drop(before);
        add(args, &mut rows, &after.profile, |lanes, of_stack| {
            lanes[1] = of_stack[values[1]];
        });
        let nothing_left = after.nothing_left(values[1], args);
        drop(after);
        let rows = rows.finish();
        match rows.totals()[1] {
            1.. => Ok(Self { rows, sides }),
            _ => Err(nothing_left),
        }
    }
}

/// For rows as `args` want them, with two lanes.
pub(super) fn builder(args: &Args) -> StackRowsBuilder {
    let mut rows = StackRows::builder(2);
    rows.from_leaf(args.reverse);
    rows
}

/// Adds the stacks that pass the filters; `fill` makes lanes of the values of one.
pub(super) fn add(
    args: &Args,
    rows: &mut StackRowsBuilder,
    profile: &Profile,
    fill: impl Fn(&mut [i64], &[i64]),
) {
    let filter = StackFilter::new(profile, args.focus.as_ref(), args.ignore.as_ref());
    rows.add(profile, |stack, lanes| {
        if filter.keeps(stack) {
            fill(lanes, stack.values());
        }
    });
}
