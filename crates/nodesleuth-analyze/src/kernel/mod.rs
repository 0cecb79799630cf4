//! What is known of a kernel by its release string, and what a measurement says against it.
//!
//! The table is data (`catalog/kernel/`, `catalog/kernel-families.toml`); a measurement on the
//! node wins over it.

mod advisory;
mod release;
mod rule;

#[cfg(test)]
mod tests;

pub use advisory::{LabTimes, Measured, advise};
pub use release::{Family, Release};
pub(crate) use rule::version_of;
pub use rule::{Concerned, KernelEntry, Rule};
