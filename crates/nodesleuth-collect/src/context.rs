//! What every collector is handed: the node, the clock, the target, the window, cancellation.

use crate::{Clock, Node, TracePlan};
use nodesleuth_model::{Pid, Reading};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Set by the first SIGINT or SIGTERM: the window closes and what there is gets reported.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// The flag itself, for a signal handler.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Whether the user asked to stop.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Told what is going on; the binary draws it on a terminal.
pub trait Progress: Sync {
    /// A new stage begins.
    fn stage(&self, what: &str);

    /// The window is at `elapsed` of `total`.
    fn window(&self, elapsed: Duration, total: Duration);

    /// Whether anybody sees it: else nobody needs to tell every moment.
    fn is_shown(&self) -> bool {
        true
    }
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn stage(&self, _what: &str) {}
    fn window(&self, _elapsed: Duration, _total: Duration) {}

    fn is_shown(&self) -> bool {
        false
    }
}

/// What every collector is handed.
pub struct Ctx<'a> {
    /// The node's files.
    pub node: &'a Node,
    /// Time.
    pub clock: &'a dyn Clock,
    /// The process under suspicion, once chosen.
    pub target: Option<Pid>,
    /// Length of the window.
    pub window: Duration,
    /// The user's wish to stop.
    pub cancel: &'a Cancel,
    /// Program that runs one slow read in a process of its own: our own binary. `None` in tests
    /// that do not start processes; slow reads are then skipped with that reason.
    pub read_child: Option<PathBuf>,
    /// Kernel time that possibly slow reads may cost in all.
    pub slow_read_budget: Duration,
    /// How many samples of the target's stacks are taken a second and CPU; `None`: none.
    pub stacks_hz: Option<u32>,
    /// Whether and how long system calls are counted after the window.
    pub trace: TracePlan,
}

impl fmt::Debug for Ctx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx")
            .field("target", &self.target)
            .field("window", &self.window)
            .finish()
    }
}

impl<'a> Ctx<'a> {
    /// For one look at the node at this moment: without a target, a window, slow reads or traces.
    #[must_use]
    pub fn of_node(node: &'a Node, clock: &'a dyn Clock, cancel: &'a Cancel) -> Self {
        Self {
            node,
            clock,
            target: None,
            window: Duration::ZERO,
            cancel,
            read_child: None,
            slow_read_budget: Duration::ZERO,
            stacks_hz: None,
            trace: TracePlan::Never,
        }
    }
}

impl Ctx<'_> {
    /// A value with the moment at which it was read.
    pub fn reading<T>(&self, read: impl FnOnce() -> T) -> Reading<T> {
        let at = self.clock.boot();
        Reading { at, value: read() }
    }

    /// The same for reads that can fail.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn try_reading<T, E>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<Reading<T>, E> {
        let at = self.clock.boot();
        read().map(|value| Reading { at, value })
    }
}
