//! Which cgroup hierarchies are mounted where, from `/proc/PID/mountinfo` and `/proc/cgroups`.

use crate::proc::cgroups::Controller;
use crate::proc::mountinfo::Mount;
use nodesleuth_model::evidence::{CgroupMode, CgroupVersion};

/// Where hierarchies usually are.
const USUAL_PLACE: &str = "/sys/fs/cgroup";

/// Options of a v1 mount that are not controllers; those with `=` are told by their beginning.
const PLAIN_OPTIONS: &[&str] = &[
    "rw",
    "ro",
    "all",
    "none",
    "xattr",
    "noprefix",
    "clone_children",
    "cpuset_v2_mode",
    "favordynmods",
    "nofavordynmods",
    "seclabel",
    "__DEVEL__sane_behavior",
];

/// One mounted hierarchy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HierarchyMount {
    /// v1 (filesystem type `cgroup`) or v2 (`cgroup2`).
    pub version: CgroupVersion,
    /// Controllers bound to it, as the mount's options name them, `name=systemd` for a named one.
    /// Empty for v2: `cgroup.controllers` of its root lists them.
    pub controllers: Vec<String>,
    /// Where it is mounted.
    pub mount: String,
    /// Which cgroup is visible there: `/`, or less in a container or cgroup namespace.
    pub root: String,
}

/// Every mounted hierarchy once, in mount order.
///
/// A hierarchy that is mounted several times (containers bind parts of it) is taken where most of
/// it is visible, then where it usually is, then the first one. `controllers` may be empty when
/// `/proc/cgroups` could not be read; then every unknown option counts as a controller.
#[must_use]
pub fn hierarchies(mounts: &[Mount], controllers: &[Controller]) -> Vec<HierarchyMount> {
    let mut found: Vec<HierarchyMount> = Vec::new();
    for candidate in mounts
        .iter()
        .filter_map(|mount| hierarchy(mount, controllers))
    {
        match found.iter_mut().find(|known| same(known, &candidate)) {
            Some(known) if rank(&candidate) < rank(known) => *known = candidate,
            Some(_) => {}
            None => found.push(candidate),
        }
    }
    found
}

/// Which interface these hierarchies make; `None` when there are none.
#[must_use]
pub fn mode(hierarchies: &[HierarchyMount]) -> Option<CgroupMode> {
    let has = |version| hierarchies.iter().any(|mount| mount.version == version);
    match (has(CgroupVersion::V1), has(CgroupVersion::V2)) {
        (true, true) => Some(CgroupMode::Hybrid),
        (true, false) => Some(CgroupMode::V1),
        (false, true) => Some(CgroupMode::V2),
        (false, false) => None,
    }
}

fn hierarchy(mount: &Mount, controllers: &[Controller]) -> Option<HierarchyMount> {
    let (version, controllers) = match mount.fs_type.as_str() {
        "cgroup2" => (CgroupVersion::V2, Vec::new()),
        "cgroup" => (CgroupVersion::V1, bound(&mount.super_options, controllers)),
        _ => return None,
    };
    Some(HierarchyMount {
        version,
        controllers,
        mount: mount.mount_point.clone(),
        root: mount.root.clone(),
    })
}

fn bound(options: &str, controllers: &[Controller]) -> Vec<String> {
    options
        .split(',')
        .filter(|option| is_controller(option, controllers))
        .map(str::to_owned)
        .collect()
}

fn is_controller(option: &str, controllers: &[Controller]) -> bool {
    if option.starts_with("name=") {
        return true;
    }
    if controllers.is_empty() {
        return !option.is_empty() && !option.contains('=') && !PLAIN_OPTIONS.contains(&option);
    }
    controllers
        .iter()
        .any(|controller| controller.name == option)
}

fn same(a: &HierarchyMount, b: &HierarchyMount) -> bool {
    a.version == b.version
        && a.controllers.len() == b.controllers.len()
        && a.controllers
            .iter()
            .all(|name| b.controllers.contains(name))
}

/// Smaller is better.
fn rank(mount: &HierarchyMount) -> (bool, bool) {
    let usual = mount
        .mount
        .strip_prefix(USUAL_PLACE)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (mount.root != "/", !usual)
}

#[cfg(test)]
mod tests {
    use super::{HierarchyMount, hierarchies, mode};
    use crate::proc::{cgroups, mountinfo};
    use nodesleuth_model::evidence::{CgroupMode, CgroupVersion};

    const CONTROLLERS: &str = "\
#subsys_name	hierarchy	num_cgroups	enabled
cpu	1	1	1
cpuacct	2	1	1
memory	4	12	1
pids	8	1	1
";

    fn found(mounts: &str) -> Vec<HierarchyMount> {
        let controllers = cgroups::parse(CONTROLLERS).unwrap();
        hierarchies(&mountinfo::parse(mounts).unwrap(), &controllers)
    }

    fn v1(controllers: &[&str], mount: &str) -> HierarchyMount {
        HierarchyMount {
            version: CgroupVersion::V1,
            controllers: controllers.iter().map(|name| (*name).to_owned()).collect(),
            mount: mount.to_owned(),
            root: "/".to_owned(),
        }
    }

    #[test]
    fn a_hybrid_machine_has_both_kinds_in_mount_order() {
        let mounts = "\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,xattr,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/lib/systemd/systemd-cgroups-agent,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
";
        let all = found(mounts);
        assert_eq!(
            all[0],
            v1(&["cpu", "cpuacct"], "/sys/fs/cgroup/cpu,cpuacct")
        );
        assert_eq!(all[1], v1(&["memory"], "/sys/fs/cgroup/memory"));
        assert_eq!(all[2], v1(&["name=systemd"], "/sys/fs/cgroup/systemd"));
        assert_eq!(all[3].version, CgroupVersion::V2);
        assert!(all[3].controllers.is_empty());
        assert_eq!(mode(&all), Some(CgroupMode::Hybrid));
        assert_eq!(mode(&all[..3]), Some(CgroupMode::V1));
        assert_eq!(mode(&all[3..]), Some(CgroupMode::V2));
        assert_eq!(mode(&[]), None);
    }

    #[test]
    fn without_proc_cgroups_unknown_options_are_controllers() {
        let line = "35 31 0:32 / /m rw - cgroup cgroup rw,xattr,cpuset,noprefix,release_agent=/x\n";
        let mounts = mountinfo::parse(line).unwrap();
        assert_eq!(hierarchies(&mounts, &[]), [v1(&["cpuset"], "/m")]);
    }

    #[test]
    fn a_hierarchy_mounted_twice_is_taken_from_its_usual_place() {
        let mounts = "\
34 31 0:32 / /run/lxc/memory rw - cgroup cgroup rw,memory
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 31 0:32 / /var/lib/memory rw - cgroup cgroup rw,memory
";
        assert_eq!(found(mounts), [v1(&["memory"], "/sys/fs/cgroup/memory")]);
    }

    #[test]
    fn a_mount_that_shows_the_whole_hierarchy_wins_over_a_part() {
        let mounts = "\
35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 31 0:32 / /host/sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
";
        assert_eq!(
            found(mounts),
            [v1(&["memory"], "/host/sys/fs/cgroup/memory")]
        );
        let only_part = found(mounts.lines().next().unwrap());
        assert_eq!(only_part[0].root, "/docker/abc");
    }

    #[test]
    fn co_mounted_controllers_are_one_hierarchy_in_any_order() {
        let mounts = "\
35 31 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
36 31 0:32 / /cgroup rw - cgroup cgroup rw,cpuacct,cpu
";
        assert_eq!(found(mounts).len(), 1);
    }

    #[test]
    fn a_folder_that_only_begins_like_the_usual_place_is_not_it() {
        let mounts = "\
35 31 0:32 / /a rw - cgroup2 cgroup2 rw
36 31 0:32 / /sys/fs/cgroup-old rw - cgroup2 cgroup2 rw
37 31 0:32 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
";
        assert_eq!(found(mounts)[0].mount, "/sys/fs/cgroup");
    }
}
