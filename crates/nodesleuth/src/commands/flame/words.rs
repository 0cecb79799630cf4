//! Headline and the lines below it: totals, times, cores, what was left out.

use super::Args;
use super::input::{Input, Stacks};
use crate::failure::Failure;
use nodesleuth_profile::{unit_seconds, value_text};

/// What is said of a profile.
#[derive(Debug)]
pub(super) struct Side {
    name: String,
    kind: String,
    pub(super) unit: String,
    files: usize,
    /// Sum over all stacks, filters or not; 0 until they have been read.
    pub(super) total: i64,
    /// How long it was taken for.
    seconds: Option<f64>,
}

impl Side {
    pub(super) fn of<P: Stacks>(input: &Input<P>, value: usize) -> Self {
        let value_type = input.value_type(value);
        let nanos = input.profile.tables().duration_nanos();
        Self {
            name: input.name.clone(),
            kind: value_type.kind.to_owned(),
            unit: value_type.unit.to_owned(),
            files: input.files,
            total: 0,
            seconds: (nanos > 0).then_some(nanos as f64 / 1e9),
        }
    }

    /// `9.97s in 30.0 s = 0.332 cores`.
    fn cost(&self, total: i64) -> String {
        let mut text = value_text(total, &self.unit);
        if let Some(seconds) = self.seconds {
            text.push_str(&format!(" in {seconds:.1} s"));
        }
        if let Some(cores) = self.cores(total) {
            text.push_str(&format!(" = {cores:.3} cores"));
        }
        text
    }

    /// Only CPU time over a known time is cores.
    fn cores(&self, total: i64) -> Option<f64> {
        let unit = unit_seconds(&self.unit).filter(|_| self.kind == "cpu")?;
        Some(total as f64 * unit / self.seconds?)
    }
}

/// What stands above the picture.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) subtitle: String,
}

impl Words {
    /// For one profile; `totals` are the positive and the negative part of what is drawn.
    pub(super) fn of_one(args: &Args, side: &Side, totals: &[i64]) -> Self {
        let title = format!("{}: {}", side.kind, side.name);
        Self::chosen(args, title, of_one(args, side, totals))
    }

    /// For a comparison; `totals` are those of what is drawn.
    pub(super) fn of_two(args: &Args, sides: &[Side; 2], totals: &[i64]) -> Self {
        let [before, after] = sides;
        let title = format!("{}: {} → {}", before.kind, before.name, after.name);
        Self::chosen(args, title, of_two(args, sides, totals))
    }

    fn chosen(args: &Args, title: String, subtitle: String) -> Self {
        Self {
            title: args.title.clone().unwrap_or(title),
            subtitle: args.subtitle.clone().unwrap_or(subtitle),
        }
    }
}

fn of_one(args: &Args, side: &Side, totals: &[i64]) -> String {
    let drawn = totals[0].saturating_sub(totals[1]);
    let mut lines = vec![format!("{}: {}", side.kind, side.cost(side.total))];
    if side.files > 1 {
        lines[0].push_str(&format!("; {} profiles added up", side.files));
    }
    if totals[1] != 0 {
        let [up, down] = [totals[0], totals[1].saturating_neg()].map(|v| value_text(v, &side.unit));
        lines.push(format!(
            "a difference: {up} and {down}; widths are sizes, whatever the sign"
        ));
    }
    if let Some(filters) = filters(args) {
        let share = match side.total {
            0 => String::new(),
            total => format!(" ({:.1}% of all)", drawn as f64 * 100.0 / total as f64),
        };
        lines.push(format!(
            "{filters}: {}{share}",
            value_text(drawn, &side.unit)
        ));
    }
    lines.extend(reversed(args));
    lines.join("\n")
}

fn of_two(args: &Args, sides: &[Side; 2], totals: &[i64]) -> String {
    let [before, after] = [totals[0], totals[1]];
    let mut lines = vec![
        format!(
            "before: {}; after: {}",
            sides[0].cost(before),
            sides[1].cost(after)
        ),
        change(sides, before, after),
    ];
    lines.extend(filters(args));
    lines.extend(reversed(args));
    lines.join("\n")
}

fn change(sides: &[Side; 2], before: i64, after: i64) -> String {
    let unit = &sides[0].unit;
    let mut text = format!(
        "difference: {}",
        signed(&value_text(after.saturating_sub(before), unit))
    );
    if before != 0 {
        let percent = (after as f64 - before as f64) * 100.0 / before as f64;
        text.push_str(&format!(" ({percent:+.1}%)"));
    }
    let cores = (sides[0].cores(before), sides[1].cores(after));
    if let (Some(before), Some(after)) = cores {
        text.push_str(&format!(", {:+.3} cores", after - before));
    }
    text.push_str("; colours compare shares of each whole");
    if cores.0.is_none() || cores.1.is_none() {
        text.push_str(", which does not depend on how long each was taken");
    }
    text
}

fn signed(text: &str) -> String {
    match text.starts_with('-') || text == "0" {
        true => text.to_owned(),
        false => format!("+{text}"),
    }
}

/// The expressions that stacks must pass.
pub(super) fn filters(args: &Args) -> Option<String> {
    let named = [("focus", &args.focus), ("ignore", &args.ignore)];
    let texts: Vec<_> = named
        .iter()
        .filter_map(|(name, regex)| Some(format!("{name} {}", regex.as_ref()?.as_str())))
        .collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

fn reversed(args: &Args) -> Option<String> {
    let text = "merged from the leaf: callers stand on what they call";
    args.reverse.then(|| text.to_owned())
}

/// Both times, if the values are CPU time.
pub(super) fn seconds_of_cores(sides: &[Side; 2]) -> Option<[f64; 2]> {
    let seconds = |side: &Side| side.cores(0).and(side.seconds);
    Some([seconds(&sides[0])?, seconds(&sides[1])?])
}

/// Only values of one kind can be compared.
pub(super) fn check_same_values(sides: &[Side; 2]) -> Result<(), Failure> {
    let [before, after] = sides;
    if (&before.kind, &before.unit) == (&after.kind, &after.unit) {
        return Ok(());
    }
    let what = format!(
        "{} holds {} in {}, but {} holds {} in {}",
        before.name, before.kind, before.unit, after.name, after.kind, after.unit
    );
    let help = "compare profiles of the same kind; --sample-index chooses the value";
    Err(Failure::usage(what, help))
}

/// Pixels, or percent of the whole, in pixels.
pub(super) fn min_width(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number, 11.8),
        None => (text, 1.0),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if (0.0..=1180.0).contains(&(number * scale)) => Ok(number * scale),
        _ => Err("give pixels from 0 to 1180, or percent of the whole as in 0.1%".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(total: i64, seconds: Option<f64>) -> Side {
        Side {
            name: "x.pb.gz".to_owned(),
            kind: "cpu".to_owned(),
            unit: "nanoseconds".to_owned(),
            files: 1,
            total,
            seconds,
        }
    }

    #[test]
    fn cores_need_a_time() {
        let total = 9_970_000_000;
        assert_eq!(
            side(total, Some(30.0)).cost(total),
            "9.97s in 30.0 s = 0.332 cores"
        );
        assert_eq!(side(total, None).cost(total), "9.97s");
        let mut delay = side(total, Some(30.0));
        delay.kind = "delay".to_owned();
        assert_eq!(delay.cost(total), "9.97s in 30.0 s");
    }

    #[test]
    fn differences_are_absolute_and_normalised() {
        let sides = [
            side(10_000_000_000, Some(10.0)),
            side(30_000_000_000, Some(60.0)),
        ];
        let text = change(&sides, sides[0].total, sides[1].total);
        assert!(
            text.starts_with("difference: +20s (+200.0%), -0.500 cores;"),
            "{text}"
        );
        let unknown = [side(10, None), side(5, Some(1.0))];
        let text = change(&unknown, 10, 5);
        assert!(
            text.contains("-5ns (-50.0%);") && text.contains("how long"),
            "{text}"
        );
    }

    #[test]
    fn widths_are_pixels_or_percent() {
        assert_eq!((min_width("0.5"), min_width("10%")), (Ok(0.5), Ok(118.0)));
        for wrong in ["-1", "NaN", "101%", "x", "", "1e9"] {
            assert!(min_width(wrong).is_err(), "{wrong}");
        }
    }
}
