//! The kernel's audit rules, as its netlink socket tells them.

use serde::{Deserialize, Serialize};

/// Rules that are loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditRules {
    /// All rules.
    pub rules: u64,
    /// Those that look at every system call (`-S all`). Watches of files are none of these.
    pub every_call: u64,
}
