//! Goes from the root to where bytes are unexplained, most first.

use super::meter::{Amounts, Figures, Meter};
use crate::census::walk::{Subdirectory, subdirectories};
use crate::{Cancel, cpu_time};
use nodesleuth_model::evidence::{DyingHolder, DyingMemory, DyingMemoryMethod};
use nodesleuth_model::{Bytes, Missing, MissingKind, Nanos};
use std::collections::BinaryHeap;

/// Holders that are told; those beyond still count in the total.
const KEPT: usize = 32;
/// Less is not told: a page, the unit of what is counted.
const LEAST: u64 = 4096;
/// Counters are charged in advance, a batch of pages at a time: 64 of them since 5.17, 32 before.
const LEAST_OF_COUNTERS: u64 = 64 * 4096;

/// When to stop.
pub(super) struct Limits<'a> {
    pub(super) cpu_until: Nanos,
    pub(super) cancel: &'a Cancel,
}

impl Limits<'_> {
    fn are_reached(&self) -> bool {
        self.cancel.requested() || cpu_time::of_this_thread() > self.cpu_until
    }
}

/// A cgroup whose numbers are known and whose children have not been looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    /// Compared first.
    unexplained: u64,
    path: String,
    leaf: bool,
}

/// A cgroup and what its visible children do not explain.
struct Rest {
    amounts: Option<Amounts>,
    dying: Option<u64>,
    children: Vec<(Subdirectory, Figures)>,
    /// Not every child could be read.
    partial: bool,
}

pub(super) struct Search<'a> {
    meter: &'a Meter<'a>,
    limits: &'a Limits<'a>,
    found: DyingMemory,
}

impl<'a> Search<'a> {
    pub(super) fn new(meter: &'a Meter<'a>, limits: &'a Limits<'a>) -> Self {
        Self {
            meter,
            limits,
            found: DyingMemory::default(),
        }
    }

    /// Looks at every cgroup at or below this one below which something is unexplained.
    pub(super) fn run(mut self, top: &str) -> Result<DyingMemory, Missing> {
        let mut pending = BinaryHeap::new();
        let root = self.meter.read(top)?;
        self.found.cgroups_read = 1;
        pending.push(Pending {
            unexplained: root.unexplained(),
            path: top.to_owned(),
            leaf: false,
        });
        while let Some(next) = pending.pop() {
            if self.limits.are_reached() {
                self.found.partial = true;
                break;
            }
            let Some(rest) = self.rest_of(&next.path, next.leaf) else {
                continue;
            };
            self.found.partial |= rest.partial;
            self.note(&next, &rest);
            for (child, figures) in rest.children {
                let unexplained = figures.unexplained();
                if unexplained >= self.least_to_look_at() {
                    pending.push(Pending {
                        unexplained,
                        path: format!("{}/{}", next.path, child.name),
                        leaf: child.leaf,
                    });
                }
            }
        }
        self.settle()
    }

    /// The cgroup's numbers without those of its visible children; `None` when it is gone.
    ///
    /// The cgroup is read before its children: what is charged meanwhile makes the rest smaller,
    /// never larger.
    fn rest_of(&mut self, path: &str, leaf: bool) -> Option<Rest> {
        let figures = self.meter.read(path).ok()?;
        let mut rest = Rest {
            amounts: figures.total.map(|total| total.less(&figures.own)),
            dying: figures.dying,
            children: Vec::new(),
            partial: false,
        };
        if leaf {
            return Some(rest);
        }
        let mut below = Amounts::NOTHING;
        let mut dying_below = 0;
        let folder = format!("{}{path}", self.meter.mount);
        for child in subdirectories(&self.meter.node.path(&folder)).ok()? {
            if self.limits.are_reached() {
                // What was not subtracted would look as if dying ones held it.
                rest.amounts = None;
                rest.dying = None;
                rest.partial = true;
                break;
            }
            self.found.cgroups_read += 1;
            match self.meter.read(&format!("{path}/{}", child.name)) {
                Ok(figures) => {
                    below.add(&figures.total.unwrap_or_default());
                    dying_below += figures.dying.unwrap_or(0);
                    rest.children.push((child, figures));
                }
                // Removed between listing and reading: its bytes are those of a dying one now.
                Err(missing) if is_gone(&missing) => {}
                Err(_) => rest.partial = true,
            }
        }
        rest.amounts = rest.amounts.map(|amounts| amounts.less(&below));
        rest.dying = rest.dying.map(|dying| dying.saturating_sub(dying_below));
        Some(rest)
    }

    fn least_to_look_at(&self) -> u64 {
        match self.meter.method {
            DyingMemoryMethod::MemoryStat => LEAST,
            DyingMemoryMethod::UsageInBytes => LEAST_OF_COUNTERS,
            // Dying cgroups, not bytes.
            DyingMemoryMethod::MemoryStatV2 | DyingMemoryMethod::MemoryCurrent => 1,
        }
    }

    /// Keeps it as a holder if something is left and dying children are what explains it.
    fn note(&mut self, cgroup: &Pending, rest: &Rest) {
        let enough = match (rest.dying, rest.amounts) {
            (Some(dying), _) => dying > 0,
            (None, Some(amounts)) => amounts.bytes >= self.least_to_look_at(),
            (None, None) => false,
        };
        if !enough || !self.meter.may_hold(&cgroup.path, cgroup.leaf) {
            return;
        }
        let part = |part: fn(&Amounts) -> Option<u64>| rest.amounts.as_ref().and_then(part);
        self.found.holders.push(DyingHolder {
            path: cgroup.path.clone(),
            bytes: rest.amounts.map(|amounts| Bytes(amounts.bytes)),
            spread: None,
            shmem: part(|amounts| amounts.shmem).map(Bytes),
            dirty: part(|amounts| amounts.dirty).map(Bytes),
            kernel: part(|amounts| amounts.kernel).map(Bytes),
            dying: rest.dying,
            live_children: rest.children.len() as u64,
        });
    }

    /// Sorts the holders and reads the ones that are told once more: live cgroups change while
    /// they are read, so the smaller of two readings is nearer to the truth.
    fn settle(mut self) -> Result<DyingMemory, Missing> {
        sort(&mut self.found.holders);
        let mut holders = std::mem::take(&mut self.found.holders);
        for holder in holders.iter_mut().take(KEPT) {
            if self.limits.are_reached() {
                break;
            }
            self.read_again(holder);
        }
        holders.retain(|holder| holder.dying.is_some() || holder.bytes != Some(Bytes(0)));
        sort(&mut holders);
        let bytes = holders.iter().filter_map(|holder| holder.bytes);
        self.found.total = Bytes(bytes.map(|bytes| bytes.0).sum());
        if self.found.partial && holders.is_empty() {
            return Err(Missing::new(
                MissingKind::OverBudget,
                format!(
                    "the budget ended after {} cgroups, before any was found that holds dying ones",
                    self.found.cgroups_read
                ),
            ));
        }
        holders.truncate(KEPT);
        self.found.holders = holders;
        Ok(self.found)
    }

    fn read_again(&mut self, holder: &mut DyingHolder) {
        let leaf = holder.live_children == 0;
        let kernel = self.meter.kernel_v1(&holder.path);
        let cgroups_read = self.found.cgroups_read;
        let again = self.rest_of(&holder.path, leaf);
        // These are no further cgroups.
        self.found.cgroups_read = cgroups_read;
        let Some(again) = again else {
            return;
        };
        if let (Some(first), Some(again)) = (holder.bytes, again.amounts) {
            holder.spread = Some(Bytes(first.0.abs_diff(again.bytes)));
            holder.bytes = Some(first.min(Bytes(again.bytes)));
        }
        let children = again.children.iter().map(|(child, _)| {
            let path = format!("{}/{}", holder.path, child.name);
            self.meter.kernel_v1(&path)
        });
        if let Some(kernel) = kernel {
            let below: Option<u64> = children.sum();
            holder.kernel = below.map(|below| Bytes(kernel.saturating_sub(below)));
        }
    }
}

fn sort(holders: &mut [DyingHolder]) {
    holders.sort_by(|a, b| {
        (b.bytes, b.dying)
            .cmp(&(a.bytes, a.dying))
            .then_with(|| a.path.cmp(&b.path))
    });
}

fn is_gone(missing: &Missing) -> bool {
    matches!(missing.kind, MissingKind::Absent | MissingKind::TargetGone)
}
