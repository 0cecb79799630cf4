//! CPU time of the whole machine, `/proc/stat`.

use super::shape::{AtBothEnds, parsed};
use nodesleuth_model::evidence::MachineCpu;
use nodesleuth_parse::proc::stat;

/// How busy the machine was, and with what.
pub(super) static COLLECTOR: AtBothEnds<MachineCpu> = AtBothEnds {
    name: "machine_cpu",
    read: |ctx| parsed(ctx.node, "/proc/stat", stat::parse),
    field: |evidence| &mut evidence.machine_cpu,
};
