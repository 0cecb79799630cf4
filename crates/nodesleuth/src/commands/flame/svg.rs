//! The picture.

use super::input::Input;
use super::words::{self, Side, Words};
use super::{Args, ColorChoice};
use crate::failure::Failure;
use nodesleuth_profile::{
    Colors, Lanes, Profile, StackFilter, StackRows, StackRowsBuilder, SvgOptions,
};

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match args.diff.as_slice() {
        [before, after] => {
            let before = Input::load(std::slice::from_ref(before))?;
            let after = Input::load(std::slice::from_ref(after))?;
            difference(args, before, after)
        }
        _ => single(args, Input::load(&args.files)?),
    }
}

fn single(args: &Args, input: Input) -> Result<(), Failure> {
    let value = input.value_index(args.sample_index.as_deref())?;
    let mut rows = builder(args);
    add(args, &mut rows, &input.profile, |lanes, values| {
        lanes.copy_from_slice(&Lanes::signed(values[value]));
    });
    let side = Side::of(&input, value);
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

fn difference(args: &Args, before: Input, after: Input) -> Result<(), Failure> {
    let values = [&before, &after].map(|input| input.value_index(args.sample_index.as_deref()));
    let [value_before, value_after] = values;
    let (value_before, value_after) = (value_before?, value_after?);
    let sides = [
        Side::of(&before, value_before),
        Side::of(&after, value_after),
    ];
    words::check_same_values(&sides)?;
    let mut rows = builder(args);
    add(args, &mut rows, &before.profile, |lanes, values| {
        lanes[0] = values[value_before]
    });
    drop(before);
    add(args, &mut rows, &after.profile, |lanes, values| {
        lanes[1] = values[value_after]
    });
    let nothing_left = after.nothing_left(value_after, args);
    drop(after);
    let rows = rows.finish();
    let totals = rows.totals();
    if totals[1] <= 0 {
        return Err(nothing_left);
    }
    let words = Words::of_two(args, &sides, &totals);
    let options = SvgOptions {
        unit: &sides[0].unit,
        lanes: Lanes::BeforeAfter,
        seconds: words::seconds_of_cores(&sides),
        ..options(args, &words, Colors::Diff)
    };
    draw(args, &rows, &options)
}

fn builder(args: &Args) -> StackRowsBuilder {
    let mut rows = StackRows::builder(2);
    rows.from_leaf(args.reverse);
    rows
}

fn add(
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
