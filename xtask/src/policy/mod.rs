//! `cargo xtask policy`: what must hold for every crate, ours and others': licences, sources,
//! no `unsafe` outside its one crate, and DESIGN's arrows between crates.

mod layers;
mod licences;
pub(crate) mod metadata;
mod sources;
mod spdx;
mod unsafe_code;

use std::process::ExitCode;

use crate::failure::Result;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let violations = violations(workspace)?;
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        println!("licences, sources, unsafe and layers: all as they should be");
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}

/// A sentence for each thing that is not as it should be.
pub(crate) fn violations(workspace: &Workspace) -> Result<Vec<String>> {
    let metadata = metadata::read(workspace)?;
    let lock = sources::read_lock(workspace)?;
    let mut violations = licences::violations(&metadata);
    violations.extend(sources::violations(&metadata, &lock, workspace.root()));
    violations.extend(unsafe_code::violations(&metadata)?);
    violations.extend(layers::violations(&metadata));
    Ok(violations)
}
