//! Two inputs as rows with both their values.

use super::Args;
use super::input::Input;
use super::words::{self, Side};
use crate::failure::Failure;
use nodesleuth_profile::{StackRows, StackRowsBuilder};
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
        let [mut before, mut after] = Input::open_two(before, after)?;
        let wanted = args.sample_index.as_deref();
        let values = [before.value_index(wanted)?, after.value_index(wanted)?];
        let mut sides = [Side::of(&before, values[0]), Side::of(&after, values[1])];
        words::check_same_values(&sides)?;
        let mut rows = builder(args);
        let first = |lanes: &mut [i64], value| lanes[0] = value;
        sides[0].total = before.add_to(&mut rows, args, values[0], first)?;
        drop(before);
        let second = |lanes: &mut [i64], value| lanes[1] = value;
        sides[1].total = after.add_to(&mut rows, args, values[1], second)?;
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
