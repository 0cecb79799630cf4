//! Where CPU time goes: kernel and user stacks of a process, of it and what it starts, or of the
//! whole node, taken so many times a second on every CPU; and where threads wait, if asked.
//!
//! Addresses only: naming them needs the binaries, which [`TaskEvent`]s tell of in time.

#[cfg(target_os = "linux")]
mod bpf;
mod capture;
#[cfg(target_os = "linux")]
mod depth;
#[cfg(target_os = "linux")]
mod dump;
mod engine;
mod event;
#[cfg(target_os = "linux")]
mod file_stack;
mod missed;
mod options;
mod records;
#[cfg(test)]
mod records_tests;
#[cfg(target_os = "linux")]
mod rings;
mod session;
#[cfg(target_os = "linux")]
mod stream;
mod tasks;
#[cfg(target_os = "linux")]
pub use capture::{StackCapture, StackCount};
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub use dump::understood;
pub use engine::{SampleEvent, StackEngine};
pub use event::{MappedFile, TaskEvent};
#[cfg(target_os = "linux")]
pub use file_stack::FileStack;
pub use options::{StackOptions, StackTarget};
pub use session::{StackError, StackSession, start};
