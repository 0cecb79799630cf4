//! Folded stacks: `main;work;read 12`, one line per distinct stack.

use std::fmt;
use std::io::{self, Write};

use crate::fields::ValueType;
use crate::folded_name::safe_name;
use crate::folded_text::{NO_COMMENT, is_comment};
use crate::profile::Profile;
use crate::stack::Stack;
use crate::stack_rows::{StackRow, StackRows, StackRowsBuilder};
use crate::symbols::Naming;

/// Distinct stacks with their weights, sorted.
///
/// The order is by frames from root to leaf, each compared as text. So children of one caller
/// are always together, which sorting the finished lines does not give (`.` sorts before `;`).
#[derive(Debug, Clone)]
pub struct Folded {
    rows: StackRows,
}

/// One line of folded text.
#[derive(Debug, Clone, Copy)]
pub struct FoldedStack<'f> {
    folded: &'f Folded,
    row: StackRow<'f>,
}

impl<'f> FoldedStack<'f> {
    /// Names from root to leaf, at least one.
    pub fn frames(self) -> impl DoubleEndedIterator<Item = &'f str> + ExactSizeIterator + Clone {
        let rows = &self.folded.rows;
        self.row.symbols().map(|symbol| rows.symbol(symbol).name)
    }

    /// What the stack cost; negative in differences.
    pub fn weight(self) -> i64 {
        self.row.values[0]
    }
}

impl PartialEq for FoldedStack<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.weight() == other.weight() && self.frames().eq(other.frames())
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        self.stacks().eq(other.stacks())
    }
}

impl Eq for Folded {}

impl Folded {
    /// Merges and sorts stacks. Names are made safe as [`safe_name`](crate::safe_name) does, and a
    /// stack without frames becomes `[empty stack]`, so that no weight is lost.
    pub fn from_stacks<'n, S>(stacks: impl IntoIterator<Item = (S, i64)>) -> Self
    where
        S: IntoIterator<Item = &'n str>,
    {
        let mut rows = Self::builder();
        for (names, weight) in stacks {
            rows.add_named(names, weight);
        }
        Self {
            rows: rows.finish(),
        }
    }

    /// Stacks in their order.
    pub fn stacks(&self) -> impl ExactSizeIterator<Item = FoldedStack<'_>> {
        let folded = self;
        self.rows
            .stacks()
            .map(move |row| FoldedStack { folded, row })
    }

    /// Number of distinct stacks.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no stack at all.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Sum of the weights, clamped to the range of `i64`.
    pub fn total(&self) -> i64 {
        self.rows.totals()[0]
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
            write_frames(stack.frames(), &mut out)?;
            writeln!(out, " {}", stack.weight())?;
        }
        Ok(())
    }

    fn builder() -> StackRowsBuilder {
        StackRowsBuilder::new(1, Naming::Safe)
    }
}

impl StackRows {
    /// Writes one line per stack with the values of all lanes behind it. With two lanes that is
    /// what `difffolded.pl` writes, and [`open`](crate::open) reads it back as before and after.
    ///
    /// ```
    /// # use nodesleuth_profile::{Profile, StackRows, ValueType};
    /// let mut rows = StackRows::builder(2);
    /// for (lane, value) in [10, 30].into_iter().enumerate() {
    ///     let profile = Profile::from_stacks(ValueType::CPU, [(["main", "work"], value)]);
    ///     rows.add(&profile, |stack, lanes| lanes[lane] = stack.values()[0]);
    /// }
    /// let mut text = Vec::new();
    /// rows.finish().write_folded(&mut text)?;
    /// assert_eq!(text, b"main;work 10 30\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `out` fails.
    pub fn write_folded(&self, mut out: impl Write) -> io::Result<()> {
        for row in self.stacks() {
            let names = row
                .symbols()
                .map(|symbol| safe_name(self.symbol(symbol).name));
            write_frames(names, &mut out)?;
            for value in row.values {
                write!(out, " {value}")?;
            }
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// Names that are safe, joined.
fn write_frames(
    names: impl ExactSizeIterator<Item = impl AsRef<str>>,
    out: &mut impl Write,
) -> io::Result<()> {
    let is_alone = names.len() == 1;
    for (depth, name) in names.enumerate() {
        let name = name.as_ref();
        if depth > 0 {
            out.write_all(b";")?;
        } else if is_alone && is_comment(name) {
            out.write_all(NO_COMMENT.as_bytes())?;
        }
        out.write_all(name.as_bytes())?;
    }
    Ok(())
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
    fold_with(profile, value_index, false, |_| true)
}

/// The same for stacks that `keep` wants, from the leaf if wished: then lines begin with it.
///
/// # Panics
/// If there is no value with this index.
pub fn fold_with(
    profile: &Profile,
    value_index: usize,
    from_leaf: bool,
    mut keep: impl FnMut(Stack<'_>) -> bool,
) -> Folded {
    let types = profile.sample_types().len();
    assert!(
        value_index < types,
        "value {value_index} of a profile with {types} values"
    );
    let mut rows = Folded::builder();
    rows.from_leaf(from_leaf).add(profile, |stack, lanes| {
        if keep(stack) {
            lanes[0] = stack.values()[value_index];
        }
    });
    Folded {
        rows: rows.finish(),
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
