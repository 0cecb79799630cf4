//! Size of the dentry cache, `/proc/sys/fs/dentry-state`.

use super::shape::{Once, parsed};
use nodesleuth_model::evidence::DentryState;
use nodesleuth_parse::proc::dentry_state;

const PATH: &str = "/proc/sys/fs/dentry-state";

/// How many dentries there are, unused and negative ones among them.
pub(super) static COLLECTOR: Once<DentryState> = Once {
    name: "dentries",
    read: |ctx| parsed(ctx.node, PATH, dentry_state::parse),
    field: |evidence| &mut evidence.dentries,
};
