//! Which files a statistics collector reads in every cgroup, by controller.

use nodesleuth_model::evidence::{CgroupVersion, Hierarchy};
use std::ffi::CStr;

/// Files of one controller.
struct Owned {
    controller: &'static str,
    files: &'static [&'static CStr],
}

/// What cAdvisor and runc read on v1.
const V1: &[Owned] = &[
    Owned {
        controller: "memory",
        files: &[
            c"memory.stat",
            c"memory.numa_stat",
            c"memory.usage_in_bytes",
            c"memory.max_usage_in_bytes",
            c"memory.failcnt",
            c"memory.limit_in_bytes",
        ],
    },
    Owned {
        controller: "cpuacct",
        files: &[c"cpuacct.usage", c"cpuacct.usage_percpu", c"cpuacct.stat"],
    },
    Owned {
        controller: "cpu",
        files: &[c"cpu.stat"],
    },
    Owned {
        controller: "pids",
        files: &[c"pids.current", c"pids.max"],
    },
];

/// The same on v2; "" are the files of every cgroup.
const V2: &[Owned] = &[
    Owned {
        controller: "",
        files: &[c"cpu.stat", c"cgroup.procs"],
    },
    Owned {
        controller: "memory",
        files: &[
            c"memory.stat",
            c"memory.numa_stat",
            c"memory.current",
            c"memory.max",
            c"memory.swap.current",
            c"memory.events",
        ],
    },
    Owned {
        controller: "cpu",
        files: &[c"cpu.max"],
    },
    Owned {
        controller: "io",
        files: &[c"io.stat"],
    },
    Owned {
        controller: "pids",
        files: &[c"pids.current", c"pids.max"],
    },
];

/// The files that are read in cgroups of this hierarchy.
pub(super) fn of(hierarchy: &Hierarchy) -> Vec<&'static CStr> {
    let table = match hierarchy.version {
        CgroupVersion::V1 => V1,
        // A v2 hierarchy without controllers beside v1 ones has nothing that collectors read.
        CgroupVersion::V2 if hierarchy.controllers.is_empty() => return Vec::new(),
        CgroupVersion::V2 => V2,
    };
    let bound = |owned: &&Owned| owned.controller.is_empty() || hierarchy.has(owned.controller);
    table
        .iter()
        .filter(bound)
        .flat_map(|owned| owned.files.iter().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(version: CgroupVersion, controllers: &[&str]) -> usize {
        let controllers = controllers.iter().map(|&name| name.to_owned()).collect();
        of(&Hierarchy {
            version,
            controllers,
            ..Hierarchy::default()
        })
        .len()
    }

    #[test]
    fn each_version_has_twelve_files_in_all() {
        assert_eq!(
            files(CgroupVersion::V1, &["cpu", "cpuacct", "memory", "pids"]),
            12
        );
        assert_eq!(
            files(CgroupVersion::V2, &["cpu", "io", "memory", "pids"]),
            12
        );
    }

    #[test]
    fn only_bound_controllers_have_files() {
        assert_eq!(files(CgroupVersion::V1, &["pids"]), 2);
        assert_eq!(files(CgroupVersion::V1, &["name=systemd"]), 0);
        assert_eq!(files(CgroupVersion::V2, &[]), 0);
    }
}
