//! The collectors, one file each.
//!
//! The runner finishes them in the order in which they stand here: readings that belong to the
//! window's end first, then the dearer looks at the node, each of which may use what the ones
//! before it found.

mod audit;
mod cgroup_growth;
mod cgroup_scan;
mod cgroups;
mod dentries;
mod dying_memory;
mod host;
mod interrupts;
mod kernel_settings;
mod machine_cpu;
mod meminfo;
mod mounts;
mod packet_rules;
mod pressure;
mod shape;
mod slab;
mod softirqs;
mod softnet;
mod timed_reads;
mod vmstat;

pub(crate) use host::{COLLECTOR as HOST, in_cgroup_namespace};
pub(crate) use shape::{AtBothEnds, Once, malformed, parsed};

use crate::Collector;
use crate::syscalls::SyscallsCollector;
use crate::tasks::KERNEL_HANDLES;

/// Cheap readings of the node. All together cost a few milliseconds.
pub static ALL: &[&dyn Collector] = &[
    &machine_cpu::COLLECTOR,
    &softirqs::COLLECTOR,
    &softnet::COLLECTOR,
    &interrupts::COLLECTOR,
    &vmstat::COLLECTOR,
    &pressure::COLLECTOR,
    &meminfo::COLLECTOR,
    &dentries::COLLECTOR,
    &host::COLLECTOR,
    &kernel_settings::COLLECTOR,
    &audit::COLLECTOR,
    &packet_rules::COLLECTOR,
    &mounts::COLLECTOR,
];

/// Looks that are taken once the window is closed. System calls first: what the others read would
/// change what the target's own calls cost; then the cheapest first.
pub static PROBES: &[&dyn Collector] = &[
    &SyscallsCollector,
    &cgroups::COLLECTOR,
    &timed_reads::TimedReadsCollector,
    &dying_memory::DyingMemoryCollector,
    KERNEL_HANDLES,
    &slab::SlabCollector,
    &cgroup_scan::CgroupScanCollector,
    &cgroup_growth::CgroupGrowthCollector,
];

/// The part of them that a look at the cgroups alone needs.
pub(crate) static CGROUPS: &[&dyn Collector] = &[
    &host::COLLECTOR,
    &cgroups::COLLECTOR,
    &timed_reads::TimedReadsCollector,
];

/// What dying cgroups hold, of the whole tree; it takes what the looks above saw.
pub(crate) static DYING_MEMORY: &dyn Collector = &dying_memory::DyingMemoryCollector;

/// Memory and what the kernel's caches take of it.
pub(crate) static SLAB: &[&dyn Collector] = &[
    &meminfo::COLLECTOR,
    &dentries::COLLECTOR,
    &slab::SlabCollector,
];

/// What states of the node can be told at one moment: what `nodesleuth kernel` shows beside the
/// table of defects.
pub(crate) static STATES: &[&dyn Collector] = &[
    &meminfo::COLLECTOR,
    &dentries::COLLECTOR,
    &kernel_settings::COLLECTOR,
    &audit::COLLECTOR,
    &packet_rules::COLLECTOR,
    &mounts::COLLECTOR,
    KERNEL_HANDLES,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = ALL
            .iter()
            .chain(PROBES)
            .map(|collector| collector.name())
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
