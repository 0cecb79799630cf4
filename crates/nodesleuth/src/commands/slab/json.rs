//! Object caches for programs.

use super::{Row, grew, rows};
use nodesleuth_collect::SlabSeen;
use nodesleuth_model::evidence::{DentryState, DyingMemory, MemInfo, kernel_memory_of_dying};
use nodesleuth_model::{Missing, Observed};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Slab<'a> {
    seconds: f64,
    meminfo: &'a Observed<MemInfo>,
    /// Growth of lines of `/proc/meminfo` in bytes; null where one reading is missing.
    slab_grew_bytes: Option<i64>,
    unreclaimable_grew_bytes: Option<i64>,
    caches: Vec<Cache<'a>>,
    /// Why there are no caches, if so.
    caches_missing: Option<&'a Missing>,
    dentries: &'a Observed<DentryState>,
    dying_cgroups: Option<u64>,
    /// Their own kernel memory, an estimate.
    dying_kernel_bytes: Option<u64>,
    dying_memory: &'a Observed<DyingMemory>,
}

#[derive(Serialize)]
struct Cache<'a> {
    name: &'a str,
    bytes: u64,
    grew_bytes: Option<i64>,
    objects: u64,
    active_objects: u64,
    object_size: u64,
    reclaimable: Option<bool>,
}

pub(super) fn of(seen: &SlabSeen) -> Slab<'_> {
    let memory = seen.census.value().and_then(|census| census.memory());
    let dying = memory
        .and_then(|memory| memory.dying.value())
        .map(|dying| dying.count);
    let cpus = seen
        .host
        .value()
        .and_then(|host| host.possible_cpus.value());
    Slab {
        seconds: seen.length().seconds(),
        meminfo: &seen.after.meminfo,
        slab_grew_bytes: grew(seen, "Slab"),
        unreclaimable_grew_bytes: grew(seen, "SUnreclaim"),
        caches: rows(seen).iter().map(cache).collect(),
        caches_missing: seen.after.slab.missing(),
        dentries: &seen.after.dentries,
        dying_cgroups: dying,
        dying_kernel_bytes: dying
            .zip(cpus)
            .map(|(dying, cpus)| kernel_memory_of_dying(dying, *cpus).0),
        dying_memory: &seen.dying_memory,
    }
}

fn cache<'a>(row: &Row<'a>) -> Cache<'a> {
    Cache {
        name: &row.cache.name,
        bytes: row.cache.bytes().0,
        grew_bytes: row.grew,
        objects: row.cache.objects,
        active_objects: row.cache.active_objects,
        object_size: row.cache.object_size,
        reclaimable: row.reclaimable,
    }
}
