//! Loads the iterator and opens readings of it.

use super::assemble::Instruction;
use crate::bpf::refusal;
use crate::bpf_system_call::{self, Runs};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

/// The iterator in the kernel; gone with its descriptor.
pub(super) struct Link(OwnedFd);

/// Loads a program for an iterator, whose id in the kernel's BTF is `target`.
pub(super) fn link(program: &[Instruction], target: u32) -> Result<Link, String> {
    let code: Vec<_> = program.iter().map(|code| code.to_ne_bytes()).collect();
    let program = bpf_system_call::load("nodesleuth_task", Runs::Iterator(target), &code)
        .map_err(|error| refusal::reason("loading the task iterator", &error))?;
    bpf_system_call::iterator(program.as_fd())
        .map(Link)
        .map_err(|error| refusal::reason("linking the task iterator", &error))
}

impl Link {
    /// Begins a reading.
    pub(super) fn iterate(&self) -> Result<File, String> {
        bpf_system_call::read(self.0.as_fd())
            .map(File::from)
            .map_err(|error| refusal::reason("reading the task iterator", &error))
    }
}
