//! One look at the cgroups without any target: what `nodesleuth cgroups` shows.

use crate::collectors::{CGROUPS, DYING_MEMORY};
use crate::scan::{ScanExtent, scan};
use crate::{Cancel, Clock, Ctx, Node};
use nodesleuth_model::evidence::{CgroupCensus, CgroupScan, DyingMemory, Host, TimedReads};
use nodesleuth_model::{Evidence, Observed};
use std::path::PathBuf;
use std::time::Duration;

/// What to look at.
#[derive(Clone, Debug)]
pub struct CgroupLook {
    /// Kernel time that possibly slow reads may cost in all.
    pub slow_read_budget: Duration,
    /// Our own binary, for reads that need a process of their own.
    pub read_child: Option<PathBuf>,
    /// Whether to look for what dying cgroups hold, in the whole tree.
    pub dying_memory: bool,
    /// Whether to read the usual files of every cgroup once.
    pub scan: bool,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct CgroupsSeen {
    /// Live and dying cgroups.
    pub census: Observed<CgroupCensus>,
    /// How long possibly slow files take.
    pub timed_reads: Observed<TimedReads>,
    /// What dying cgroups hold.
    pub dying_memory: Observed<DyingMemory>,
    /// The machine.
    pub host: Observed<Host>,
    /// What reading every cgroup costs.
    pub scan: Observed<CgroupScan>,
}

/// Counts cgroups, times their files and, if asked to, reads all of them once.
pub fn look_at_cgroups(
    node: &Node,
    clock: &dyn Clock,
    cancel: &Cancel,
    look: &CgroupLook,
) -> CgroupsSeen {
    let ctx = Ctx {
        read_child: look.read_child.clone(),
        slow_read_budget: look.slow_read_budget,
        ..Ctx::of_node(node, clock, cancel)
    };
    let mut evidence = Evidence::default();
    let dying_memory = look.dying_memory.then_some(&DYING_MEMORY);
    for collector in CGROUPS.iter().chain(dying_memory) {
        collector.start(&ctx)(&mut evidence);
    }
    let scan = if look.scan {
        scan(node, ScanExtent::All(evidence.timed_reads.value()), cancel).into()
    } else {
        Observed::NotRequested
    };
    CgroupsSeen {
        census: evidence.cgroups,
        timed_reads: evidence.timed_reads,
        dying_memory: evidence.dying_memory,
        host: evidence.host,
        scan,
    }
}
