//! What the measurement itself cost.

use crate::units::{Bytes, Cores, Nanos, Pid};
use serde::{Deserialize, Serialize};

/// What the measurement itself cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnCost {
    /// CPU of this process and its children during the window, as cores.
    pub cpu_cores: Cores,
    /// CPU of this process and its children over the whole collection.
    pub cpu_total: Nanos,
    /// Wall time of the whole collection.
    pub wall: Nanos,
    /// Peak resident memory.
    pub peak_rss_bytes: Bytes,
    /// Children that could not be ended because they are stuck in a kernel read.
    pub stuck_children: Vec<Pid>,
}
