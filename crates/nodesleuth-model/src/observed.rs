//! What came of trying to read one piece of evidence: a value, or why there is none.
//!
//! Missing is not zero: an absent value always carries its reason, and analysis asks with `?`.

use crate::units::BootNanos;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What came of trying to read one piece of evidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed<T> {
    /// Nobody asked for it in this run.
    #[default]
    NotRequested,
    /// It was asked for and could not be had.
    Unavailable(Missing),
    /// The reading.
    Value(T),
}

/// Why a piece of evidence is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What kind of obstacle it was.
    pub kind: MissingKind,
    /// One sentence: what was tried and what happened.
    pub reason: String,
    /// What would give it, such as "root" or "CAP_SYS_PTRACE", where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<String>,
}

/// The kinds of obstacle that a report treats differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingKind {
    /// Not asked for.
    NotRequested,
    /// The kernel refused (EACCES, EPERM).
    Permission,
    /// The file or process is not there.
    #[default]
    Absent,
    /// This kernel or this build cannot give it.
    Unsupported,
    /// Its predicted cost was over the budget, so it was not tried.
    OverBudget,
    /// It was tried and did not answer in time.
    TimedOut,
    /// It was read and could not be understood.
    Malformed,
    /// Reading failed in another way.
    Failed,
    /// The target ended before it could be read.
    TargetGone,
    /// The run was interrupted before it could be read.
    Interrupted,
}

impl Missing {
    /// A missing value of this kind for this reason.
    pub fn new(kind: MissingKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            need: None,
        }
    }

    /// The same, naming what would give the value.
    #[must_use]
    pub fn needs(mut self, need: impl Into<String>) -> Self {
        self.need = Some(need.into());
        self
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.need {
            Some(need) => write!(f, " (needs {need})"),
            None => Ok(()),
        }
    }
}

impl<T> Observed<T> {
    /// The reading, or a `Missing` whose reason names `what`.
    ///
    /// # Errors
    /// When there is no value; the reason says why.
    pub fn require(&self, what: &str) -> Result<&T, Missing> {
        match self {
            Self::Value(value) => Ok(value),
            Self::NotRequested => Err(Missing::new(
                MissingKind::NotRequested,
                format!("{what}: not collected"),
            )),
            Self::Unavailable(missing) => Err(Missing {
                kind: missing.kind,
                reason: format!("{what}: {}", missing.reason),
                need: missing.need.clone(),
            }),
        }
    }

    /// The reading, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Why there is no reading, if it was asked for and failed.
    #[must_use]
    pub fn missing(&self) -> Option<&Missing> {
        match self {
            Self::Unavailable(missing) => Some(missing),
            _ => None,
        }
    }
}

impl<T> From<Result<T, Missing>> for Observed<T> {
    fn from(result: Result<T, Missing>) -> Self {
        match result {
            Ok(value) => Self::Value(value),
            Err(missing) => Self::Unavailable(missing),
        }
    }
}

/// A value and the moment at which it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading<T> {
    /// When the read began.
    pub at: BootNanos,
    /// What was read.
    pub value: T,
}

/// The same thing read at both ends of the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window<T> {
    /// When the window opened.
    pub before: Reading<T>,
    /// When it closed.
    pub after: Reading<T>,
}

impl<T> Window<T> {
    /// Seconds between the two readings; never zero, so that it can be divided by.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.after.at.since(self.before.at).seconds().max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_names_what_was_asked_for_and_what_would_give_it() {
        let slab: Observed<u8> =
            Err(Missing::new(MissingKind::Permission, "permission denied").needs("root")).into();
        let missing = slab.require("/proc/slabinfo").unwrap_err();
        assert_eq!(
            missing.to_string(),
            "/proc/slabinfo: permission denied (needs root)"
        );
    }

    #[test]
    fn not_requested_and_unavailable_are_different_things() {
        let unasked: Observed<u8> = Observed::default();
        assert_eq!(
            unasked.require("x").unwrap_err().kind,
            MissingKind::NotRequested
        );
        assert!(unasked.missing().is_none());
    }

    #[test]
    fn a_window_of_no_length_can_be_divided_by() {
        assert!(Window::<u8>::default().seconds() > 0.0);
    }
}
