//! Memory of the machine, `/proc/meminfo`.

use super::shape::{Once, parsed};
use nodesleuth_model::evidence::MemInfo;
use nodesleuth_parse::proc::meminfo;

const PATH: &str = "/proc/meminfo";

/// Where the memory is.
pub(super) static COLLECTOR: Once<MemInfo> = Once {
    name: "meminfo",
    read: |ctx| parsed(ctx.node, PATH, meminfo::parse),
    field: |evidence| &mut evidence.meminfo,
};
