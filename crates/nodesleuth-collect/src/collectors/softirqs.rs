//! Soft interrupts by kind and CPU, `/proc/softirqs`.

use super::shape::{AtBothEnds, parsed};
use nodesleuth_model::evidence::SoftIrqs;
use nodesleuth_parse::proc::softirqs;

const PATH: &str = "/proc/softirqs";

/// Which CPUs did the work of interrupts.
pub(super) static COLLECTOR: AtBothEnds<SoftIrqs> = AtBothEnds {
    name: "softirqs",
    read: |ctx| parsed(ctx.node, PATH, softirqs::parse),
    field: |evidence| &mut evidence.softirqs,
};
