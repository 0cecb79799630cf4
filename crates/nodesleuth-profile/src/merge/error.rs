//! Why profiles do not add up.

use crate::fields::ValueType;

/// What keeps a profile from being merged with those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// They do not measure anything in common; the words of pprof, and what each has.
    #[error("profiles have empty common sample type list: {before} against {this}")]
    NothingInCommon {
        /// Sample types so far.
        before: String,
        /// Sample types of the profile that was to be added.
        this: String,
    },
    /// The profile has no sample types, or each of them twice.
    #[error("the profile has no sample types that could be told apart")]
    NoSampleTypes,
    /// The same thing in units that cannot be converted into each other, or other things.
    #[error("incompatible {what} types: {before} and {this}")]
    Types {
        /// `period` or `sample`.
        what: &'static str,
        /// The type so far, as `kind/unit`, or `none`.
        before: String,
        /// The type in the profile that was to be added.
        this: String,
    },
}

impl MergeError {
    pub(crate) fn types(what: &'static str, before: ValueType<'_>, this: ValueType<'_>) -> Self {
        let text = |t: ValueType<'_>| match (t.kind, t.unit) {
            ("", "") => "none".to_owned(),
            (kind, unit) => format!("{kind}/{unit}"),
        };
        Self::Types {
            what,
            before: text(before),
            this: text(this),
        }
    }

    pub(crate) fn nothing_in_common<'t>(
        before: impl Iterator<Item = ValueType<'t>>,
        this: impl Iterator<Item = ValueType<'t>>,
    ) -> Self {
        Self::NothingInCommon {
            before: kinds(before),
            this: kinds(this),
        }
    }
}

fn kinds<'t>(types: impl Iterator<Item = ValueType<'t>>) -> String {
    types.map(|t| t.kind).collect::<Vec<_>>().join(", ")
}
