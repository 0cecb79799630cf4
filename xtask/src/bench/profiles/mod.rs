//! Profiles: drawing, reports and merging against the tools people use today.

pub(crate) mod flame;
mod folder;
pub(crate) mod merge;
pub(crate) mod peers;
pub(crate) mod reports;
pub(crate) mod synthetic;
mod table;
