//! Why profiles do not add up.

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
        /// The type so far, as `kind/unit`.
        before: String,
        /// The type in the profile that was to be added.
        this: String,
    },
}
