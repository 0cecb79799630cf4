//! Kernel object caches, dentries and memory at both ends of a while: what `nodesleuth slab`
//! shows.

use crate::collectors::{CGROUPS, DYING_MEMORY, SLAB};
use crate::{Cancel, Clock, Ctx, Node};
use nodesleuth_model::evidence::{CgroupCensus, DentryState, DyingMemory, Host, MemInfo, SlabInfo};
use nodesleuth_model::{BootNanos, Evidence, Nanos, Observed};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// One reading.
#[derive(Clone, Debug, Default)]
pub struct SlabAtOnce {
    /// When.
    pub at: BootNanos,
    /// `/proc/slabinfo`.
    pub slab: Observed<SlabInfo>,
    /// `/proc/sys/fs/dentry-state`.
    pub dentries: Observed<DentryState>,
    /// `/proc/meminfo`.
    pub meminfo: Observed<MemInfo>,
}

/// Two readings, and what is tied to dying cgroups.
#[derive(Clone, Debug, Default)]
pub struct SlabSeen {
    /// The first reading.
    pub before: SlabAtOnce,
    /// The second one.
    pub after: SlabAtOnce,
    /// Which caches the kernel counts as reclaimable, where it tells.
    pub reclaimable: BTreeMap<String, bool>,
    /// Live and dying cgroups.
    pub census: Observed<CgroupCensus>,
    /// What dying cgroups hold.
    pub dying_memory: Observed<DyingMemory>,
    /// The machine.
    pub host: Observed<Host>,
}

impl SlabSeen {
    /// Time between the two readings.
    #[must_use]
    pub fn length(&self) -> Nanos {
        self.after.at.since(self.before.at)
    }
}

/// Reads twice, `length` apart or until the user stops it. `/proc/slabinfo` is read here only if a
/// timed read in a child showed that it is fast.
pub fn look_at_slab(
    node: &Node,
    clock: &dyn Clock,
    cancel: &Cancel,
    length: Duration,
    read_budget: Duration,
    read_child: Option<PathBuf>,
) -> SlabSeen {
    let ctx = Ctx {
        window: length,
        read_child,
        slow_read_budget: read_budget,
        ..Ctx::of_node(node, clock, cancel)
    };
    let mut evidence = Evidence::default();
    for collector in CGROUPS.iter().chain([&DYING_MEMORY]) {
        collector.start(&ctx)(&mut evidence);
    }
    let before = read(&ctx, &mut evidence);
    let step = Duration::from_millis(100);
    while clock.boot().since(before.at).0 < nanos(length) && !cancel.requested() {
        clock.wait(step);
    }
    let after = read(&ctx, &mut evidence);
    SlabSeen {
        reclaimable: reclaimable(node, &after),
        before,
        after,
        census: evidence.cgroups,
        dying_memory: evidence.dying_memory,
        host: evidence.host,
    }
}

fn read(ctx: &Ctx<'_>, evidence: &mut Evidence) -> SlabAtOnce {
    let at = ctx.clock.boot();
    for collector in SLAB {
        collector.start(ctx)(evidence);
    }
    SlabAtOnce {
        at,
        slab: evidence.slab.clone(),
        dentries: evidence.dentries.clone(),
        meminfo: evidence.meminfo.clone(),
    }
}

/// `/sys/kernel/slab/NAME/reclaim_account`; a cache without one is not told.
fn reclaimable(node: &Node, reading: &SlabAtOnce) -> BTreeMap<String, bool> {
    let caches = reading.slab.value().map_or(&[][..], |slab| &slab.caches);
    let told = caches.iter().filter_map(|cache| {
        let path = format!("/sys/kernel/slab/{}/reclaim_account", cache.name);
        let text = node.text(&path).ok()?;
        Some((cache.name.clone(), text.trim() == "1"))
    });
    told.collect()
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{FakeClock, FakeNode};

    fn slabinfo(dentries: u64) -> String {
        format!(
            "slabinfo - version: 2.1\n# name\ndentry {dentries} {dentries} 192 21 1 : tunables\n"
        )
    }

    #[test]
    fn two_readings_are_as_far_apart_as_asked_for() {
        let fake = FakeNode::with_memory_v1("6.1.0", 3)
            .file("/proc/slabinfo", &slabinfo(100))
            .file("/proc/sys/fs/dentry-state", "100 50 45 0 10 0\n")
            .file("/proc/meminfo", "MemTotal: 1000 kB\nSlab: 10 kB\n")
            .file("/sys/kernel/slab/dentry/reclaim_account", "1\n");
        let clock = FakeClock::new().at(Duration::from_secs(5), || {
            fake.write("/proc/slabinfo", &slabinfo(300));
        });
        let seen = look_at_slab(
            &fake.node,
            &clock,
            &Cancel::default(),
            Duration::from_secs(10),
            Duration::from_secs(2),
            None,
        );
        let objects = |reading: &SlabAtOnce| {
            let slab = reading.slab.value().unwrap();
            slab.cache("dentry").unwrap().objects
        };
        assert_eq!((objects(&seen.before), objects(&seen.after)), (100, 300));
        assert!(seen.length().seconds() >= 10.0);
        assert_eq!(seen.reclaimable.get("dentry"), Some(&true));
        assert_eq!(seen.after.dentries.value().unwrap().negative, 10);
    }
}
