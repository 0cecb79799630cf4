//! Folded stacks: `main;work;read 12`, one line per distinct stack.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};

use crate::fields::ValueType;
use crate::folded_name::{EMPTY_STACK, safe_name};
use crate::profile::{Profile, clamp};
use crate::stack::{NameId, nth_range};
use crate::strings::{Interner, StrId, Strings, dense};

/// Distinct stacks with their weights, sorted.
///
/// The order is by frames from root to leaf, each compared as text. So children of one caller
/// are always together, which sorting the finished lines does not give (`.` sorts before `;`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    /// Sorted, so that comparing ids is comparing names.
    names: Strings,
    frames: Vec<u32>,
    ends: Vec<usize>,
    weights: Vec<i64>,
}

/// One line of folded text.
#[derive(Debug, Clone, Copy)]
pub struct FoldedStack<'f> {
    folded: &'f Folded,
    index: usize,
}

impl<'f> FoldedStack<'f> {
    /// Names from root to leaf, at least one.
    pub fn frames(self) -> impl DoubleEndedIterator<Item = &'f str> + ExactSizeIterator + Clone {
        let folded = self.folded;
        let range = nth_range(&folded.ends, self.index);
        folded.frames[range]
            .iter()
            .map(|name| folded.names.get(StrId(*name)))
    }

    /// What the stack cost; negative in differences.
    pub fn weight(self) -> i64 {
        self.folded.weights[self.index]
    }
}

impl Folded {
    /// Merges and sorts stacks. Names are made safe as [`safe_name`] does, and a stack without
    /// frames becomes `[empty stack]`, so that no weight is lost.
    pub fn from_stacks<'n, S>(stacks: impl IntoIterator<Item = (S, i64)>) -> Self
    where
        S: IntoIterator<Item = &'n str>,
    {
        let mut rows = Rows::default();
        for (names, weight) in stacks {
            for name in names {
                let name = rows.name(name);
                rows.frames.push(name);
            }
            rows.close(weight);
        }
        rows.finish()
    }

    /// Stacks in their order.
    pub fn stacks(&self) -> impl ExactSizeIterator<Item = FoldedStack<'_>> {
        (0..self.len()).map(move |index| FoldedStack {
            folded: self,
            index,
        })
    }

    /// Number of distinct stacks.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there is no stack at all.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Sum of the weights, clamped to the range of `i64`.
    pub fn total(&self) -> i64 {
        clamp(self.weights.iter().map(|weight| i128::from(*weight)).sum())
    }

    /// As a profile, to use everything that works on profiles.
    pub fn to_profile(&self, value_type: ValueType<'_>) -> Profile {
        Profile::from_stacks(value_type, self.stacks().map(|s| (s.frames(), s.weight())))
    }

    /// Writes one line per stack; [`read_folded`](crate::read_folded) reads it back.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        for stack in self.stacks() {
            for (depth, name) in stack.frames().enumerate() {
                let separator = if depth == 0 { "" } else { ";" };
                write!(out, "{separator}{name}")?;
            }
            writeln!(out, " {}", stack.weight())?;
        }
        Ok(())
    }
}

impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text).map_err(|_| fmt::Error)?;
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// The stacks of a profile with one of its values, merged and sorted.
///
/// Frames are called as [`Frame::name`](crate::Frame::name) has it, inlined ones are frames like
/// others, and labels do not tell stacks apart. Samples whose value is 0 are left out.
///
/// # Panics
/// If there is no value with this index.
pub fn fold(profile: &Profile, value_index: usize) -> Folded {
    let mut rows = Rows::default();
    let names: Vec<_> = profile.names().map(|(_, name)| rows.name(name)).collect();
    let name_of = |id: NameId| names[id.index()];
    for (stack, value) in profile.stacks().zip(profile.values(value_index)) {
        if value != 0 {
            rows.frames.extend(stack.name_ids().map(name_of));
            rows.close(value);
        }
    }
    rows.finish()
}

/// Stacks as they come.
#[derive(Debug, Default)]
struct Rows {
    names: Interner<'static>,
    frames: Vec<u32>,
    ends: Vec<usize>,
    weights: Vec<i64>,
    /// Names already made safe.
    safe: HashMap<String, u32>,
}

impl Rows {
    fn name(&mut self, raw: &str) -> u32 {
        if let Some(id) = self.safe.get(raw) {
            return *id;
        }
        let id = self.names.intern_copy(safe_name(raw).as_bytes()).0;
        self.safe.insert(raw.to_owned(), id);
        id
    }

    /// Ends the stack whose frames were pushed.
    fn close(&mut self, weight: i64) {
        if self.frames.len() == self.ends.last().copied().unwrap_or(0) {
            let name = self.name(EMPTY_STACK);
            self.frames.push(name);
        }
        self.ends.push(self.frames.len());
        self.weights.push(weight);
    }

    fn finish(mut self) -> Folded {
        let names = self.sort_names();
        let row = |index: &u32| &self.frames[nth_range(&self.ends, *index as usize)];
        let mut order: Vec<u32> = (0..dense(self.ends.len())).collect();
        order.sort_unstable_by_key(row);
        let mut folded = Folded {
            names,
            ..Folded::default()
        };
        for same in order.chunk_by(|left, right| row(left) == row(right)) {
            let weights = same
                .iter()
                .map(|index| i128::from(self.weights[*index as usize]));
            folded.weights.push(clamp(weights.sum()));
            folded.frames.extend_from_slice(row(&same[0]));
            folded.ends.push(folded.frames.len());
        }
        folded
    }

    /// Renumbers the names that are used by their rank.
    fn sort_names(&mut self) -> Strings {
        let names = std::mem::take(&mut self.names).finish();
        let mut used = vec![false; names.len()];
        self.frames
            .iter()
            .for_each(|name| used[*name as usize] = true);
        let mut ids: Vec<StrId> = names.ids().filter(|id| used[id.index()]).collect();
        ids.sort_unstable_by_key(|id| names.get(*id));
        let mut sorted = Interner::default();
        let mut rank = vec![0; names.len()];
        for id in ids {
            rank[id.index()] = sorted.intern(names.bytes(id)).0;
        }
        self.frames
            .iter_mut()
            .for_each(|name| *name = rank[*name as usize]);
        sorted.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(stacks: &[(&[&str], i64)]) -> Folded {
        Folded::from_stacks(
            stacks
                .iter()
                .map(|(s, weight)| (s.iter().copied(), *weight)),
        )
    }

    #[test]
    fn equal_stacks_are_merged_and_all_are_sorted() {
        let text = folded(&[(&["b"], 1), (&["a", "c"], 2), (&["b"], 3)]).to_string();
        assert_eq!(text, "a;c 2\nb 4\n");
    }

    #[test]
    fn closures_do_not_split_their_function() {
        let stacks: [(&[&str], i64); 3] =
            [(&["m.f", "x"], 1), (&["m.f.func1"], 1), (&["m.f", "z"], 1)];
        assert_eq!(
            folded(&stacks).to_string(),
            "m.f;x 1\nm.f;z 1\nm.f.func1 1\n"
        );
    }

    #[test]
    fn a_stack_without_frames_keeps_its_weight() {
        assert_eq!(folded(&[(&[], 5)]).to_string(), "[empty stack] 5\n");
    }

    #[test]
    fn names_that_would_break_a_line_are_made_safe() {
        let generic = "m.F[struct { a int; b int }]";
        let text = folded(&[(&[generic, "new\nline"], 1)]).to_string();
        assert_eq!(text, "m.F[struct { a int: b int }];new line 1\n");
    }

    #[test]
    fn folding_expands_inlined_frames_and_skips_zero() {
        let stacks = [(vec!["a", "b"], 2), (vec!["a", "b"], -3), (vec!["a"], 0)];
        let profile = Profile::from_stacks(ValueType::CPU, stacks);
        assert_eq!(fold(&profile, 0).to_string(), "a;b -1\n");
    }

    #[test]
    fn a_folded_profile_folds_to_itself() {
        let once = folded(&[(&["a", "b c"], 2), (&["a"], 7)]);
        assert_eq!(fold(&once.to_profile(ValueType::CPU), 0), once);
    }

    #[test]
    fn sums_past_the_range_are_clamped() {
        let stacks: [(&[&str], i64); 2] = [(&["a"], i64::MAX), (&["a"], 1)];
        assert_eq!(folded(&stacks).total(), i64::MAX);
    }
}
