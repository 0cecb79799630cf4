//! What the cost of slow files depends on, read from the node in three small files.

use super::predict::NodeSize;
use crate::Node;
use crate::census::mounted;
use crate::collectors::parsed;
use nodesleuth_model::evidence::CgroupVersion;
use nodesleuth_parse::cgroup::stat;
use nodesleuth_parse::proc::{cgroups, cpu_list};

/// Where the number of memory cgroups cannot be had: as many as the kernel has ids for.
const MOST_CGROUPS: u64 = 65_535;
/// Where the number of CPUs cannot be had.
const MANY_CPUS: u32 = 64;

impl NodeSize {
    /// This node's; what cannot be read is assumed large.
    pub(crate) fn of(node: &Node) -> Self {
        let release = node.text("/proc/sys/kernel/osrelease").unwrap_or_default();
        let possible = parsed(node, "/sys/devices/system/cpu/possible", cpu_list::count);
        Self {
            kernel_release: release.trim().to_owned(),
            memory_cgroups: memory_cgroups(node).unwrap_or(MOST_CGROUPS),
            possible_cpus: possible.unwrap_or(MANY_CPUS),
        }
    }
}

fn memory_cgroups(node: &Node) -> Option<u64> {
    let hierarchies = mounted(node).ok()?;
    let memory = hierarchies
        .iter()
        .find(|hierarchy| hierarchy.entry().has("memory"))?
        .entry();
    match memory.version {
        CgroupVersion::V1 => {
            let table = parsed(node, "/proc/cgroups", cgroups::parse).ok()?;
            table
                .iter()
                .find(|row| row.name == "memory")
                .map(|row| row.num_cgroups)
        }
        CgroupVersion::V2 => {
            let path = format!("{}/cgroup.stat", memory.mount);
            let stat = parsed(node, &path, stat::parse).ok()?;
            Some(
                stat.nr_descendants
                    .saturating_add(stat.nr_dying_descendants),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    #[test]
    fn an_unreadable_node_is_assumed_old_and_large() {
        let size = NodeSize::of(&FakeNode::new().node);
        assert_eq!(
            (size.memory_cgroups, size.possible_cpus),
            (MOST_CGROUPS, MANY_CPUS)
        );
        assert_eq!(size.kernel_release, "");
    }

    #[test]
    fn dying_cgroups_count_on_v1_and_v2() {
        let v1 = FakeNode::with_memory_v1("5.10.0", 20_031);
        assert_eq!(NodeSize::of(&v1.node).memory_cgroups, 20_031);
        let v2 = FakeNode::new()
            .file(
                "/proc/self/mountinfo",
                "41 31 0:38 / /cg rw - cgroup2 cgroup2 rw\n",
            )
            .file("/cg/cgroup.controllers", "memory\n")
            .file(
                "/cg/cgroup.stat",
                "nr_descendants 31\nnr_dying_descendants 20000\n",
            );
        assert_eq!(NodeSize::of(&v2.node).memory_cgroups, 20_031);
    }
}
