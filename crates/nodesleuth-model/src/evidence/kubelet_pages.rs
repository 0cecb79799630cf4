//! How long the kubelet took to answer: one too slow to put its own pages together tells something.

use crate::observed::Missing;
use crate::units::{BootNanos, Nanos};
use serde::{Deserialize, Serialize};

/// One request for a page of the kubelet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeletPage {
    /// Its path, such as `/metrics/cadvisor`.
    pub path: String,
    /// When it was asked for.
    pub asked: BootNanos,
    /// Time until it was complete, refused or given up.
    pub took: Nanos,
    /// Why it did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}
