//! Watches for a while who makes and removes memory cgroups and how soon the kernel lets them go.

mod forecast;
mod heard;
mod in_window;
mod names;
mod owners;
mod tally;

use crate::census::{census, kernel_hierarchy};
use crate::{Cancel, Clock, Node, Progress};
pub(crate) use forecast::forecast;
use heard::{Heard, Listener};
pub(crate) use in_window::InWindow;
use names::Names;
use nodesleuth_model::evidence::{
    CgroupCensus, CgroupGrowth, GrowthGroup, GrowthMethod, Hierarchy, TimedReads,
};
use nodesleuth_model::{Missing, MissingKind, Nanos, Observed};
use owners::Pods;
use std::time::Duration;

/// How often events are taken from the kernel: whoever made a cgroup must still be there to have a
/// name.
const POLL: Duration = Duration::from_millis(20);
/// Patterns that are told.
const KEPT: usize = 20;

/// What watching needs.
#[derive(Clone, Copy)]
pub struct GrowthWatch<'a> {
    /// How long.
    pub length: Duration,
    /// What reads cost now, for the forecast.
    pub timed: Option<&'a TimedReads>,
    /// Is told when it begins.
    pub progress: &'a dyn Progress,
}

impl std::fmt::Debug for GrowthWatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GrowthWatch")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Watches the memory hierarchy, or until the user stops it.
///
/// # Errors
/// When there is no memory hierarchy, or another root than the machine's own is looked at.
pub fn watch_growth(
    node: &Node,
    clock: &dyn Clock,
    cancel: &Cancel,
    watch: GrowthWatch<'_>,
) -> Result<CgroupGrowth, Missing> {
    let before = census(node, clock, cancel)?;
    let memory = memory_of(&before)?;
    let way = Way::open(node, memory);
    watch_by(way, node, clock, cancel, watch, memory)
}

/// How they are watched.
enum Way<'a> {
    /// The kernel's tracepoints.
    Tracepoints(Listener<'a>),
    /// By name, because tracepoints are not to be had.
    Names(Names<'a>, String),
    /// Not at all in between, because nothing else is to be had.
    TwoCounts(String),
}

impl<'a> Way<'a> {
    /// The best that there is.
    fn open(node: &'a Node, memory: &'a Hierarchy) -> Self {
        let because = match Listener::open(node, kernel_hierarchy(node, memory)) {
            Ok(listener) => return Self::Tracepoints(listener),
            Err(because) => because,
        };
        match Names::open(node, memory) {
            Ok(names) => Self::Names(names, because),
            Err(also) => Self::TwoCounts(format!("{because}; {also}")),
        }
    }
}

fn watch_by(
    way: Way<'_>,
    node: &Node,
    clock: &dyn Clock,
    cancel: &Cancel,
    watch: GrowthWatch<'_>,
    before: &Hierarchy,
) -> Result<CgroupGrowth, Missing> {
    watch.progress.stage("watching cgroups");
    let watching = Watching {
        clock,
        cancel,
        length: watch.length,
    };
    let mut growth = match way {
        Way::Tracepoints(listener) => watching.listen(listener),
        Way::Names(names, because) => watching.names(names, Heard::nothing(node), because),
        Way::TwoCounts(because) => CgroupGrowth {
            method: GrowthMethod::TwoCounts { because },
            length: watching.wait(&mut || ()),
            ..CgroupGrowth::default()
        },
    };
    let after = census(node, clock, cancel)?;
    let now = memory_of(&after)?;
    if matches!(growth.method, GrowthMethod::TwoCounts { .. }) {
        growth.groups = compared(before, now);
        let mut pods = Pods::default();
        for group in &mut growth.groups {
            pods.name(node, group);
        }
    }
    growth.live = both(&before.live, &now.live, |live| *live).into();
    growth.dying = both(&before.dying, &now.dying, |dying| dying.count).into();
    growth.forecast = forecast(node, now, watch.timed, &growth).into();
    Ok(growth)
}

fn memory_of(census: &CgroupCensus) -> Result<&Hierarchy, Missing> {
    census.memory().ok_or_else(|| {
        let reason = "no hierarchy carries the memory controller";
        Missing::new(MissingKind::Absent, reason)
    })
}

fn both<T>(
    before: &Observed<T>,
    after: &Observed<T>,
    count: impl Fn(&T) -> u64,
) -> Result<(u64, u64), Missing> {
    let before = count(before.require("the count before")?);
    Ok((before, count(after.require("the count after")?)))
}

/// Patterns whose number changed.
fn compared(before: &Hierarchy, after: &Hierarchy) -> Vec<GrowthGroup> {
    let count_before = |pattern: &str| {
        let known = before.patterns.iter().find(|one| one.pattern == pattern);
        known.map_or(0, |one| one.count)
    };
    let mut groups: Vec<GrowthGroup> = after
        .patterns
        .iter()
        .filter(|now| now.count > count_before(&now.pattern))
        .map(|now| GrowthGroup {
            pattern: now.pattern.clone(),
            example: now.example.clone(),
            made: now.count - count_before(&now.pattern),
            ..GrowthGroup::default()
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.made));
    groups
}

/// For how long, and who may end it earlier.
struct Watching<'a> {
    clock: &'a dyn Clock,
    cancel: &'a Cancel,
    length: Duration,
}

impl Watching<'_> {
    fn listen(&self, mut listener: Listener<'_>) -> CgroupGrowth {
        let length = self.wait(&mut || listener.poll());
        CgroupGrowth {
            length,
            ..listener.finish()
        }
    }

    /// Without who made them and when the kernel let them go.
    fn names(&self, mut names: Names<'_>, mut heard: Heard<'_>, because: String) -> CgroupGrowth {
        let length = self.wait(&mut || {
            names.poll(&mut heard.tally);
            heard.remember_owners();
        });
        names.poll(&mut heard.tally);
        CgroupGrowth {
            method: GrowthMethod::Names {
                because,
                watched: names.watched(),
                not_watched: names.not_watched,
            },
            length,
            lost: names.overflows,
            released: None,
            lag: None,
            waiting: None,
            ..heard.growth()
        }
    }

    /// Waits in steps, and says for how long.
    fn wait(&self, step: &mut dyn FnMut()) -> Nanos {
        let began = self.clock.boot();
        loop {
            step();
            let passed = self.clock.boot().since(began);
            let left = self.length.saturating_sub(Duration::from_nanos(passed.0));
            if left.is_zero() || self.cancel.requested() {
                return passed;
            }
            self.clock.wait(left.min(POLL));
        }
    }
}

#[cfg(test)]
mod tests;
