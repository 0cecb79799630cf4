//! Reads a node and returns evidence. Never writes, kills or removes anything on it (clippy
//! enforces that: `clippy.toml` beside this crate); the one exception ends its own children.
//!
//! Every collector has a start step before the window and a finish step after it. A collector
//! that fails leaves its reason in the evidence and does not end the run.

#![deny(clippy::disallowed_methods)]

mod clock;
mod context;
mod node;
mod run;

pub mod collectors;
pub mod tasks;

pub use clock::{Clock, SystemClock};
pub use context::{Cancel, Ctx, Progress, Quiet};
pub use node::{Node, ReadError};
pub use run::{Collected, CollectError, Options, TargetChoice, collect};

use nodesleuth_model::Evidence;

/// What a collector does when the window closes.
pub type Finish<'a> = Box<dyn FnOnce(&mut Evidence) + 'a>;

/// One kind of evidence.
pub trait Collector: Sync {
    /// Short name, used in progress and in reasons.
    fn name(&self) -> &'static str;

    /// Takes what must be read before the window; the rest happens in the returned step.
    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a>;
}
