//! Frames that a profile's maker wants dropped: allocators, profilers.

use crate::go_regex::GoRegex;
use crate::report::draft::{Draft, Kept};
use crate::rows::FrameRow;
use crate::strings::dense;

/// Parentheses that do not open a list of arguments.
const RESERVED: [&str; 2] = ["(anonymous namespace)", "operator()"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Nothing,
    /// Everything it called; its outer lines stay.
    Beneath,
    /// Itself and everything it called.
    Whole,
}

impl Draft {
    /// Drops frames that match `drop_frames` and not `keep_frames`, and what they called. A stack
    /// is only cut below a frame that stays; an invalid expression drops nothing, as in pprof.
    pub fn prune(&mut self) {
        let whole = |text: &str| GoRegex::new(&format!("^({text})$"));
        if self.profile.drop_frames().is_empty() {
            return;
        }
        let Ok(drop) = whole(self.profile.drop_frames()) else {
            return;
        };
        let keep = match self.profile.keep_frames() {
            "" => None,
            text => match whole(text) {
                Ok(keep) => Some(keep),
                Err(_) => return,
            },
        };
        let is_dropped = |name: &str| {
            let bare = without_arguments(name);
            drop.is_match(bare) && !keep.as_ref().is_some_and(|keep| keep.is_match(bare))
        };
        let cuts = self.cut_locations(is_dropped);
        self.keep_samples(|sample, stack| {
            stack.extend_from_slice(&sample.locations[..cut(sample.locations, &cuts)]);
            true
        });
    }

    /// `-prune_from`: drops what the innermost matching frame called; the frame stays.
    pub(crate) fn prune_from(&mut self, regex: &GoRegex) {
        let matched = self.named(|name| regex.is_match(without_arguments(name)));
        let last = |draft: &Self, at: u32| {
            let mut lines = draft.lines(at).iter();
            lines.rposition(|line| is_in(&matched, line))
        };
        let locations = 0..dense(self.profile.locations.len());
        let found: Vec<_> = locations.map(|at| last(self, at).is_some()).collect();
        self.keep_lines(|draft, at| match last(draft, at) {
            None => Kept::All,
            Some(line) => Kept::Until(line + 1),
        });
        self.keep_samples(|sample, stack| {
            let innermost = sample.locations.iter().rposition(|at| found[*at as usize]);
            let kept = innermost.map_or(sample.locations.len(), |at| at + 1);
            stack.extend_from_slice(&sample.locations[..kept]);
            true
        });
    }

    /// Cuts lines off locations, from the outermost function that is dropped.
    fn cut_locations(&mut self, is_dropped: impl Fn(&str) -> bool) -> Vec<Cut> {
        let dropped = self.named(is_dropped);
        let first = |draft: &Self, at: u32| {
            let mut lines = draft.lines(at).iter();
            lines.position(|line| is_in(&dropped, line))
        };
        let locations = 0..dense(self.profile.locations.len());
        let cuts = locations.map(|at| match first(self, at) {
            None => Cut::Nothing,
            Some(0) => Cut::Whole,
            Some(_) => Cut::Beneath,
        });
        let cuts = cuts.collect();
        self.keep_lines(|draft, at| match first(draft, at) {
            None | Some(0) => Kept::All,
            Some(line) => Kept::Until(line),
        });
        cuts
    }

    /// Which functions have a name like this; those without a name never.
    fn named(&self, is: impl Fn(&str) -> bool) -> Vec<bool> {
        let functions = self.profile.functions.iter();
        let names = functions.map(|row| self.text(row.name));
        names.map(|name| !name.is_empty() && is(name)).collect()
    }
}

fn is_in(functions: &[bool], line: &FrameRow) -> bool {
    line.function.is_some_and(|at| functions[at as usize])
}

/// How much of a stack stays, from its root.
fn cut(stack: &[u32], cuts: &[Cut]) -> usize {
    let mut user_frame = false;
    for (position, at) in stack.iter().enumerate() {
        let cut = cuts[*at as usize];
        if cut == Cut::Nothing {
            user_frame = true;
        } else if user_frame {
            return position + usize::from(cut == Cut::Beneath);
        }
    }
    stack.len()
}

/// A C++ name without its list of arguments.
fn without_arguments(name: &str) -> &str {
    let name = name.strip_prefix('.').unwrap_or(name);
    let mut from = 0;
    loop {
        let rest = &name[from..];
        let reserved = RESERVED
            .iter()
            .filter_map(|word| Some((rest.find(word)?, word.len())))
            .min();
        match (rest.find('('), reserved) {
            (None, None) => return name,
            (Some(open), None) => return &name[..from + open],
            (Some(open), Some((start, _))) if open < start => return &name[..from + open],
            (_, Some((start, length))) => from += start + length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_cut_but_not_parts_of_names() {
        let cases = [
            ("f(int)", "f"),
            (".f", "f"),
            ("(anonymous namespace)::f(int)", "(anonymous namespace)::f"),
            ("T::operator()(int)", "T::operator()"),
            ("main.(*T).M", "main."),
        ];
        for (name, expected) in cases {
            assert_eq!(without_arguments(name), expected, "{name}");
        }
    }

    #[test]
    fn a_stack_is_cut_only_below_a_frame_that_stays() {
        let cuts = [Cut::Nothing, Cut::Whole, Cut::Beneath];
        let stays = |stack: &[u32]| cut(stack, &cuts);
        assert_eq!(stays(&[0, 1, 0]), 1);
        assert_eq!(stays(&[0, 2, 0]), 2);
        assert_eq!(stays(&[1, 0]), 2);
    }
}
