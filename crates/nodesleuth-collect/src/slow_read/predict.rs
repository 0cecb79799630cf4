//! What reading a statistics file of the memory controller costs, before it is read.
//!
//! Old kernels add up every cgroup below the one that is read, dying ones included, each time.
//! The prediction decides only whether and how long a read is risked; what a kernel really does
//! is measured. So it errs upwards, and vendor kernels are judged by their base release unless
//! their own packages are known.

use nodesleuth_model::Nanos;

/// One memory cgroup on one possible CPU, for `memory.stat` of kernels that walk the tree once a
/// counter: 1,311 ms for 20,031 cgroups and 64 CPUs on 4.15, less for fewer (`kernel.md` §7).
const PER_CGROUP_AND_CPU: f64 = 1_050.0;
/// The part that does not shrink with the CPUs: with one CPU 62 ms for the same 20,031 cgroups,
/// which is what three CPUs would cost.
const LEAST_CPUS: u32 = 3;
/// The same for kernels that walk the tree once: 21.7 ms for 20,031 cgroups on 4.19, whatever the
/// number of CPUs (the counters are kept per cgroup since 4.16). A 64th of the above at 64 CPUs.
const PER_CGROUP_ONE_WALK: f64 = 1_080.0;
/// `memory.numa_stat` against `memory.stat`: 0.05 with 64 CPUs, 0.51 with one, both at 20,000.
const NUMA_STAT_SHARE: f64 = 0.5;
/// `memory.usage_in_bytes` of the root against `memory.stat`: 147 ms of 1,311 ms at 20,000.
const USAGE_SHARE: f64 = 0.12;
/// v1 `memory.numa_stat` from 5.2 to 5.7 still walks, per CPU: 177 ms under emulation on one CPU
/// for 20,000, that is 8.8 µs a cgroup.
const NUMA_STAT_LEAST_CPUS: u32 = 9;
/// Any of these files when it is not walked for; a leaf costs this on every kernel (12–95 µs).
const FLAT: f64 = 50_000.0;
/// `/proc/slabinfo` with a few hundred caches: 1.8 ms.
const SLABINFO: f64 = 2_000_000.0;
/// Before 5.9 each memory cgroup, also a dying one, has kmem caches of its own, which slabinfo
/// adds up. Assumed, not measured: ten caches a cgroup, 0.2 µs each.
const SLABINFO_PER_CGROUP: f64 = 2_000.0;

/// What a file's cost depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// `/proc/slabinfo`.
    Slabinfo,
    /// `memory.usage_in_bytes`.
    Usage,
    /// v1 `memory.numa_stat`.
    NumaStat,
    /// `memory.stat`, and `memory.numa_stat` of v2.
    Stat,
}

/// Whether something is below the cgroup whose file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Nothing is: no walk on any kernel.
    Leaf,
    /// Something is, how much of it dying nobody knows: all of it is assumed.
    Subtree,
}

/// How a kernel makes up these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    /// One walk a counter, and each cgroup's counters are summed over the CPUs.
    PerCounterAndCpu,
    /// One walk.
    Once,
    /// `memory.stat` is kept up to date on write; v1 `memory.numa_stat` still walks.
    OnlyNumaStat,
    /// Nothing walks.
    Never,
}

impl Walk {
    fn of(release: &str) -> Self {
        let mut numbers = release
            .split(|c: char| !c.is_ascii_digit())
            .map(str::parse::<u32>);
        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
        match (next(), next()) {
            (4, 18) if release.contains(".el8") => Self::of_el8(release),
            version if version < (4, 19) => Self::PerCounterAndCpu,
            version if version < (5, 2) => Self::Once,
            version if version < (5, 8) => Self::OnlyNumaStat,
            _ => Self::Never,
        }
    }

    /// RHEL 8: one walk since 4.18.0-111, none for `memory.stat` in 4.18.0-240 (8.3).
    fn of_el8(release: &str) -> Self {
        let build = release
            .split('-')
            .nth(1)
            .and_then(|rest| rest.split('.').next());
        match build.and_then(|build| build.parse::<u32>().ok()) {
            Some(240..) => Self::OnlyNumaStat,
            Some(111..) => Self::Once,
            _ => Self::PerCounterAndCpu,
        }
    }
}

/// What the predictions depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeSize {
    /// `uname -r`; an unreadable one counts as old.
    pub(crate) kernel_release: String,
    /// Memory cgroups, live and dying.
    pub(crate) memory_cgroups: u64,
    /// Possible CPUs.
    pub(crate) possible_cpus: u32,
}

impl NodeSize {
    /// What one read is expected to cost.
    pub(crate) fn cost(&self, kind: FileKind, scope: Scope) -> Nanos {
        let nanos = match (kind, scope) {
            (FileKind::Slabinfo, _) => self.slabinfo(),
            (_, Scope::Leaf) => FLAT,
            (_, Scope::Subtree) => FLAT + self.memory_cgroups as f64 * self.per_cgroup(kind),
        };
        Nanos(nanos as u64)
    }

    fn per_cgroup(&self, kind: FileKind) -> f64 {
        let share = match kind {
            FileKind::Usage => USAGE_SHARE,
            FileKind::NumaStat => NUMA_STAT_SHARE,
            FileKind::Stat | FileKind::Slabinfo => 1.0,
        };
        match Walk::of(&self.kernel_release) {
            Walk::PerCounterAndCpu => PER_CGROUP_AND_CPU * self.cpus(LEAST_CPUS) * share,
            // Usage and numa_stat were not measured there: no less than memory.stat is assumed.
            Walk::Once => PER_CGROUP_ONE_WALK,
            Walk::OnlyNumaStat if kind == FileKind::NumaStat => {
                PER_CGROUP_AND_CPU * self.cpus(NUMA_STAT_LEAST_CPUS)
            }
            Walk::OnlyNumaStat | Walk::Never => 0.0,
        }
    }

    fn cpus(&self, least: u32) -> f64 {
        f64::from(self.possible_cpus.max(least))
    }

    fn slabinfo(&self) -> f64 {
        match Walk::of(&self.kernel_release) {
            Walk::Never => SLABINFO,
            _ => SLABINFO + self.memory_cgroups as f64 * SLABINFO_PER_CGROUP,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(release: &str, cgroups: u64, cpus: u32, kind: FileKind) -> f64 {
        let size = NodeSize {
            kernel_release: release.to_owned(),
            memory_cgroups: cgroups,
            possible_cpus: cpus,
        };
        size.cost(kind, Scope::Subtree).0 as f64 / 1e6
    }

    #[test]
    fn the_measured_table_is_met_within_a_tenth() {
        let stat = |release, cgroups, cpus| milliseconds(release, cgroups, cpus, FileKind::Stat);
        for (predicted, measured) in [
            (stat("4.15.15", 20_031, 64), 1311.0),
            (stat("4.15.15", 5_031, 64), 330.0),
            (stat("4.15.15", 20_031, 1), 62.0),
            (stat("4.19.0", 20_031, 64), 21.7),
            (milliseconds("4.15.15", 20_031, 64, FileKind::Usage), 147.0),
        ] {
            assert!(
                (0.9..1.2).contains(&(predicted / measured)),
                "{predicted} for {measured}"
            );
        }
    }

    #[test]
    fn a_kernel_that_keeps_the_totals_costs_the_same_however_many_cgroups() {
        for release in ["5.10.0-13-amd64", "6.18.44", "4.18.0-240.el8.x86_64"] {
            assert_eq!(
                milliseconds(release, 100_000, 64, FileKind::Stat),
                0.05,
                "{release}"
            );
        }
        assert!(milliseconds("5.4.0-216-generic", 20_000, 1, FileKind::NumaStat) > 100.0);
        assert_eq!(milliseconds("5.8.0", 20_000, 64, FileKind::NumaStat), 0.05);
    }

    #[test]
    fn old_and_unknown_kernels_are_expected_to_walk() {
        for release in [
            "",
            "3.10.0-1160.el7.x86_64",
            "4.18.0-80.el8.x86_64",
            "nonsense",
        ] {
            assert!(
                milliseconds(release, 20_000, 64, FileKind::Stat) > 1000.0,
                "{release}"
            );
        }
        // Sorts after 4.18.0-192.2.el8, which has the fix, and lacks it: it walks once.
        let el8_2 = milliseconds("4.18.0-193.28.1.el8_2.x86_64", 20_000, 64, FileKind::Stat);
        assert!((10.0..100.0).contains(&el8_2), "{el8_2}");
    }

    #[test]
    fn a_leaf_is_flat_on_every_kernel() {
        let size = NodeSize {
            kernel_release: "4.4.0".to_owned(),
            memory_cgroups: 60_000,
            possible_cpus: 128,
        };
        assert_eq!(size.cost(FileKind::Stat, Scope::Leaf), Nanos(50_000));
    }
}
