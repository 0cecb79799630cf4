//! The only crate that changes a node: scratch cgroups, the demo agent, cleaning up.
