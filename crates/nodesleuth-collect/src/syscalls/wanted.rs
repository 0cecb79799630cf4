//! Which calls are looked at one by one. Looking costs the target more than counting, so what it
//! makes too many of is only counted.

use super::arguments::{MAKING, TIMED};
use super::tally::{SUSPECTS, with_a_path};
use nodesleuth_trace::{Arch, Figures, Summary};
use std::collections::BTreeMap;

/// The engines lose nothing at this rate (measured), and the target pays a few percent of a core.
const MOST_PER_SECOND: f64 = 150_000.0;

/// Calls to look at one by one, and those that are too many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) numbers: Vec<u16>,
    pub(super) left_out: Vec<u16>,
}

/// Calls with a time-out: a fraction of a second of them tells what the rest is like.
pub(super) fn timed() -> Vec<u16> {
    numbers(TIMED.iter().chain(MAKING).copied())
}

/// Calls with a path, and such that make processes, as far as there is room at the rates of a first
/// look: the rarest first.
pub(super) fn paths_and_processes(first_look: &Summary) -> Wanted {
    let rates = rates(first_look);
    let names = with_a_path();
    let names = names
        .chain(MAKING.iter().copied())
        .chain(SUSPECTS.iter().copied());
    let mut numbers = numbers(names);
    let rate = |number: &u16| rates.get(number).copied().unwrap_or(0.0);
    numbers.sort_by(|a, b| rate(a).total_cmp(&rate(b)).then_with(|| a.cmp(b)));
    let mut wanted = Wanted::default();
    let mut sum = 0.0;
    for number in numbers {
        sum += rate(&number);
        if sum <= MOST_PER_SECOND {
            wanted.numbers.push(number);
        } else {
            wanted.left_out.push(number);
        }
    }
    wanted
}

/// Calls a second, by number.
pub(super) fn rates(look: &Summary) -> BTreeMap<u16, f64> {
    let seconds = (look.length_ns as f64 / 1e9).max(1e-9);
    let Figures::Counted { totals, .. } = &look.figures else {
        return BTreeMap::new();
    };
    let rates = totals
        .iter()
        .map(|total| (total.number, total.calls as f64 / seconds));
    rates.collect()
}

fn numbers(names: impl Iterator<Item = &'static str>) -> Vec<u16> {
    let arch = Arch::native();
    let mut numbers: Vec<u16> = names.filter_map(|name| arch?.number(name)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::fake_summary;

    fn number(name: &str) -> u16 {
        Arch::native().unwrap().number(name).unwrap()
    }

    #[test]
    fn what_there_are_too_many_of_is_only_counted() {
        let look = fake_summary(
            1_000_000_000,
            &[("newfstatat", 140_000), ("openat", 20_000)],
        );
        let wanted = paths_and_processes(&look);
        assert!(wanted.numbers.contains(&number("openat")));
        assert_eq!(wanted.left_out, [number("newfstatat")]);
        let look = fake_summary(
            1_000_000_000,
            &[("newfstatat", 120_000), ("openat", 20_000)],
        );
        assert!(paths_and_processes(&look).left_out.is_empty());
    }

    #[test]
    fn each_call_is_wanted_once() {
        let wanted = paths_and_processes(&fake_summary(1_000_000_000, &[])).numbers;
        let mut unique = wanted.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(wanted.len(), unique.len());
        assert!(timed().contains(&number("ppoll")));
    }
}
