//! What Go's linker leaves in a binary, found with a few small reads.

mod blob;
mod build_info;
#[cfg(test)]
mod fixture;
mod mod_info;
pub(crate) mod pclntab;
mod unquote;

pub use build_info::{GoBuildError, build_info};
