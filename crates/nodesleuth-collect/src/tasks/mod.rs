//! Processes and threads: sampling them cheaply, choosing the target, knowing it.

mod busy;
mod choose;
mod cpu_quotas;
mod descriptors;
#[cfg(test)]
mod fake_tasks;
mod ids;
mod iterated;
mod kernel_handles;
mod node_tasks;
mod open_files;
mod pid_kind;
mod process_clock;
mod process_table;
mod processes;
mod sampler;
mod similar;
mod target;
mod target_io;
mod target_only;
mod threads;
mod ticks;
mod used;

pub(crate) use busy::{Busy, look as look_for_busy};
pub use choose::{choose_target, named};
pub(crate) use kernel_handles::KERNEL_HANDLES;
pub use node_tasks::{Grain, LookCost, NodeTasks, TaskEngine, look_cost};
pub(crate) use open_files::cgroup_mounts;
pub use pid_kind::PidKind;
pub use process_clock::ProcessClock;
pub use sampler::{Sample, Scope, TaskSampler};
pub use ticks::ticks_per_second;
pub use used::{Counters, TaskUse, Used};

use crate::Collector;

/// The collectors of tasks: what belongs to the window's ends first.
pub static COLLECTORS: &[&dyn Collector] = &[
    &threads::Threads,
    &processes::Processes,
    &target_io::COLLECTOR,
    &cpu_quotas::COLLECTOR,
    &open_files::OpenFiles,
    &target::TargetCollector,
];
