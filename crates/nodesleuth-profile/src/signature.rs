//! Finding stacks by frames that must follow each other.

use crate::names::normalize;
use crate::pattern::{Pattern, PatternError};
use crate::profile::Profile;
use crate::stack::NameId;

/// Patterns in the order root → leaf. A stack matches if each pattern matches a frame nearer to
/// the leaf than the frame of the pattern before; other frames may be between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    patterns: Vec<Pattern>,
}

/// The normal form of each distinct name of a profile, for all signatures to be tried on it.
#[derive(Debug, Clone)]
pub struct NormalNames {
    names: Vec<Box<str>>,
}

/// A signature with its patterns already matched against each name of one profile, so that
/// walking a stack compares no text. For many signatures use
/// [`SignatureSet`](crate::SignatureSet).
#[derive(Debug, Clone)]
pub struct SignatureMatcher {
    /// For each pattern, which names it matches.
    matching: Vec<Vec<bool>>,
}

impl Signature {
    /// A signature of these patterns. Without any it matches every stack at its root.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self { patterns }
    }

    /// A signature of patterns as they are written.
    ///
    /// # Errors
    /// If one of them is not usable.
    pub fn parse<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, PatternError> {
        patterns
            .into_iter()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self::new)
    }

    /// The patterns root → leaf.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Prepares for the stacks of the profile that `names` are of.
    pub fn resolve(&self, names: &NormalNames) -> SignatureMatcher {
        let matching = self
            .patterns
            .iter()
            .map(|pattern| {
                names
                    .names
                    .iter()
                    .map(|name| pattern.matches_normal(name))
                    .collect()
            })
            .collect();
        SignatureMatcher { matching }
    }
}

impl NormalNames {
    /// Normalises each distinct name once.
    pub fn of(profile: &Profile) -> Self {
        Self {
            names: profile
                .names()
                .map(|(_, name)| normalize(name).into())
                .collect(),
        }
    }

    /// The normal forms in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The normal form of a name.
    pub fn get(&self, id: NameId) -> &str {
        &self.names[id.index()]
    }
}

impl SignatureMatcher {
    /// Whether any stack of the profile can match; false if a pattern matches no name at all.
    pub fn is_possible(&self) -> bool {
        self.matching.iter().all(|names| names.contains(&true))
    }

    /// Whether a stack of the profile matches; takes [`Stack::name_ids`](crate::Stack::name_ids).
    pub fn matches(&self, stack: impl IntoIterator<Item = NameId>) -> bool {
        self.find(stack).is_some()
    }

    /// How many frames from the root the last pattern first matches at: the frame's position in
    /// the stack, 0 for the root.
    pub fn find(&self, stack: impl IntoIterator<Item = NameId>) -> Option<usize> {
        let mut patterns = self.matching.iter();
        let Some(mut wanted) = patterns.next() else {
            return Some(0);
        };
        for (depth, name) in stack.into_iter().enumerate() {
            if wanted[name.index()] {
                match patterns.next() {
                    Some(next) => wanted = next,
                    None => return Some(depth),
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;

    const STACK: [&str; 5] = [
        "runtime.main",
        "x/vendor/a.io/m.Run",
        "a.io/m.Run",
        "m.F",
        "leaf",
    ];

    fn found(patterns: &[&str]) -> Option<usize> {
        let profile = Profile::from_stacks(ValueType::CPU, [(STACK, 1)]);
        let names = NormalNames::of(&profile);
        let signature = Signature::parse(patterns.iter().copied()).unwrap();
        let matcher = signature.resolve(&names);
        let depth = matcher.find(profile.stacks().next().unwrap().name_ids());
        assert!(matcher.is_possible() || depth.is_none());
        depth
    }

    #[test]
    fn patterns_must_follow_each_other_with_gaps_allowed() {
        assert_eq!(found(&["runtime.main", "m.F"]), Some(3));
        assert_eq!(found(&["m.F", "runtime.main"]), None);
        assert_eq!(found(&["runtime.main", "absent"]), None);
    }

    #[test]
    fn one_frame_stands_for_one_pattern() {
        assert_eq!(found(&["a.io/m.Run"]), Some(1));
        assert_eq!(found(&["a.io/m.Run", "a.io/m.Run"]), Some(2));
        assert_eq!(found(&["leaf", "leaf"]), None);
    }

    #[test]
    fn a_signature_without_patterns_matches_all() {
        assert_eq!(found(&[]), Some(0));
    }
}
