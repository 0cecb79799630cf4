//! Why nothing could be done through the API server: what, and what to do next.

use crate::Refusal;

/// Why nothing could be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ClusterError {
    /// What failed and why.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl ClusterError {
    pub(crate) fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: help.into(),
        }
    }

    /// A refusal while doing something.
    pub(crate) fn refused(doing: &str, refusal: &Refusal) -> Self {
        Self::new(format!("{doing}: {refusal}"), refusal.help())
    }
}
