//! What the target's heap holds and who allocated it: what Go's `/debug/pprof/heap` tells. Both are
//! Go's own estimates from samples (one in 512 KiB, unless the program says otherwise).

use crate::units::Bytes;
use serde::{Deserialize, Serialize};

/// The heap at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeapUse {
    /// Alive at the last garbage collection (`inuse_space`).
    pub in_use: Bytes,
    /// Allocated since the program began (`alloc_space`).
    pub allocated: Bytes,
    /// Functions that allocated it, the runtime's own left out: most in use first, and most
    /// allocated; at most [`Self::MOST_FUNCTIONS`] of each.
    pub functions: Vec<HeapFunction>,
}

/// What one function allocated, what it called left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeapFunction {
    /// Its name.
    pub function: String,
    /// Of it alive.
    pub in_use: Bytes,
    /// All of it since the program began.
    pub allocated: Bytes,
}

impl HeapUse {
    /// So many functions are kept by each of the two orders.
    pub const MOST_FUNCTIONS: usize = 12;
}
