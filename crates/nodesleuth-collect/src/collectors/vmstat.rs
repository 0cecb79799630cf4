//! Counters of memory management, `/proc/vmstat`: only those that causes ask for.

use super::shape::{AtBothEnds, parsed};
use nodesleuth_model::evidence::VmStat;
use nodesleuth_parse::proc::vmstat;

/// Names as the kernels spell them: before 4.8 many had a zone at the end.
const KEPT: &[&str] = &[
    "pgscan*",
    "pgsteal*",
    "allocstall*",
    "compact_stall",
    "compact_fail",
    "compact_success",
    "thp_fault_alloc",
    "thp_fault_fallback",
    "thp_collapse_alloc",
    "thp_split*",
    "pgfault",
    "pgmajfault",
    "workingset_refault*",
    "workingset_activate*",
    "oom_kill",
    "drop_slab",
    "drop_pagecache",
    "slabs_scanned",
    "kswapd_low_wmark_hit_quickly",
    "pageoutrun",
    "nr_free_pages",
    "nr_slab_reclaimable",
    "nr_slab_unreclaimable",
    "nr_dirty",
    "nr_writeback",
    "pswpin",
    "pswpout",
];

/// Whether memory was short, and whether somebody dropped caches.
pub(super) static COLLECTOR: AtBothEnds<VmStat> = AtBothEnds {
    name: "vmstat",
    read: |ctx| parsed(ctx.node, "/proc/vmstat", |text| vmstat::parse(text, KEPT)),
    field: |evidence| &mut evidence.vmstat,
};
