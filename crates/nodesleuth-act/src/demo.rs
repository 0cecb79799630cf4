//! The demo: a guardian, something to work on, a sick agent, and taking all of it away again.

use crate::agent::{DemoAgent, Work};
use crate::guardian::Guardian;
use crate::name::Purpose;
use crate::removal::{Leftover, Removal};
use crate::scratch::{Hierarchy, ScratchCgroups, ScratchTree, writable_hierarchies};
use crate::{ActError, kubelet};
use nodesleuth_collect::Node;
use nodesleuth_model::Pid;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(20);

/// How large the demo is and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Run although there is a kubelet.
    pub force: bool,
    /// Scratch cgroups, where we may make them; 0 for never.
    pub cgroups: usize,
    /// Files of the tree that serves instead.
    pub files: usize,
    /// Where that tree goes.
    pub temporary_folder: PathBuf,
    /// How long the agent works before it is observed: one round and a bit.
    pub warm_up: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            force: false,
            cgroups: 2_000,
            files: 50_000,
            temporary_folder: std::env::temp_dir(),
            warm_up: Duration::from_millis(1_500),
        }
    }
}

/// A running demo. Dropping it takes everything away.
#[derive(Debug)]
pub struct Demo {
    // In this order they must go: the agent, what it works on, who guards both.
    agent: DemoAgent,
    scratch: Scratch,
    guardian: Option<Guardian>,
}

/// What is left of a demo.
#[derive(Clone, Debug, Default)]
pub struct TearDown {
    /// Folders, files and cgroups removed.
    pub removed: u64,
    /// What stayed, and why; `nodesleuth clean` tries again later.
    pub leftovers: Vec<Leftover>,
    /// How long it took.
    pub took: Duration,
}

#[derive(Debug)]
enum Scratch {
    Cgroups(ScratchCgroups),
    Tree(ScratchTree),
}

impl Demo {
    /// Makes this machine's sick agent: `binary` is our own program, `on_step` is told what
    /// happens.
    ///
    /// Call it on a thread that lives as long as the demo: the agent ends with it.
    ///
    /// # Errors
    /// When a kubelet runs here and `force` is not given, or something cannot be made; then
    /// everything made before is gone again.
    pub fn set_up(binary: &Path, force: bool, on_step: &dyn Fn(&str)) -> Result<Self, ActError> {
        Self::set_up_as(
            &Node::live(),
            binary,
            &Plan {
                force,
                ..Plan::default()
            },
            on_step,
        )
    }

    /// The same on another node and in another size, for tests.
    ///
    /// # Errors
    /// As [`Demo::set_up`].
    pub fn set_up_as(
        node: &Node,
        binary: &Path,
        plan: &Plan,
        on_step: &dyn Fn(&str),
    ) -> Result<Self, ActError> {
        match kubelet::running(node) {
            Some((pid, comm)) if !plan.force => {
                return Err(ActError::KubeletRunning { pid, comm });
            }
            _ => {}
        }
        on_step("starting a guardian that cleans up even after kill -9");
        let mut guardian = Guardian::start(binary)?;
        let scratch = make_scratch(node, plan, &mut guardian, on_step)?;
        on_step("starting the sick agent");
        let mut agent = DemoAgent::start(binary, &scratch.work())?;
        guardian.watch(crate::guardian::Ward::Agent(agent.identity()?))?;
        on_step("waiting for the agent to finish its first round");
        warm_up(&mut agent, plan.warm_up)?;
        Ok(Self {
            agent,
            scratch,
            guardian: Some(guardian),
        })
    }

    /// The agent's pid.
    #[must_use]
    pub fn agent_pid(&self) -> Pid {
        self.agent.pid()
    }

    /// The guardian's pid, while there is one.
    #[must_use]
    pub fn guardian_pid(&self) -> Option<Pid> {
        self.guardian.as_ref().map(Guardian::pid)
    }

    /// Whether the agent still works.
    ///
    /// # Errors
    /// When it has ended by itself (it does after ten minutes) or somebody killed it.
    pub fn check(&mut self) -> Result<(), ActError> {
        self.agent.check()
    }

    /// What was made, in one sentence.
    #[must_use]
    pub fn describe(&self) -> String {
        let pid = self.agent_pid();
        match &self.scratch {
            Scratch::Cgroups(cgroups) => format!(
                "{} empty cgroups under {} in {}, and an agent (pid {pid}) that reads the \
                 statistics of all of them every second.",
                cgroups.count(),
                cgroups.path().display(),
                cgroups.hierarchy(),
            ),
            Scratch::Tree(tree) => format!(
                "{} names of small files under {}, and an agent (pid {pid}) that walks over them \
                 again and again.",
                tree.files(),
                tree.path().display(),
            ),
        }
    }

    /// Takes everything away and says what stayed.
    ///
    /// # Errors
    /// When the agent does not end; what it worked on is removed all the same.
    pub fn tear_down(mut self) -> Result<TearDown, ActError> {
        let begin = Instant::now();
        let (stopped, removal) = self.clear();
        stopped?;
        let Removal {
            removed, leftovers, ..
        } = removal;
        Ok(TearDown {
            removed,
            leftovers,
            took: begin.elapsed(),
        })
    }

    /// The guardian may leave when nothing is left; else it is left alone, which makes it try.
    fn clear(&mut self) -> (Result<(), ActError>, Removal) {
        let stopped = self.agent.stop().map(drop);
        let mut removal = self.scratch.remove();
        match self.guardian.take() {
            Some(guardian) if stopped.is_ok() && removal.is_complete() => guardian.leave(),
            guardian => drop(guardian),
        }
        removal
            .leftovers
            .retain(|leftover| leftover.path.symlink_metadata().is_ok());
        (stopped, removal)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.clear();
    }
}

impl Scratch {
    fn work(&self) -> Work {
        match self {
            Self::Cgroups(cgroups) => Work::Housekeeping(cgroups.path().to_owned()),
            Self::Tree(tree) => Work::DiskUsage(tree.path().to_owned()),
        }
    }

    fn remove(&mut self) -> Removal {
        match self {
            Self::Cgroups(cgroups) => cgroups.remove(),
            Self::Tree(tree) => tree.remove(),
        }
    }
}

/// Cgroups where the kernel lets us, else the tree.
fn make_scratch(
    node: &Node,
    plan: &Plan,
    guardian: &mut Guardian,
    on_step: &dyn Fn(&str),
) -> Result<Scratch, ActError> {
    if plan.cgroups > 0 {
        match make_cgroups(node, plan.cgroups, guardian, on_step) {
            Ok(cgroups) => return Ok(Scratch::Cgroups(cgroups)),
            Err(error @ ActError::GuardianGone { .. }) => return Err(error),
            Err(error) => on_step(&format!("no scratch cgroups: {error}")),
        }
    }
    let mut tree = ScratchTree::plan(node, &plan.temporary_folder, Purpose::Demo)?;
    on_step(&format!(
        "making {} small files under {}",
        plan.files,
        tree.path().display()
    ));
    guardian.watch(tree.ward())?;
    tree.make(plan.files)?;
    Ok(Scratch::Tree(tree))
}

/// The error is the last hierarchy's; each takes its part away again when it fails.
fn make_cgroups(
    node: &Node,
    count: usize,
    guardian: &mut Guardian,
    on_step: &dyn Fn(&str),
) -> Result<ScratchCgroups, ActError> {
    let mut failed = None;
    for hierarchy in writable_hierarchies(node)? {
        match make_cgroups_in(node, hierarchy, count, guardian, on_step) {
            Err(error) if !matches!(error, ActError::GuardianGone { .. }) => failed = Some(error),
            done => return done,
        }
    }
    Err(failed.unwrap_or(ActError::NoWritableHierarchy {
        why: "none is mounted".to_owned(),
    }))
}

fn make_cgroups_in(
    node: &Node,
    hierarchy: Hierarchy,
    count: usize,
    guardian: &mut Guardian,
    on_step: &dyn Fn(&str),
) -> Result<ScratchCgroups, ActError> {
    on_step(&format!("making {count} scratch cgroups in {hierarchy}"));
    let mut cgroups = ScratchCgroups::plan(node, hierarchy, Purpose::Demo)?;
    guardian.watch(cgroups.ward())?;
    cgroups.make(node, count)?;
    Ok(cgroups)
}

fn warm_up(agent: &mut DemoAgent, length: Duration) -> Result<(), ActError> {
    let end = Instant::now() + length;
    while Instant::now() < end {
        agent.check()?;
        std::thread::sleep(PAUSE);
    }
    agent.check()
}
