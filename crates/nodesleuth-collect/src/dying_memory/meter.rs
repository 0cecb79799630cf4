//! Reads one cgroup's numbers in the way that was chosen.

use crate::Node;
use crate::census::holds_others;
use crate::collectors::parsed;
use nodesleuth_model::evidence::DyingMemoryMethod;
use nodesleuth_model::{Missing, MissingKind};
use nodesleuth_parse::cgroup::memory_stat::{MemoryBytes, parse_v1, parse_v2};
use nodesleuth_parse::cgroup::stat;

/// Bytes that are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    /// What is compared.
    pub(super) bytes: u64,
    pub(super) shmem: Option<u64>,
    pub(super) dirty: Option<u64>,
    pub(super) kernel: Option<u64>,
}

impl Amounts {
    fn of(bytes: &MemoryBytes) -> Self {
        Self {
            bytes: bytes.charged().map_or(0, |charged| charged.0),
            shmem: bytes.shmem.map(|bytes| bytes.0),
            dirty: bytes.dirty.map(|bytes| bytes.0),
            kernel: None,
        }
    }

    /// What is left without `other`; a part that either does not know is not known.
    pub(super) fn less(&self, other: &Self) -> Self {
        let part = |mine: Option<u64>, others: Option<u64>| Some(mine?.saturating_sub(others?));
        Self {
            bytes: self.bytes.saturating_sub(other.bytes),
            shmem: part(self.shmem, other.shmem),
            dirty: part(self.dirty, other.dirty),
            kernel: part(self.kernel, other.kernel),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        let part = |mine: Option<u64>, others: Option<u64>| Some(mine?.saturating_add(others?));
        *self = Self {
            bytes: self.bytes.saturating_add(other.bytes),
            shmem: part(self.shmem, other.shmem),
            dirty: part(self.dirty, other.dirty),
            kernel: part(self.kernel, other.kernel),
        };
    }

    /// Nothing, of which every part is known.
    pub(super) const NOTHING: Self = Self {
        bytes: 0,
        shmem: Some(0),
        dirty: Some(0),
        kernel: Some(0),
    };
}

/// One cgroup's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// With everything below; absent where no file says it.
    pub(super) total: Option<Amounts>,
    /// Its own, as far as it can be told apart.
    pub(super) own: Amounts,
    /// Dying cgroups below it, where they are counted.
    pub(super) dying: Option<u64>,
}

impl Figures {
    /// How much there is below it to be explained: bytes, or dying cgroups where those are
    /// counted. Where nothing tells, everything.
    pub(super) fn unexplained(&self) -> u64 {
        match (self.dying, self.total) {
            (Some(dying), _) => dying,
            (None, Some(total)) => total.less(&self.own).bytes,
            (None, None) => u64::MAX,
        }
    }
}

/// Reads cgroups below a mount in one way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter<'a> {
    pub(super) node: &'a Node,
    pub(super) mount: &'a str,
    pub(super) method: DyingMemoryMethod,
}

impl Meter<'_> {
    /// A cgroup's numbers; `path` is below the mount, "" the root.
    pub(super) fn read(&self, path: &str) -> Result<Figures, Missing> {
        match self.method {
            DyingMemoryMethod::MemoryStat => self.stat_v1(path),
            DyingMemoryMethod::UsageInBytes => self.usage(path),
            DyingMemoryMethod::MemoryStatV2 | DyingMemoryMethod::MemoryCurrent => self.v2(path),
        }
    }

    /// Whether what is unexplained here may be put down to dying children.
    pub(super) fn may_hold(&self, path: &str, leaf: bool) -> bool {
        match self.method {
            DyingMemoryMethod::MemoryStat
            | DyingMemoryMethod::MemoryStatV2
            | DyingMemoryMethod::MemoryCurrent => true,
            // Its own part is not known: it must have no process, and without a visible child be
            // one that is there for others, or else it is what its own processes left behind.
            DyingMemoryMethod::UsageInBytes => {
                let name = path.rsplit('/').next().unwrap_or_default();
                !path.is_empty() && (!leaf || holds_others(name)) && self.has_no_process(path)
            }
        }
    }

    /// v1 kernel memory of a cgroup and everything below; what is wrong with it is not told, the
    /// number is only beside the point.
    pub(super) fn kernel_v1(&self, path: &str) -> Option<u64> {
        if !matches!(
            self.method,
            DyingMemoryMethod::MemoryStat | DyingMemoryMethod::UsageInBytes
        ) {
            return None;
        }
        self.counter(path, "memory.kmem.usage_in_bytes").ok()
    }

    fn file(&self, path: &str, name: &str) -> String {
        format!("{}{path}/{name}", self.mount)
    }

    fn stat_v1(&self, path: &str) -> Result<Figures, Missing> {
        let stat = parsed(self.node, &self.file(path, "memory.stat"), parse_v1)?;
        Ok(Figures {
            total: Some(Amounts::of(&stat.total)),
            own: Amounts::of(&stat.own),
            dying: None,
        })
    }

    /// The root's is added up over all cgroups on kernels that walk: it is left alone.
    fn usage(&self, path: &str) -> Result<Figures, Missing> {
        if path.is_empty() {
            return Ok(Figures::default());
        }
        let bytes = self.counter(path, "memory.usage_in_bytes")?;
        Ok(Figures {
            total: Some(Amounts {
                bytes,
                ..Amounts::default()
            }),
            ..Figures::default()
        })
    }

    fn v2(&self, path: &str) -> Result<Figures, Missing> {
        let stat = parsed(self.node, &self.file(path, "cgroup.stat"), stat::parse)?;
        let of_memory = stat.nr_dying_subsys.get("memory").copied();
        let dying = of_memory.unwrap_or(stat.nr_dying_descendants);
        // The root has processes of its own that no file tells apart. Bytes of a cgroup without
        // dying ones below are needed for its parent's rest.
        let total = match self.method {
            _ if path.is_empty() => None,
            DyingMemoryMethod::MemoryStatV2 => {
                let stat = parsed(self.node, &self.file(path, "memory.stat"), parse_v2)?;
                Some(Amounts {
                    kernel: stat.kernel.map(|bytes| bytes.0),
                    ..Amounts::of(&stat.total)
                })
            }
            _ => Some(Amounts {
                bytes: self.counter(path, "memory.current")?,
                ..Amounts::default()
            }),
        };
        Ok(Figures {
            total,
            own: Amounts::NOTHING,
            dying: Some(dying),
        })
    }

    fn counter(&self, path: &str, name: &str) -> Result<u64, Missing> {
        let file = self.file(path, name);
        let text = self.node.text(&file)?;
        text.trim().parse().map_err(|_| {
            let reason = format!("{file}: expected a number of bytes");
            Missing::new(MissingKind::Malformed, reason)
        })
    }

    fn has_no_process(&self, path: &str) -> bool {
        let processes = self.node.text(&self.file(path, "cgroup.procs"));
        processes.is_ok_and(|text| text.trim().is_empty())
    }
}
