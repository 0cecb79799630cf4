//! Frames that a profile's maker wants dropped: allocators, profilers.

use regex_lite::Regex;

use crate::report::draft::Draft;

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

impl Draft<'_> {
    /// Drops frames that match `drop_frames` and not `keep_frames`, and what they called. A stack
    /// is only cut below a frame that stays; an invalid expression drops nothing, as in pprof.
    pub fn prune(&mut self) {
        let whole = |text: &str| Regex::new(&format!("^({text})$"));
        if self.drop_frames.is_empty() {
            return;
        }
        let Ok(drop) = whole(self.drop_frames) else {
            return;
        };
        let keep = match self.keep_frames {
            "" => None,
            text => match whole(text) {
                Ok(keep) => Some(keep),
                Err(_) => return,
            },
        };
        let dropped: Vec<bool> = self
            .functions
            .iter()
            .map(|function| {
                let name = without_arguments(function.name);
                !function.name.is_empty()
                    && drop.is_match(name)
                    && !keep.as_ref().is_some_and(|keep| keep.is_match(name))
            })
            .collect();
        let cuts = self.cut_locations(&dropped);
        for sample in &mut self.samples {
            cut_stack(&mut sample.locations, &cuts);
        }
    }

    fn cut_locations(&mut self, dropped: &[bool]) -> Vec<Cut> {
        let locations = self.locations.iter_mut();
        locations
            .map(|location| {
                let lines = &mut location.lines;
                let found = lines
                    .iter()
                    .rposition(|line| dropped[line.function as usize]);
                match found {
                    None => Cut::Nothing,
                    Some(at) if at + 1 == lines.len() => Cut::Whole,
                    Some(at) => {
                        lines.drain(..=at);
                        Cut::Beneath
                    }
                }
            })
            .collect()
    }
}

fn cut_stack(stack: &mut Vec<u32>, cuts: &[Cut]) {
    let mut user_frame = false;
    for position in (0..stack.len()).rev() {
        let cut = cuts[stack[position] as usize];
        if cut == Cut::Nothing {
            user_frame = true;
        } else if user_frame {
            stack.drain(..position + usize::from(cut == Cut::Whole));
            return;
        }
    }
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
        let cut = |stack: &[u32]| {
            let mut stack = stack.to_vec();
            cut_stack(&mut stack, &cuts);
            stack
        };
        assert_eq!(cut(&[0, 1, 0]), [0]);
        assert_eq!(cut(&[0, 2, 0]), [2, 0]);
        assert_eq!(cut(&[0, 1]), [0, 1]);
    }
}
