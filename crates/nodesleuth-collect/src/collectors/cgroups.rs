//! The cgroup census as a collector; counting itself is in [`crate::census`].

use super::shape::Once;
use crate::census::census;
use nodesleuth_model::evidence::CgroupCensus;

/// How many cgroups there are, live and dying.
pub(super) static COLLECTOR: Once<CgroupCensus> = Once {
    name: "cgroups",
    read: |ctx| census(ctx.node, ctx.clock, ctx.cancel),
    field: |evidence| &mut evidence.cgroups,
};
