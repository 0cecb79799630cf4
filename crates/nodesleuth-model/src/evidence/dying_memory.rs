//! What dying cgroups hold: memory by the lowest visible cgroup that they are below.
//!
//! No file names a dying cgroup. What its parent counts for itself and everything below, and
//! neither the parent's own part nor a visible child explains, belongs to dying ones.

use crate::units::{Bytes, Nanos};
use serde::{Deserialize, Serialize};

/// Kernel memory of one dying memory cgroup without its part for each possible CPU, and that part:
/// 14.1 KiB with two CPUs, 4.1 KiB of it per CPU structures (20,000 of them, Linux 6.18).
const KERNEL_BYTES_EACH: u64 = 10 << 10;
const KERNEL_BYTES_EACH_CPU: u64 = 2 << 10;

/// Kernel memory that so many dying memory cgroups occupy themselves, apart from what they pin.
/// Measured with two possible CPUs and extrapolated: 20,000 with 64 CPUs took 2.5–3.7 GB, for
/// which this says 2.8 GB.
#[must_use]
pub fn kernel_memory_of_dying(dying: u64, possible_cpus: u32) -> Bytes {
    let each = KERNEL_BYTES_EACH + KERNEL_BYTES_EACH_CPU * u64::from(possible_cpus);
    Bytes(dying.saturating_mul(each))
}

/// Changes that the kernel lets a CPU keep to itself before its statistics of a cgroup must show
/// them, in pages (`MEMCG_CHARGE_BATCH`).
const PAGES_A_CPU: u64 = 64;

/// What a cgroup's statistics may be wrong by: smaller changes than this are shown up to two seconds
/// late (1.1 to 1.2 s were measured on 6.18; from there on at once).
#[must_use]
pub fn statistics_lag(online_cpus: u32, page_size: u64) -> Bytes {
    Bytes(PAGES_A_CPU * u64::from(online_cpus) * page_size)
}

/// Memory that dying cgroups hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DyingMemory {
    /// Which files told.
    pub method: DyingMemoryMethod,
    /// Cgroups whose own children are dying and hold memory, most bytes first; a few dozen at most.
    pub holders: Vec<DyingHolder>,
    /// Bytes of all holders, also of those that are not listed.
    pub total: Bytes,
    /// Cgroups whose numbers were read.
    pub cgroups_read: u64,
    /// True when the budget ended before every cgroup was looked at: the total is a lower bound.
    pub partial: bool,
    /// CPU time that it took.
    pub cost: Nanos,
}

/// Which files told what dying cgroups hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DyingMemoryMethod {
    /// v1 `memory.stat`: (total_cache + total_rss) − (cache + rss) − those of the children. Page
    /// cache, tmpfs and anonymous memory; no slab.
    #[default]
    MemoryStat,
    /// v1 `memory.usage_in_bytes` − those of the children, below the root, where `memory.stat` is
    /// too slow. Slab included; a cgroup's own pages cannot be told apart, so only cgroups without
    /// a process count.
    UsageInBytes,
    /// v2 `memory.stat`, file + anon − those of the children, where `cgroup.stat` counts dying
    /// ones. No slab. What the cgroup itself was charged for cannot be told apart; one with
    /// children has no process.
    MemoryStatV2,
    /// v2 `memory.current` in the same way, where `memory.stat` is too slow. Slab included.
    MemoryCurrent,
}

impl DyingMemoryMethod {
    /// How to say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MemoryStat => {
                "memory.stat: total_cache + total_rss, less cache + rss, less the children's totals"
            }
            Self::UsageInBytes => {
                "memory.usage_in_bytes less the children's, of cgroups without a process"
            }
            Self::MemoryStatV2 => {
                "memory.stat: file + anon less the children's, where cgroup.stat counts dying ones"
            }
            Self::MemoryCurrent => {
                "memory.current less the children's, where cgroup.stat counts dying ones"
            }
        }
    }
}

/// A visible cgroup whose own children are dying and hold memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DyingHolder {
    /// Path below the mount; "" is the root.
    pub path: String,
    /// Bytes that its dying children hold; absent where v2 counts dying children and no file says
    /// what they hold (the root).
    pub bytes: Option<Bytes>,
    /// How far two readings were apart; absent where it was read once.
    pub spread: Option<Bytes>,
    /// tmpfs and shared memory among them, which only deleting the files frees.
    pub shmem: Option<Bytes>,
    /// Dirty page cache among them, which has to be written before it can be freed.
    pub dirty: Option<Bytes>,
    /// Kernel memory charged to it and its dying children: nearly all of it theirs where it has
    /// no process of its own. v1 `memory.kmem.usage_in_bytes`, v2 `kernel` of `memory.stat` (since
    /// 5.18), less the children's.
    pub kernel: Option<Bytes>,
    /// Dying children by `cgroup.stat` (v2).
    pub dying: Option<u64>,
    /// Visible children.
    pub live_children: u64,
}

impl DyingMemory {
    /// The lowest cgroup below which at least `share` (0 to 1) of the bytes are held, and these
    /// bytes. `None` when nothing is held.
    #[must_use]
    pub fn lowest_holding(&self, share: f64) -> Option<(&str, Bytes)> {
        let wanted = self.total.0 as f64 * share;
        let mut best: Option<(&str, Bytes)> = None;
        for holder in &self.holders {
            for path in ancestors(&holder.path) {
                let bytes = self.below(path);
                if bytes.0 == 0 || (bytes.0 as f64) < wanted {
                    continue;
                }
                let deeper = best.is_none_or(|(known, _)| depth(path) > depth(known));
                if deeper {
                    best = Some((path, bytes));
                }
            }
        }
        best
    }

    /// Bytes held by holders at or below this cgroup.
    #[must_use]
    pub fn below(&self, path: &str) -> Bytes {
        let at_or_below = |other: &str| {
            other
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let held = self
            .holders
            .iter()
            .filter(|holder| at_or_below(&holder.path));
        Bytes(held.filter_map(|holder| Some(holder.bytes?.0)).sum())
    }
}

/// The path and all above it, down to "".
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| Some(&path[..path.rfind('/')?]))
}

fn depth(path: &str) -> usize {
    path.matches('/').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(holders: &[(&str, u64)]) -> DyingMemory {
        DyingMemory {
            holders: holders
                .iter()
                .map(|(path, bytes)| DyingHolder {
                    path: (*path).to_owned(),
                    bytes: Some(Bytes(*bytes)),
                    ..DyingHolder::default()
                })
                .collect(),
            total: Bytes(holders.iter().map(|(_, bytes)| bytes).sum()),
            ..DyingMemory::default()
        }
    }

    #[test]
    fn the_lowest_cgroup_that_holds_most_is_named() {
        let one = held(&[("/kubepods/besteffort", 95), ("/system.slice", 5)]);
        assert_eq!(
            one.lowest_holding(0.9),
            Some(("/kubepods/besteffort", Bytes(95)))
        );
        let spread = held(&[
            ("/kubepods/besteffort/pod1", 50),
            ("/kubepods/besteffort/pod2", 45),
            ("/kubepods-other", 5),
        ]);
        assert_eq!(
            spread.lowest_holding(0.9),
            Some(("/kubepods/besteffort", Bytes(95)))
        );
        let apart = held(&[("/a/b", 50), ("/c", 50)]);
        assert_eq!(apart.lowest_holding(0.9), Some(("", Bytes(100))));
        assert_eq!(held(&[]).lowest_holding(0.9), None);
    }

    #[test]
    fn kernel_memory_grows_with_possible_cpus() {
        // 289,132,544 bytes were measured for 20,000 with two CPUs.
        let measured = 289_132_544.0;
        let with_two = kernel_memory_of_dying(20_000, 2).0 as f64;
        assert!((0.95..1.05).contains(&(with_two / measured)), "{with_two}");
        let with_64 = kernel_memory_of_dying(20_000, 64).0;
        assert!((2_500_000_000..3_700_000_000).contains(&with_64));
    }
}
