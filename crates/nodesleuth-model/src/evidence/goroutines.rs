//! The target's goroutines, counted by stack: what Go's `/debug/pprof/goroutine` tells.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All goroutines at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Goroutines {
    /// How many.
    pub total: u64,
    /// How many do or wait for what.
    pub states: BTreeMap<GoroutineState, u64>,
    /// Those with the same beginning, end and state together: most first, at most
    /// [`Self::MOST_GROUPS`].
    pub groups: Vec<GoroutineGroup>,
    /// Goroutines in groups that are not kept.
    pub others: u64,
}

/// Goroutines that began in one function, are in one, and wait for the same kind of thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GoroutineGroup {
    /// How many.
    pub count: u64,
    /// The function they began with.
    pub began: String,
    /// The function they are in, outside the runtime and Go's own waiting.
    pub at: String,
    /// What they do or wait for.
    pub state: GoroutineState,
}

/// What a goroutine does or waits for, by the functions that it is in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum GoroutineState {
    /// A mutex that somebody else holds.
    Lock,
    /// One channel.
    Channel,
    /// One of several channels.
    Select,
    /// A condition, or a group of others to end.
    Condition,
    /// The network, or another descriptor.
    Network,
    /// Time to pass.
    Timer,
    /// In a system call.
    Call,
    /// None of these: it runs, or is ready to.
    #[default]
    Running,
}

impl Goroutines {
    /// So many groups are kept.
    pub const MOST_GROUPS: usize = 30;
}

impl GoroutineState {
    /// In a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lock => "waiting for a lock",
            Self::Channel => "waiting for a channel",
            Self::Select => "waiting for one of several channels",
            Self::Condition => "waiting for others",
            Self::Network => "waiting for the network",
            Self::Timer => "sleeping",
            Self::Call => "in a system call",
            Self::Running => "running, or ready to",
        }
    }
}
