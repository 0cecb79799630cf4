//! Bytes to model: /proc, cgroup files, ELF and Go symbols, Go build information, what a kubelet and
//! an API server answer.
//!
//! Nothing here opens a file, asks the clock or the machine: what a parser needs to know (page
//! size, which counters to keep) is an argument, so it works the same on recorded text. Text that
//! does not fit its format is [`Malformed`], never a panic and never a silent zero.

pub mod audit_rules;
pub mod cgroup;
mod elf;
pub mod go;
pub mod kube;
mod lines;
mod malformed;
#[cfg(test)]
mod mutations;
mod number;
mod page_cache;
pub mod pasted;
pub mod proc;
mod ranged_read;
pub mod symbolize;

pub use malformed::Malformed;
pub use ranged_read::RangedRead;
