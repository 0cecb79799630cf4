//! One look at what a remedy is to change: read times, dying cgroups and what they hold, slab,
//! pressure, and the agent's CPU.

use super::Subtree;
use nodesleuth_collect::collectors::ALL;
use nodesleuth_collect::tasks::ProcessClock;
use nodesleuth_collect::{
    Cancel, CgroupLook, Clock, Ctx, DyingMemorySearch, Node, census, dying_memory, look_at_cgroups,
};
use nodesleuth_model::evidence::{
    CgroupCensus, CgroupVersion, DyingMemory, ReadOutcome, TimedReads,
};
use nodesleuth_model::{Bytes, Cores, Evidence, Nanos, Observed, Pid};
use nodesleuth_parse::cgroup::stat;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The cheap collectors that a look needs, by name.
const WANTED: [&str; 2] = ["pressure", "meminfo"];
/// The kernel brings `memory.stat` up to date when enough has changed (64 pages a CPU), and else
/// every two seconds by a timer that wakes no idle CPU; until then it shows what was.
const STATISTICS_LAG: Duration = Duration::from_millis(2_500);
/// How often the user's wish to stop is looked at meanwhile.
const PAUSE: Duration = Duration::from_millis(100);

/// Where is looked, and what that may cost.
#[derive(Clone)]
pub struct Looker<'a> {
    /// The node.
    pub node: &'a Node,
    /// Time.
    pub clock: &'a dyn Clock,
    /// The user's wish to stop.
    pub cancel: &'a Cancel,
    /// Our own binary, for reads and steps that need a process of their own.
    pub binary: PathBuf,
    /// CPU time for possibly slow reads.
    pub read_budget: Duration,
}

impl fmt::Debug for Looker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Looker")
            .field("node", &self.node)
            .field("binary", &self.binary)
            .finish_non_exhaustive()
    }
}

/// The slowest cgroup file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlowestRead {
    /// Which.
    pub path: String,
    /// CPU time of one read.
    pub took: Nanos,
}

/// The process whose CPU is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub pid: Pid,
    /// Its name.
    pub comm: String,
    /// How long it is watched.
    pub window: Duration,
}

/// CPU of the target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetCpu {
    /// Its id.
    pub pid: Pid,
    /// Its name.
    pub comm: String,
    /// CPU over the window.
    pub cores: Cores,
    /// The window.
    pub window: Nanos,
}

/// What is below the subtree of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SubtreeLook {
    /// Dying cgroups, where the kernel counts them for a subtree (v2).
    pub dying: Option<u64>,
    /// Bytes that dying cgroups hold.
    pub held: Option<Bytes>,
}

/// What was seen. `None` is not known, not zero; the reasons are in `missing`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Look {
    /// Dying memory cgroups of the node.
    pub dying: Option<u64>,
    /// Directories of the memory hierarchy.
    pub live: Option<u64>,
    /// The slowest of the cgroup files that were read.
    pub slowest: Option<SlowestRead>,
    /// Whether every file that may be slow was read.
    pub all_read: bool,
    /// Slab memory of the node.
    pub slab: Option<Bytes>,
    /// `MemAvailable`.
    pub available: Option<Bytes>,
    /// `MemTotal`.
    pub memory: Option<Bytes>,
    /// Percent of the last 10 s in which a task waited for memory.
    pub memory_pressure_percent: Option<f64>,
    /// Percent of the last 10 s in which a task waited for storage.
    pub io_pressure_percent: Option<f64>,
    /// What is below the plan's subtree.
    pub subtree: Option<SubtreeLook>,
    /// The agent's CPU.
    pub target: Option<TargetCpu>,
    /// What could not be seen, and why.
    pub missing: Vec<String>,
}

/// A look with what planning needs besides.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) look: Look,
    /// As `uname -r` prints it.
    pub(super) release: Option<String>,
    pub(super) census: Option<CgroupCensus>,
    pub(super) held: Option<DyingMemory>,
    pub(super) timed: Option<TimedReads>,
}

impl Looker<'_> {
    /// Looks at everything, as planning needs it.
    pub(super) fn look_to_plan(&self) -> Seen {
        self.look(true)
    }

    /// Looks at what a verdict compares. What dying cgroups hold is asked below `subtree` alone:
    /// nothing else of it counts.
    pub(super) fn look_again(&self, subtree: Option<&Subtree>) -> Look {
        let Seen {
            mut look,
            census,
            timed,
            ..
        } = self.look(false);
        look.subtree = subtree.map(|subtree| {
            self.below(
                subtree,
                (census.as_ref(), timed.as_ref()),
                &mut look.missing,
            )
        });
        look
    }

    fn look(&self, whole_tree: bool) -> Seen {
        let mut missing = Vec::new();
        let asked = CgroupLook {
            slow_read_budget: self.read_budget,
            read_child: Some(self.binary.clone()),
            dying_memory: whole_tree,
            scan: false,
        };
        let seen = look_at_cgroups(self.node, self.clock, self.cancel, &asked);
        let census = known(&seen.census, &mut missing);
        let reads = known(&seen.timed_reads, &mut missing);
        let held = known(&seen.dying_memory, &mut missing);
        let memory = census.as_ref().and_then(CgroupCensus::memory);
        let (slowest, all_read) = reads.as_ref().map_or((None, false), slowest);
        let look = Look {
            dying: memory.and_then(|memory| known(&memory.dying, &mut missing).map(|it| it.count)),
            live: memory.and_then(|memory| memory.live.value().copied()),
            slowest,
            all_read,
            missing,
            ..self.pressure()
        };
        let release = seen.host.value().map(|host| host.kernel_release.clone());
        Seen {
            look,
            release,
            census,
            held,
            timed: reads,
        }
    }

    /// Waits until the kernel's statistics show everything that has happened so far: a verdict that
    /// compares bytes must not come from what was before.
    pub(super) fn let_statistics_settle(&self) {
        let began = self.clock.boot();
        let lag = STATISTICS_LAG.as_nanos() as u64;
        while self.clock.boot().0.saturating_sub(began.0) < lag && !self.cancel.requested() {
            self.clock.wait(PAUSE);
        }
    }

    /// Dying memory cgroups of the node, where they can be counted; nothing that may be slow is read.
    pub(super) fn dying(&self) -> Option<u64> {
        let census = census(self.node, self.clock, self.cancel).ok()?;
        Some(census.memory()?.dying.value()?.count)
    }

    /// The node's memory and pressure: what the guards between two steps ask for.
    pub(super) fn pressure(&self) -> Look {
        let evidence = self.cheap();
        let field = |name: &str| {
            let kib = evidence.meminfo.value()?.field(name)?;
            Some(Bytes(kib.0.saturating_mul(1024)))
        };
        let pressure = evidence.pressure.value();
        Look {
            slab: field("Slab"),
            available: field("MemAvailable"),
            memory: field("MemTotal"),
            memory_pressure_percent: pressure.and_then(|all| Some(all.memory?.avg10_percent)),
            io_pressure_percent: pressure.and_then(|all| Some(all.io?.avg10_percent)),
            ..Look::default()
        }
    }

    fn cheap(&self) -> Evidence {
        let ctx = Ctx::of_node(self.node, self.clock, self.cancel);
        let mut evidence = Evidence::default();
        for collector in ALL.iter().filter(|it| WANTED.contains(&it.name())) {
            collector.start(&ctx)(&mut evidence);
        }
        evidence
    }

    /// What is below one cgroup, asked there alone: of the whole tree only the largest holders are
    /// told, and on a large one in a way that does not tell all.
    pub(super) fn below(
        &self,
        subtree: &Subtree,
        (census, timed): (Option<&CgroupCensus>, Option<&TimedReads>),
        missing: &mut Vec<String>,
    ) -> SubtreeLook {
        let dying = match subtree.version {
            CgroupVersion::V1 => None,
            CgroupVersion::V2 => self.dying_below(subtree),
        };
        let held = census.and_then(|census| {
            let search = DyingMemorySearch {
                census,
                timed_reads: timed,
                budget: Nanos(u64::try_from(self.read_budget.as_nanos()).unwrap_or(u64::MAX)),
                below: &subtree.path,
            };
            let found = dying_memory(self.node, search, self.cancel);
            let found = found.map_err(|why| missing.push(why.to_string())).ok()?;
            if found.partial {
                missing.push(format!(
                    "all that dying cgroups below {} hold: the budget for reads ended",
                    subtree.path
                ));
            }
            (!found.partial).then_some(found.total)
        });
        SubtreeLook { dying, held }
    }

    fn dying_below(&self, subtree: &Subtree) -> Option<u64> {
        let text = self
            .node
            .text(&format!("{}/cgroup.stat", subtree.folder()))
            .ok()?;
        Some(stat::parse(&text).ok()?.nr_dying_descendants)
    }

    pub(super) fn watch(&self, target: &Target, missing: &mut Vec<String>) -> Option<TargetCpu> {
        let clock = ProcessClock::of(target.pid);
        let (began, first) = (self.clock.boot(), clock.read());
        self.clock.wait(target.window);
        let (ended, last) = (self.clock.boot(), clock.read());
        let window = Nanos(ended.0.saturating_sub(began.0));
        match (first, last) {
            (Some(first), Some(last)) if window.0 > 0 => Some(TargetCpu {
                pid: target.pid,
                comm: target.comm.clone(),
                cores: Cores(last.0.saturating_sub(first.0) as f64 / window.0 as f64),
                window,
            }),
            _ => {
                missing.push(format!(
                    "CPU of {} ({}): it has ended",
                    target.comm, target.pid
                ));
                None
            }
        }
    }
}

fn known<T: Clone>(observed: &Observed<T>, missing: &mut Vec<String>) -> Option<T> {
    if let Observed::Unavailable(why) = observed {
        missing.push(why.to_string());
    }
    observed.value().cloned()
}

/// The slowest cgroup file that was read, and whether all were.
fn slowest(reads: &TimedReads) -> (Option<SlowestRead>, bool) {
    let (mut slowest, mut all_read) = (None::<SlowestRead>, true);
    for read in reads
        .reads
        .iter()
        .filter(|read| read.path != TimedReads::SLABINFO)
    {
        match &read.outcome {
            ReadOutcome::Read { cpu, .. } => {
                if slowest.as_ref().is_none_or(|known| *cpu > known.took) {
                    let path = read.path.clone();
                    slowest = Some(SlowestRead { path, took: *cpu });
                }
            }
            ReadOutcome::Failed { .. } => {}
            ReadOutcome::Skipped { .. } | ReadOutcome::TimedOut { .. } => all_read = false,
        }
    }
    (slowest, all_read)
}
