//! Packet filter rules: how many, and whether both of the kernel's back-ends are in use.

use crate::observed::Observed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rules of the network namespace that we run in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PacketRules {
    /// Tables of ip_tables and ip6_tables that exist (`/proc/net/ip_tables_names`, `ip6_…`), such
    /// as "ip filter". Rules of nf_tables are not among them.
    pub legacy_tables: Observed<Vec<String>>,
    /// Such a table → its entries: rules, and one for the end of each chain.
    pub legacy_entries: Observed<BTreeMap<String, u64>>,
    /// Whether the module nf_tables is loaded (`/proc/modules`).
    pub nf_tables_loaded: Observed<bool>,
}
