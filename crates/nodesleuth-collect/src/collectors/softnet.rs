//! What network soft interrupts did on each CPU, `/proc/net/softnet_stat`.

use super::shape::{AtBothEnds, parsed};
use nodesleuth_model::evidence::SoftNet;
use nodesleuth_parse::proc::softnet_stat;

const PATH: &str = "/proc/net/softnet_stat";

/// Whether a CPU had more packets than it could take. The counters are the machine's, whatever
/// network namespace reads them.
pub(super) static COLLECTOR: AtBothEnds<SoftNet> = AtBothEnds {
    name: "softnet",
    read: |ctx| parsed(ctx.node, PATH, softnet_stat::parse),
    field: |evidence| &mut evidence.softnet,
};
