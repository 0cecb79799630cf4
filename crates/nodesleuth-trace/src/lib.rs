//! What a process does in the kernel, seen from the kernel's side: BPF programs, perf rings, and
//! sampling where neither is allowed. Capturing is Linux only; names and captured memory are
//! understood everywhere. The only crate of the workspace with `unsafe`: each block says why it is
//! sound.

pub mod captures;
pub mod decode;
mod engine;
mod files;
mod names;
mod options;
mod record;
mod summary;
mod tally;
#[cfg(target_os = "linux")]
mod tracepoints;

#[cfg(target_os = "linux")]
mod bpf;
#[cfg(target_os = "linux")]
mod bpf_system_call;
#[cfg(target_os = "linux")]
mod btf;
#[cfg(target_os = "linux")]
mod cgroup_events;
#[cfg(target_os = "linux")]
mod children;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod cost;
#[cfg(target_os = "linux")]
mod kernel_sockets;
#[cfg(target_os = "linux")]
mod mapped;
#[cfg(target_os = "linux")]
mod perf;
#[cfg(target_os = "linux")]
mod sampling;
mod session;
pub mod stacks;
#[cfg(target_os = "linux")]
mod tasks;

#[cfg(target_os = "linux")]
pub use cgroup_events::{CgroupChange, CgroupEvent, CgroupEvents};
#[cfg(target_os = "linux")]
pub use clock::boottime_offset_ns;
pub use engine::{Attempt, Engine};
pub use files::{FileCosts, FileMethod, FileTotal};
#[cfg(target_os = "linux")]
pub use kernel_sockets::{AuditSocket, InternetProtocol, packet_table_entries};
pub use names::{Arch, error_name};
pub use options::{Options, Split, StreamOptions};
pub use record::{Captured, End, Record};
pub use session::{Session, TraceError};
pub use summary::{
    BUCKETS, Child, Cost, ErrorCount, Figures, InFlight, Lost, SampledTotal, Summary, Total,
};
#[cfg(target_os = "linux")]
pub use tasks::{TaskIterator, TaskRecord};
