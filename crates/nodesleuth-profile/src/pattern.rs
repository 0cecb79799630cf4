//! Patterns for frame names, as the catalogue of known causes writes them.

use std::fmt;

use crate::names::{FrameName, normalize};

/// Matches frame names in their normal form (see [`normalize`]).
///
/// `manager.(*manager).Start` matches that name, `k8s.io/kubelet/*` everything that begins so,
/// `*.Syscall6` everything that ends so, `*cadvisor*` everything that contains it. A `*`
/// elsewhere, as in `(*manager)`, is itself.
///
/// ```
/// # use nodesleuth_profile::Pattern;
/// let housekeeping: Pattern =
///     "github.com/google/cadvisor/manager.(*containerData).housekeeping".parse()?;
/// let vendored = "k8s.io/kubernetes/vendor/github.com/google/cadvisor/manager.\
///                 (*containerData).housekeeping";
/// assert!(housekeeping.matches(vendored));
/// assert!(!housekeeping.matches(&format!("{vendored}Tick")));
/// # Ok::<(), nodesleuth_profile::PatternError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    any_before: bool,
    text: String,
    any_after: bool,
}

/// Why a text is no usable pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// It would match every frame.
    #[error("the pattern {0:?} would match every frame")]
    MatchesAll(String),
    /// It can never match, because names are normalised before they are compared.
    #[error("the pattern {pattern:?} can never match: such a name is normalised to {normal:?}")]
    NotNormal {
        /// The pattern.
        pattern: String,
        /// How to write it.
        normal: String,
    },
}

impl Pattern {
    /// Whether a name as it is in a profile matches.
    pub fn matches(&self, raw: &str) -> bool {
        self.matches_normal(&normalize(raw))
    }

    /// Whether a name that is already in its normal form matches.
    pub fn matches_normal(&self, name: &str) -> bool {
        match (self.any_before, self.any_after) {
            (false, false) => name == self.text,
            (false, true) => name.starts_with(&self.text),
            (true, false) => name.ends_with(&self.text),
            (true, true) => name.contains(&self.text),
        }
    }
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        let (any_before, rest) = strip(pattern, pattern.strip_prefix('*'));
        let (any_after, text) = strip(rest, rest.strip_suffix('*'));
        if text.trim().is_empty() {
            return Err(PatternError::MatchesAll(pattern.to_owned()));
        }
        // The end of a prefix and the beginning of a suffix may be cut anywhere, so that only
        // whole names can be compared with their normal form; vendor folders are always wrong.
        let normal = match (any_before, any_after) {
            (false, false) => normalize(text).into_owned(),
            (false, true) => text.rsplit("/vendor/").next().unwrap_or(text).to_owned(),
            (true, _) => text.to_owned(),
        };
        if normal != text {
            let star = if any_after { "*" } else { "" };
            return Err(PatternError::NotNormal {
                pattern: pattern.to_owned(),
                normal: format!("{normal}{star}"),
            });
        }
        Ok(Self {
            any_before,
            text: normal,
            any_after,
        })
    }
}

fn strip<'a>(whole: &'a str, stripped: Option<&'a str>) -> (bool, &'a str) {
    (stripped.is_some(), stripped.unwrap_or(whole))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = |present| if present { "*" } else { "" };
        write!(
            f,
            "{}{}{}",
            star(self.any_before),
            self.text,
            star(self.any_after)
        )
    }
}

/// Whether a raw frame name matches a pattern; for many names, parse the [`Pattern`] once.
///
/// # Errors
/// If the pattern is not usable.
pub fn name_matches(raw: &str, pattern: &str) -> Result<bool, PatternError> {
    pattern
        .parse::<Pattern>()
        .map(|pattern| pattern.matches_normal(FrameName::new(raw).as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_at_the_ends_stand_for_anything() {
        let cases = [
            ("main.(*T).M", "main.(*T).M", true),
            ("main.(*T).M", "main.(*T).M.func1", false),
            ("main.(*T)*", "main.(*T).M.func1", true),
            ("*.Syscall6", "internal/runtime/syscall.Syscall6", true),
            ("*.Syscall6", "syscall.RawSyscall6", false),
            ("*cadvisor*", "github.com/google/cadvisor/fs.New", true),
            ("sys_read", "__x64_sys_read_[k]", true),
            ("slices.Sort", "slices.Sort[...]", true),
        ];
        for (pattern, raw, expected) in cases {
            assert_eq!(name_matches(raw, pattern), Ok(expected), "{pattern} {raw}");
        }
    }

    #[test]
    fn patterns_that_match_everything_are_refused() {
        for pattern in ["", "*", "**", " "] {
            assert!(matches!(
                pattern.parse::<Pattern>(),
                Err(PatternError::MatchesAll(_))
            ));
        }
    }

    #[test]
    fn patterns_that_can_never_match_say_how_to_write_them() {
        let error = "k8s.io/kubernetes/vendor/a.io/b*"
            .parse::<Pattern>()
            .unwrap_err();
        assert!(
            error.to_string().contains("normalised to \"a.io/b*\""),
            "{error}"
        );
        let error = "__x64_sys_read".parse::<Pattern>().unwrap_err();
        assert!(
            error.to_string().contains("normalised to \"sys_read\""),
            "{error}"
        );
    }

    #[test]
    fn patterns_print_as_they_were_written() {
        for text in ["a.F", "a.*", "*.F", "*a*", "a.(*T).F"] {
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
    }
}
