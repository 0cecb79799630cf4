//! Folded stacks straight into a profile: `main;work;read 12`, or with two weights as
//! `difffolded.pl` writes them for a picture of a difference.

use std::collections::HashMap;

use crate::folded_name::safe_name;
use crate::folded_text::{FoldedError, is_comment, parse_line};
use crate::limits::Limits;
use crate::open::{Format, OpenError};
use crate::text::assembly::{Assembly, LocationHead};
use crate::text::{Ignored, Understood};

/// What a first look found.
#[derive(Debug, Default)]
struct Survey {
    stacks: usize,
    /// Those with two weights.
    pairs: usize,
    /// Those of several frames.
    chains: usize,
    /// Those of one frame with a space in it, the beginning of a table's row or a sentence, or with
    /// a colon behind it, the key of a setting.
    spaced: usize,
    ignored: Ignored,
}

impl Survey {
    fn of(text: &str) -> Self {
        let mut survey = Self::default();
        for (index, line) in text.lines().enumerate() {
            match parse_line(line) {
                Some((stack, _)) => survey.stack(stack),
                None if is_comment(line) => {}
                None => survey.ignored.add(index + 1, line),
            }
        }
        survey
    }

    fn stack(&mut self, stack: &str) {
        self.stacks += 1;
        self.pairs += usize::from(pair(stack).is_some());
        match stack.contains(';') {
            true => self.chains += 1,
            false => {
                self.spaced += usize::from(stack.contains([' ', '\t']) || stack.ends_with(':'))
            }
        }
    }

    /// Tables, answers in JSON and error messages have lines that end in a number, too; but hardly
    /// any with a `;`. Stacks of one frame alone are taken only if nothing speaks against it.
    fn is_folded(&self) -> bool {
        let has_chains = self.chains * 10 >= self.stacks && self.ignored.count <= self.stacks;
        let is_plain = self.ignored.count == 0 && self.spaced == 0;
        self.stacks > 0 && (has_chains || is_plain)
    }
}

/// The stack and the weight before, if there are two weights. Most stacks show by their last byte
/// that there are not.
fn pair(stack: &str) -> Option<(&str, i64)> {
    let is_number = stack.ends_with(|c: char| c.is_ascii_digit());
    is_number.then(|| parse_line(stack)).flatten()
}

/// Reads it, unless most lines are something else.
pub(crate) fn read(text: &str, limits: &Limits) -> Result<(Format, Understood), OpenError> {
    let survey = Survey::of(text);
    if !survey.is_folded() {
        return Err(FoldedError::of(survey.ignored).into());
    }
    let mut notes: Vec<String> = survey.ignored.note().into_iter().collect();
    let is_pair = survey.pairs == survey.stacks;
    let mut stacks = Stacks::new(limits);
    let format = if is_pair {
        stacks.assembly.sample_type("before", "count")?;
        stacks.assembly.sample_type("after", "count")?;
        notes.push("two weights in each line: they are taken as before and after".to_owned());
        Format::FoldedPair
    } else {
        stacks.assembly.sample_type("samples", "count")?;
        Format::Folded
    };
    for (stack, weight) in text.lines().filter_map(parse_line) {
        match pair(stack).filter(|_| is_pair) {
            Some((stack, before)) => stacks.add(stack, &[before, weight])?,
            None => stacks.add(stack, &[weight])?,
        }
    }
    Ok((
        format,
        Understood {
            profile: stacks.assembly.finish(),
            notes,
        },
    ))
}

struct Stacks<'t> {
    assembly: Assembly<'t>,
    locations: HashMap<&'t str, u32>,
    /// The stack before: sorted text begins as the line above it does.
    text: &'t str,
    frames: Vec<u32>,
    /// Where each frame ends in `text`.
    ends: Vec<usize>,
}

impl<'t> Stacks<'t> {
    fn new(limits: &'t Limits) -> Self {
        Self {
            assembly: Assembly::new(limits),
            locations: HashMap::new(),
            text: "",
            frames: Vec::new(),
            ends: Vec::new(),
        }
    }

    fn add(&mut self, stack: &'t str, weights: &[i64]) -> Result<(), OpenError> {
        let pairs = self.text.bytes().zip(stack.bytes());
        let common = pairs.take_while(|(left, right)| left == right).count();
        // An end inside the common part is a `;` in both.
        let shared = self.ends.partition_point(|end| *end < common);
        self.frames.truncate(shared);
        self.ends.truncate(shared);
        let mut start = self.ends.last().map_or(0, |end| end + 1);
        for name in stack[start..].split(';') {
            let location = self.location(name)?;
            self.frames.push(location);
            self.ends.push(start + name.len());
            start += name.len() + 1;
        }
        self.text = stack;
        let frames = self.frames.iter().copied();
        Ok(self.assembly.sample(frames, weights)?)
    }

    fn location(&mut self, raw: &'t str) -> Result<u32, OpenError> {
        if let Some(known) = self.locations.get(raw) {
            return Ok(*known);
        }
        let line = match safe_name(raw) {
            std::borrow::Cow::Borrowed(name) => self.assembly.named(name)?,
            std::borrow::Cow::Owned(name) => self.assembly.made_up_name(&name)?,
        };
        let lines = std::iter::once(line);
        let location = self.assembly.location(LocationHead::default(), lines)?;
        self.locations.insert(raw, location);
        Ok(location)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folded::fold;

    fn folded(text: &str, value: usize) -> String {
        let (_, understood) = read(text, &Limits::default()).unwrap();
        fold(&understood.profile, value).to_string()
    }

    #[test]
    fn frames_shared_with_the_line_above_are_the_same() {
        let text = "a 1\na;b 2\na;b;c 3\na;bc 4\na;b 5\nb;b 6\na;;x 7\n";
        let expected = "a 1\na;[unknown];x 7\na;b 7\na;b;c 3\na;bc 4\nb;b 6\n";
        assert_eq!(folded(text, 0), expected);
    }

    #[test]
    fn two_weights_are_before_and_after() {
        let text = "a;b 1 2\na;c 0 5\n";
        let (format, understood) = read(text, &Limits::default()).unwrap();
        assert_eq!(format, Format::FoldedPair);
        let kinds: Vec<_> = understood.profile.sample_types().map(|t| t.kind).collect();
        assert_eq!(kinds, ["before", "after"]);
        assert_eq!(folded(text, 0), "a;b 1\n");
        assert_eq!(folded(text, 1), "a;b 2\na;c 5\n");
    }

    #[test]
    fn a_name_that_ends_in_a_number_is_no_second_weight() {
        assert_eq!(folded("a;worker 7 1\na;b 2\n", 0), "a;b 2\na;worker 7 1\n");
    }

    #[test]
    fn tables_are_no_stacks() {
        for text in [
            "#subsys_name hierarchy num_cgroups enabled\ncpuset 2 10 1\nmemory 9 812 1\n",
            "slabinfo - version: 2.1\ndentry 12 14\n",
            "Name:\tkubelet\nThreads:\t12\nUid:\t0\n",
        ] {
            assert!(read(text, &Limits::default()).is_err(), "{text}");
        }
        assert_eq!(
            folded("main 3\nruntime.mcall 2\n", 0),
            "main 3\nruntime.mcall 2\n"
        );
    }

    #[test]
    fn more_frames_than_allowed_are_an_error() {
        let limits = Limits {
            max_frames: 3,
            ..Limits::default()
        };
        let error = read("a;b 1\na;b 1\n", &limits).unwrap_err();
        assert!(error.is_over_limit(), "{error}");
    }
}
