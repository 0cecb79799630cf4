//! Reads a node and returns evidence. Never writes, kills or removes anything on it (clippy
//! enforces that: `clippy.toml` beside this crate); the one exception ends its own children.
//!
//! Every collector has a start step before the window and a finish step after it. A collector
//! that fails leaves its reason in the evidence and does not end the run.

#![deny(clippy::disallowed_methods)]

mod census;
mod clock;
mod context;
mod cpu_time;
mod dying_memory;
#[cfg(test)]
mod fake_node;
mod file_kind;
mod growth;
mod look;
mod node;
mod own_cost;
mod profiles;
mod ranged_file;
mod readers;
mod run;
mod scan;
mod slab_look;
mod slow_read;
mod started;
mod state_look;
mod syscalls;
mod window;
mod window_stacks;

pub mod collectors;
pub mod stacks;
pub mod tasks;

pub use census::{PopulatedCgroup, Population, PopulationLimits, census, occupancy, population};
pub use clock::{Clock, SystemClock};
pub use context::{Cancel, Ctx, Progress, Quiet};
pub use dying_memory::{DyingMemorySearch, dying_memory};
pub use growth::{GrowthWatch, watch_growth};
pub use look::{CgroupLook, CgroupsSeen, look_at_cgroups};
pub use node::{Node, ReadError};
pub use own_cost::peak_memory;
pub use profiles::{
    DebugPages, Loaded as CheckedProfile, checked_profile, fetch_profile, goroutines_of, heap_of,
    is_as_long_as, kept_debug_page, shown_address,
};
pub use readers::watch_readers;
pub use run::{CollectError, Collected, Options, TargetChoice, collect};
pub use scan::{ScanExtent, scan};
pub use slab_look::{SlabAtOnce, SlabSeen, look_at_slab};
pub use slow_read::{READ_FILE_COMMAND, SlowReader, read_file_child};
pub use state_look::look_at_states;
pub use syscalls::TracePlan;

use nodesleuth_model::{Evidence, Missing};

/// What a collector does when the window closes.
pub type Finish<'a> = Box<dyn FnOnce(&mut Evidence) + 'a>;

/// One kind of evidence.
pub trait Collector: Sync {
    /// Short name, used in progress and in reasons.
    fn name(&self) -> &'static str;

    /// Takes what must be read before the window; the rest happens in the returned step.
    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a>;

    /// It ended in a panic: its part of the evidence says so. A collector without this leaves its
    /// part as not requested.
    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        let _ = (evidence, missing);
    }
}
