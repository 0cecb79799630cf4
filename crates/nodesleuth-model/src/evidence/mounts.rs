//! The mount table.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A mount table, summarised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MountTable {
    /// Which file was read, such as `/proc/1/mountinfo`.
    pub source: String,
    /// Mounts in all.
    pub mounts: u64,
    /// By filesystem type.
    pub by_type: BTreeMap<String, u64>,
    /// Mount points that are mounted over more than once, most first, at most ten.
    pub duplicates: Vec<DuplicateMount>,
}

/// A mount point with several mounts on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DuplicateMount {
    /// Where.
    pub mount_point: String,
    /// How many.
    pub count: u64,
}
