//! The kubelet's configuration as `/configz` tells it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kubelet's configuration: allow-listed fields only, none of which holds a secret or an
/// address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeletConfig {
    /// Field → value as text (`10s`, `110`, `true`).
    pub fields: BTreeMap<String, String>,
}
