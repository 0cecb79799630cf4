//! The picture.

use super::compared::{Compared, builder};
use super::input::Input;
use super::words::{self, Side, Words};
use super::{Args, ColorChoice};
use crate::failure::Failure;
use nodesleuth_profile::{Colors, Lanes, Parts, StackRows, SvgOptions};

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match args.diff.as_slice() {
        [before, after] => difference(args, &Compared::load(args, before, after)?),
        _ => single(args, Input::open(&args.files)?),
    }
}

fn single(args: &Args, mut input: Input<Parts<'static>>) -> Result<(), Failure> {
    let value = input.value_index(args.sample_index.as_deref())?;
    let mut rows = builder(args);
    let mut side = Side::of(&input, value);
    side.total = input.add_to(&mut rows, args, value, |lanes, value| {
        lanes.copy_from_slice(&Lanes::signed(value));
    })?;
    let nothing_left = input.nothing_left(value, args);
    // Its memory is better used for sorting the rows, which hold all that is drawn.
    drop(input);
    let rows = rows.finish();
    if rows.is_empty() {
        return Err(nothing_left);
    }
    let words = Words::of_one(args, &side, &rows.totals());
    let options = SvgOptions {
        unit: &side.unit,
        ..options(args, &words, Colors::Package)
    };
    draw(args, &rows, &options)
}

fn difference(args: &Args, compared: &Compared) -> Result<(), Failure> {
    let Compared { rows, sides } = compared;
    let words = Words::of_two(args, sides, &rows.totals());
    let options = SvgOptions {
        unit: &sides[0].unit,
        lanes: Lanes::BeforeAfter,
        seconds: words::seconds_of_cores(sides),
        ..options(args, &words, Colors::Diff)
    };
    draw(args, rows, &options)
}

/// What does not depend on what is drawn.
fn options<'w>(args: &Args, words: &'w Words, otherwise: Colors) -> SvgOptions<'w> {
    SvgOptions {
        title: &words.title,
        subtitle: &words.subtitle,
        colors: match args.colors {
            Some(ColorChoice::Package) => Colors::Package,
            Some(ColorChoice::Hot) => Colors::Hot,
            Some(ColorChoice::Diff) => Colors::Diff,
            None => otherwise,
        },
        inverted: args.inverted,
        min_width: args.min_width.unwrap_or(SvgOptions::default().min_width),
        ..SvgOptions::default()
    }
}

fn draw(args: &Args, rows: &StackRows, options: &SvgOptions<'_>) -> Result<(), Failure> {
    super::write(args.out.as_deref(), |out| {
        nodesleuth_profile::svg(rows, options, out).map(drop)
    })
}
