//! Why nothing could be done through the API server: what, and what to do next.

use crate::{Refusal, RefusalKind};

/// Why nothing could be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ClusterError {
    /// What failed and why.
    pub what: String,
    /// What to do.
    pub help: String,
    /// What was refused, where it was a single request.
    pub refusal: Option<RefusalKind>,
}

impl ClusterError {
    pub(crate) fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: help.into(),
            refusal: None,
        }
    }

    /// A right is missing.
    pub(crate) fn forbidden(what: impl Into<String>, help: &str) -> Self {
        Self {
            refusal: Some(RefusalKind::Forbidden),
            ..Self::new(what, help)
        }
    }

    /// A refusal while doing something.
    pub(crate) fn refused(doing: &str, refusal: &Refusal) -> Self {
        Self {
            refusal: Some(refusal.kind),
            ..Self::new(format!("{doing}: {refusal}"), refusal.help())
        }
    }
}
