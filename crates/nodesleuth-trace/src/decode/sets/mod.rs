//! The names of flags and values, by what they belong to. Numbers are those of x86-64 and arm64
//! alike, where nothing else is said.

pub(super) mod events;
pub(super) mod files;
pub(super) mod memory;
pub(super) mod network;
pub(super) mod process;
pub(super) mod time;
