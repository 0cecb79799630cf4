//! The only crate that changes a node: remedies, scratch cgroups, the demo's sick agent, cleaning up.
//!
//! Whatever is made carries a name that says who made it in which boot ([`name`]), a guardian
//! process takes it away when we are killed ([`guardian`]), and [`clean`] finds what even that
//! missed. Nothing here prints; progress and results are values.
//!
//! Guardian, agent and a remedy's steps are our own binary started again: its `main` hands its arguments to
//! [`hidden::run`] before it looks at them.

pub mod agent;
pub mod clean;
pub mod demo;
mod error;
pub mod fix;
pub mod guardian;
pub mod hidden;
mod identity;
pub mod kernel_probe;
mod kubelet;
pub mod name;
mod removal;
pub mod scratch;
mod waiting;

pub use error::ActError;
pub use identity::Identity;
pub use removal::{Leftover, Removal};
