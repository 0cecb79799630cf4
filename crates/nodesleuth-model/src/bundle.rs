//! What a bundle is made of: file names and the schema version. Writing it is the binary's work.
//!
//! A bundle is `evidence.json` and the raw profiles, in one `.tar.gz` or one directory.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The evidence, as JSON.
pub const EVIDENCE_FILE: &str = "evidence.json";
/// The folder of raw profiles inside a bundle.
pub const PROFILES_DIR: &str = "profiles";

/// Version of the evidence schema. Fields are only added within a major version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// A reader refuses a newer major.
    pub major: u16,
    /// A reader warns about a newer minor and lists the fields that it does not know.
    pub minor: u16,
}

impl SchemaVersion {
    /// What this build writes.
    pub const CURRENT: Self = Self { major: 0, minor: 1 };
}

impl Default for SchemaVersion {
    fn default() -> Self {
        Self::CURRENT
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
