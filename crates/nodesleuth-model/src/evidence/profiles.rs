//! Profiles in the bundle: who they are of, where they came from. The samples stay in their own
//! files, as they were fetched; text as the pprof file it stands for.

use crate::observed::Missing;
use crate::units::{BootNanos, Nanos};
use serde::{Deserialize, Serialize};

/// A profile in the bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileRecord {
    /// File inside the bundle, such as `profiles/cpu.pb.gz`.
    pub file: String,
    /// Where it came from: an address (without user data) or a file name.
    pub source: String,
    /// When fetching began and ended, for a profile taken in this run.
    pub fetched: Option<(BootNanos, BootNanos)>,
    /// True when it covers the window (fetched during it); only such a profile is reconciled with
    /// `/proc`.
    pub covers_window: bool,
    /// Its own idea of its length.
    pub duration: Option<Nanos>,
    /// What its reader said of it, one sentence each: lines of a text that were not understood,
    /// stacks that were cut.
    pub notes: Vec<String>,
}

/// A profile that was asked for and could not be had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileFailure {
    /// Where it was to come from.
    pub source: String,
    /// What happened.
    pub missing: Missing,
}
