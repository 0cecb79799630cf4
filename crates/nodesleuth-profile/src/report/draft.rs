//! A profile that is being changed for a report: frames and samples are left out in place, so that
//! a million stacks are held once.

use crate::profile::Profile;
use crate::report::units::Units;
use crate::rows::{FrameRow, LocationRow};
use crate::samples::{Sample, is_number};
use crate::strings::{StrId, dense};

/// A profile as reports start from it; see [`report`](crate::report()). What is left after pruning
/// and filtering can be taken out as a profile again.
///
/// ```
/// use nodesleuth_profile::{Draft, Filters, GoRegex, Profile, ValueType, top};
///
/// let stacks = [(vec!["main", "poll"], 30), (vec!["main", "idle"], 10)];
/// let mut draft = Draft::of(Profile::from_stacks(ValueType::CPU, stacks));
/// let filters = Filters {
///     focus: Some(GoRegex::new("^po")?),
///     ..Filters::default()
/// };
/// assert!(draft.filter(&filters).is_empty());
/// let profile = draft.into_profile();
/// assert_eq!(top(&profile, 0)[0].name, "poll");
/// assert_eq!(profile.total(0), 30);
/// # Ok::<(), nodesleuth_profile::GoRegexError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Draft {
    pub(crate) profile: Profile,
    pub(crate) units: Units,
}

impl Draft {
    /// The profile with the mapping that pprof makes up when there is none.
    pub fn of(mut profile: Profile) -> Self {
        profile.complete_mappings();
        for row in &mut profile.mappings {
            // pprof notes where it got a mapping from in this field, and forgets it before reports.
            if row.build_id == StrId::EMPTY && is_url(profile.strings.get(row.file)) {
                row.file = StrId::EMPTY;
            }
        }
        sort_labels(&mut profile);
        Self {
            units: Units::of_profile(&profile),
            profile,
        }
    }

    /// What is left.
    pub fn into_profile(self) -> Profile {
        self.profile.with_names()
    }

    /// The mapped file of a location; empty if not known.
    pub(crate) fn file_of(&self, location: &LocationRow) -> StrId {
        location
            .mapping
            .map_or(StrId::EMPTY, |at| self.profile.mappings[at as usize].file)
    }

    pub(crate) fn text(&self, id: StrId) -> &str {
        self.profile.strings.get(id)
    }

    /// The lines of a location from its outermost function to the innermost inlined one; none if
    /// it is not symbolised.
    pub(crate) fn lines(&self, at: u32) -> &[FrameRow] {
        let frames = self.profile.frames_of(at);
        let frames = &self.profile.frames[frames.start as usize..frames.end as usize];
        match frames {
            [FrameRow { function: None, .. }] => &[],
            lines => lines,
        }
    }

    /// Leaves out lines: `kept` tells for a location which of its [`lines`](Self::lines) stay.
    pub(crate) fn keep_lines(&mut self, kept: impl Fn(&Self, u32) -> Kept) {
        let mut frames = Vec::with_capacity(self.profile.frames.len());
        let mut ends = Vec::with_capacity(self.profile.locations.len());
        for at in 0..dense(self.profile.locations.len()) {
            let lines = self.lines(at);
            let first = frames.len();
            match kept(self, at) {
                Kept::All => frames.extend_from_slice(lines),
                Kept::From(start) => frames.extend_from_slice(&lines[start..]),
                Kept::Until(end) => frames.extend_from_slice(&lines[..end]),
                Kept::Where(is) => {
                    let chosen = lines.iter().zip(is).filter(|(_, is)| *is);
                    frames.extend(chosen.map(|(line, _)| *line));
                }
            }
            if frames.len() == first {
                frames.push(FrameRow {
                    location: at,
                    function: None,
                    line: 0,
                    column: 0,
                });
            }
            ends.push(dense(frames.len()));
        }
        self.profile.frames = frames;
        for (location, end) in self.profile.locations.iter_mut().zip(ends) {
            location.frames_end = end;
        }
    }

    /// See [`Samples::keep`](crate::samples::Samples::keep).
    pub(crate) fn keep_samples(&mut self, edit: impl FnMut(Sample<'_>, &mut Vec<u32>) -> bool) {
        let types = self.profile.header.sample_types.len();
        self.profile.samples.keep(types, edit);
    }

    /// The samples with their values.
    pub(crate) fn samples(&self) -> impl Iterator<Item = (Sample<'_>, &[i64])> {
        let types = self.profile.header.sample_types.len();
        self.profile.samples.iter(types)
    }
}

/// Which lines of a location stay.
#[derive(Debug)]
pub(crate) enum Kept {
    All,
    From(usize),
    Until(usize),
    Where(Vec<bool>),
}

/// Labels in the order in which pprof writes them, without those that say nothing.
fn sort_labels(profile: &mut Profile) {
    let Profile {
        samples, strings, ..
    } = profile;
    let mut start = 0;
    for end in &samples.label_ends {
        samples.labels[start..*end]
            .sort_by_key(|label| (is_number(label), strings.bytes(label.key)));
        start = *end;
    }
}

/// Whether it begins with a scheme.
fn is_url(file: &str) -> bool {
    let scheme = file.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_scheme_makes_a_url() {
        assert!(is_url("http://host/debug/pprof"));
        for file in ["/usr/bin/x", "[anon:heap]", "x", "", "/a:b"] {
            assert!(!is_url(file), "{file}");
        }
    }
}
