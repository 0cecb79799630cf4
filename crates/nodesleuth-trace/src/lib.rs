//! What a process does in the kernel, seen from the kernel's side: BPF programs, perf rings, and
//! sampling where neither is allowed. Linux only; names and captured memory are understood
//! everywhere. The only crate of the workspace with `unsafe`: each block says why it is sound.

pub mod captures;
mod names;
mod record;

pub use names::{Arch, error_name};
pub use record::{Captured, End, Record};
