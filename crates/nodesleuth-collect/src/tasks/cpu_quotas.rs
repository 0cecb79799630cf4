//! CPU quotas that the target runs under, at both ends of the window.

use super::target_only;
use crate::collectors::{AtBothEnds, malformed, parsed};
use crate::{Ctx, Node};
use nodesleuth_model::evidence::{CgroupVersion, CpuQuota, CpuQuotas};
use nodesleuth_model::{Missing, MissingKind, Nanos};
use nodesleuth_parse::cgroup::{HierarchyMount, cpu_quota, hierarchies};
use nodesleuth_parse::proc::{mountinfo, pid_cgroup, single};

/// Fills `cpu_quotas`.
pub(super) static COLLECTOR: AtBothEnds<CpuQuotas> = AtBothEnds {
    name: "cpu quotas",
    read,
    field: |evidence| &mut evidence.cpu_quotas,
};

fn read(ctx: &Ctx<'_>) -> Result<CpuQuotas, Missing> {
    let pid = target_only::pid(ctx)?;
    let text = ctx.node.text(&format!("/proc/{pid}/cgroup"));
    let text = text.map_err(|error| target_only::missing(ctx, pid, error))?;
    let of_target = pid_cgroup::parse(&text).map_err(malformed)?;
    let mounts = parsed(ctx.node, "/proc/self/mountinfo", mountinfo::parse)?;
    let mounted = hierarchies(&mounts, &[]);
    let missing = || Missing::new(MissingKind::Absent, "no cgroup hierarchy of cpu is mounted");
    // On v1 the two controllers may be mounted apart; quotas are those of `cpu`.
    let cpu = carrier(&mounted, "cpu").ok_or_else(missing)?;
    let accounts = carrier(&mounted, "cpuacct").unwrap_or(cpu);
    let mut named = of_target.iter().filter(|(names, _)| match cpu.version {
        CgroupVersion::V2 => names.is_empty(),
        CgroupVersion::V1 => names.split(',').any(|name| name == "cpu"),
    });
    let (_, path) = named.next().ok_or_else(missing)?;
    let quotas = upwards(path).map(|cgroup| quota(ctx.node, cpu, accounts, cgroup));
    let groups = quotas.filter_map(Result::transpose);
    Ok(CpuQuotas {
        groups: groups.collect::<Result<_, _>>()?,
    })
}

/// The hierarchy that carries a controller: one of v1, else that of v2.
fn carrier<'m>(mounted: &'m [HierarchyMount], controller: &str) -> Option<&'m HierarchyMount> {
    let carries = |mount: &&HierarchyMount| mount.controllers.iter().any(|name| name == controller);
    let v2 = |mount: &&HierarchyMount| mount.version == CgroupVersion::V2;
    mounted
        .iter()
        .find(carries)
        .or_else(|| mounted.iter().find(v2))
}

/// The quota of one cgroup, where the mount shows it and it has one.
fn quota(
    node: &Node,
    cpu: &HierarchyMount,
    accounts: &HierarchyMount,
    cgroup: &str,
) -> Result<Option<CpuQuota>, Missing> {
    let Some(folder) = below(cpu, cgroup) else {
        return Ok(None);
    };
    let Some((quota, period)) = limit(node, cpu.version, &folder)? else {
        return Ok(None);
    };
    let stat = parsed(node, &format!("{folder}/cpu.stat"), cpu_quota::stat)?;
    let counter = |count: Option<u64>, name: &str| {
        let reason = || format!("{folder}/cpu.stat: no {name}");
        count.ok_or_else(|| Missing::new(MissingKind::Malformed, reason()))
    };
    Ok(Some(CpuQuota {
        quota,
        period,
        periods: counter(stat.periods, "nr_periods")?,
        throttled: counter(stat.throttled, "nr_throttled")?,
        throttled_time: stat.throttled_time.unwrap_or_default(),
        usage: match stat.usage {
            Some(usage) => usage,
            None => usage(node, accounts, cgroup)?,
        },
        cgroup: cgroup.to_owned(),
    }))
}

/// The cgroup itself and all above it, without the root, which has no quota.
fn upwards(path: &str) -> impl Iterator<Item = &str> {
    let own = Some(path.trim_end_matches('/'));
    std::iter::successors(own, |path| Some(path.rsplit_once('/')?.0))
        .filter(|path| !path.is_empty())
}

/// Its folder, where the mount shows it.
fn below(hierarchy: &HierarchyMount, cgroup: &str) -> Option<String> {
    let below = match hierarchy.root.as_str() {
        "/" => cgroup,
        root => cgroup.strip_prefix(root)?,
    };
    Some(format!("{}{below}", hierarchy.mount))
}

fn limit(
    node: &Node,
    version: CgroupVersion,
    folder: &str,
) -> Result<Option<(Nanos, Nanos)>, Missing> {
    let text = |file: &str| match node.text(&format!("{folder}/{file}")) {
        Ok(text) => Ok(Some(text)),
        // Without CFS bandwidth, or where v2 does not hand the controller down, there is no file
        // and no quota.
        Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Missing::from(error)),
    };
    match version {
        CgroupVersion::V2 => match text("cpu.max")? {
            Some(max) => cpu_quota::max(&max).map_err(malformed),
            None => Ok(None),
        },
        CgroupVersion::V1 => match (text("cpu.cfs_quota_us")?, text("cpu.cfs_period_us")?) {
            (Some(quota), Some(period)) => cpu_quota::cfs(&quota, &period).map_err(malformed),
            _ => Ok(None),
        },
    }
}

/// v1 accounts CPU time in a hierarchy that has the same paths.
fn usage(node: &Node, accounts: &HierarchyMount, cgroup: &str) -> Result<Nanos, Missing> {
    let folder = below(accounts, cgroup).ok_or_else(|| {
        Missing::new(
            MissingKind::Absent,
            format!("{cgroup} is not visible under {}", accounts.mount),
        )
    })?;
    let path = format!("{folder}/cpuacct.usage");
    parsed(node, &path, |text| single::number(text, "cpuacct.usage")).map(Nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use nodesleuth_model::Pid;

    fn look(fake: &FakeNode) -> Result<CpuQuotas, Missing> {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        read(&Ctx {
            target: Some(Pid(7)),
            ..fake.ctx(&clock, &cancel)
        })
    }

    fn v1(mounts: &str) -> FakeNode {
        FakeNode::new()
            .file("/proc/self/mountinfo", mounts)
            .file("/proc/7/stat", "")
            .file("/proc/7/cgroup", "2:cpu,cpuacct:/kubepods/pod1\n0::/x\n")
    }

    const CO_MOUNTED: &str =
        "35 31 0:32 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";

    #[test]
    fn a_quota_above_the_target_counts_and_the_unlimited_do_not() {
        let folder = "/sys/fs/cgroup/cpu,cpuacct/kubepods";
        let fake = v1(CO_MOUNTED)
            .file(&format!("{folder}/pod1/cpu.cfs_quota_us"), "-1\n")
            .file(&format!("{folder}/pod1/cpu.cfs_period_us"), "100000\n")
            .file(&format!("{folder}/cpu.cfs_quota_us"), "50000\n")
            .file(&format!("{folder}/cpu.cfs_period_us"), "100000\n")
            .file(
                &format!("{folder}/cpu.stat"),
                "nr_periods 40\nnr_throttled 12\nthrottled_time 9\n",
            )
            .file(&format!("{folder}/cpuacct.usage"), "777\n");
        let groups = look(&fake).unwrap().groups;
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].cgroup, "/kubepods");
        assert_eq!(
            (groups[0].quota, groups[0].usage),
            (Nanos(50_000_000), Nanos(777))
        );
        assert_eq!((groups[0].periods, groups[0].throttled), (40, 12));
    }

    #[test]
    fn v2_tells_all_in_one_file_and_a_part_of_the_tree_is_enough() {
        let mounts = "35 31 0:32 /kubepods /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
        let folder = "/sys/fs/cgroup/pod1";
        let fake = FakeNode::new()
            .file("/proc/self/mountinfo", mounts)
            .file("/proc/7/stat", "")
            .file("/proc/7/cgroup", "0::/kubepods/pod1\n")
            .file(&format!("{folder}/cpu.max"), "20000 100000\n")
            .file(
                &format!("{folder}/cpu.stat"),
                "usage_usec 5\nnr_periods 3\nnr_throttled 2\nthrottled_usec 1\n",
            );
        let groups = look(&fake).unwrap().groups;
        assert_eq!(
            (groups[0].quota, groups[0].usage),
            (Nanos(20_000_000), Nanos(5_000))
        );
    }

    #[test]
    fn no_hierarchy_and_a_target_that_ended_are_reasons() {
        let none = FakeNode::new()
            .file("/proc/self/mountinfo", "31 23 0:28 / / rw - ext4 x rw\n")
            .file("/proc/7/stat", "")
            .file("/proc/7/cgroup", "2:cpu:/\n");
        assert_eq!(look(&none).unwrap_err().kind, MissingKind::Absent);
        assert_eq!(
            look(&FakeNode::new()).unwrap_err().kind,
            MissingKind::TargetGone
        );
        assert_eq!(look(&v1(CO_MOUNTED)).unwrap().groups, []);
    }
}
