//! Processes and threads: sampling them cheaply, choosing the target, knowing it.

mod descriptors;
mod ids;
mod pid_kind;
mod process_clock;
mod sampler;
mod ticks;
mod used;

pub use pid_kind::PidKind;
pub use sampler::{Sample, Scope, TaskSampler};
pub use ticks::ticks_per_second;
pub use used::{Counters, TaskUse, Used};
