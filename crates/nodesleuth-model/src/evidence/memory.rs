//! Memory of the machine: `/proc/meminfo`, slab caches, the dentry cache.

use crate::units::{Bytes, Kib};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `/proc/meminfo` as it is: name → kB. Counts without a unit (huge pages) are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemInfo {
    /// Name → size.
    pub fields: BTreeMap<String, Kib>,
}

impl MemInfo {
    /// One line; absent on kernels that do not have it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Kib> {
        self.fields.get(name).copied()
    }
}

/// `/proc/slabinfo`: the largest caches and the ones that causes ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlabInfo {
    /// Largest first.
    pub caches: Vec<SlabCache>,
    /// Caches in all.
    pub total_caches: u32,
    /// Bytes of all caches.
    pub total: Bytes,
}

impl SlabInfo {
    /// The cache with this name.
    #[must_use]
    pub fn cache(&self, name: &str) -> Option<&SlabCache> {
        self.caches.iter().find(|cache| cache.name == name)
    }
}

/// One slab cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlabCache {
    /// Its name.
    pub name: String,
    /// Objects in use.
    pub active_objects: u64,
    /// Objects that there is room for.
    pub objects: u64,
    /// Bytes of one object.
    pub object_size: u64,
}

impl SlabCache {
    /// Bytes of all its objects, used or not.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        Bytes(self.objects.saturating_mul(self.object_size))
    }
}

/// `/proc/sys/fs/dentry-state`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DentryState {
    /// Dentries allocated.
    pub total: u64,
    /// Dentries not in use.
    pub unused: u64,
    /// Negative dentries (fifth field, since 5.0 and RHEL 4.18.0-108; zero before).
    pub negative: u64,
}
