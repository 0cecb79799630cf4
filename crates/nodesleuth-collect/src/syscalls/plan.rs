//! Whether and how long system calls are counted.

use std::time::Duration;

/// Unless told otherwise.
const POLITE: Duration = Duration::from_secs(3);

/// Whether and how long system calls are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TracePlan {
    /// Not at all.
    #[default]
    Never,
    /// For three seconds, if others on the node do not pay too much for it.
    Polite,
    /// For this long, whatever it costs others.
    For(Duration),
}

impl TracePlan {
    pub(super) fn length(self) -> Duration {
        match self {
            Self::Never => Duration::ZERO,
            Self::Polite => POLITE,
            Self::For(length) => length,
        }
    }

    pub(super) fn whatever_it_costs(self) -> bool {
        matches!(self, Self::For(_))
    }
}
