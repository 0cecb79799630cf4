//! Stacks of addresses, as the kernel hands them over, with names: which code a process had mapped,
//! which file that was, and what the addresses in it are called.

mod accounting;
mod code;
mod exec_file;
mod figures;
mod kernel_names;
mod locations;
mod named_files;
mod named_stacks;
mod namer;
mod open_code;
mod processes;
mod root;
#[cfg(test)]
mod tests;
mod vdso;
mod versions;

pub use accounting::{CpuAccount, CpuScope};
pub use figures::{StackFigures, Unnamed};
pub use named_files::{FileCost, FileReader, NamedFiles};
pub use named_stacks::{BROKEN, NO_USER_STACK, NamedStacks, ProfileWords, TRUNCATED};
pub use namer::StackNamer;
