//! What is mounted as a cgroup hierarchy, its counters, and names of cgroup directories.

pub mod cpu_quota;
mod hierarchies;
pub mod memory_stat;
mod name_pattern;
pub mod stat;

pub use hierarchies::{HierarchyMount, hierarchies, mode};
pub use name_pattern::name_pattern;
