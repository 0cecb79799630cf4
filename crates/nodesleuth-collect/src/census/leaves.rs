//! Cgroups whose files never cost a walk: certain leaves, as deep as they come.

use super::walk::{Budget, walk};
use crate::Node;
use std::cmp::Reverse;

/// Cgroups that only hold others. Without a live child they may still have thousands of dying
/// ones, so they do not count as leaves.
const HOLDS_OTHERS: [&str; 9] = [
    "kubepods",
    "burstable",
    "besteffort",
    "guaranteed",
    "docker",
    "system",
    "user",
    "lxc",
    "machine",
];

/// Whether a cgroup of this name is there to hold others, even if none is left.
pub(crate) fn holds_others(name: &str) -> bool {
    name.ends_with(".slice") || HOLDS_OTHERS.contains(&name)
}

/// Up to `wanted` leaves below a mount, as paths from it, the deepest first; of equally deep ones
/// a sample from all over the tree.
pub(crate) fn deepest_leaves(
    node: &Node,
    mount: &str,
    wanted: usize,
    budget: &Budget,
) -> Vec<String> {
    let mut leaves = Vec::new();
    // What cannot be walked has no leaves that could be used.
    let _ = walk(&node.path(mount), budget, (), |met| {
        if met.leaf && !holds_others(met.name) {
            leaves.push(format!("{}/{}", met.parent_path, met.name));
        }
    });
    leaves.sort_by_key(|path| Reverse(depth(path)));
    let deepest = leaves.first().map_or(0, |path| depth(path));
    let equally_deep = leaves
        .iter()
        .take_while(|path| depth(path) == deepest)
        .count();
    if equally_deep <= wanted {
        leaves.truncate(wanted);
        return leaves;
    }
    let step = equally_deep / wanted.max(1);
    leaves
        .into_iter()
        .take(equally_deep)
        .step_by(step.max(1))
        .take(wanted)
        .collect()
}

fn depth(path: &str) -> usize {
    path.matches('/').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;
    use nodesleuth_model::Nanos;

    const ALL: Budget = Budget {
        directories: 1_000,
        cpu_until: Nanos(u64::MAX),
    };

    #[test]
    fn the_deepest_leaves_come_first_and_holders_of_others_never() {
        let fake = FakeNode::new()
            .folder("/m/kubepods/burstable/pod1/c1")
            .folder("/m/kubepods/besteffort")
            .folder("/m/system.slice/cron.service")
            .folder("/m/user.slice");
        let leaves = deepest_leaves(&fake.node, "/m", 9, &ALL);
        assert_eq!(
            leaves,
            ["/kubepods/burstable/pod1/c1", "/system.slice/cron.service"]
        );
        assert!(deepest_leaves(&fake.node, "/nowhere", 9, &ALL).is_empty());
    }

    #[test]
    fn of_many_equally_deep_ones_a_sample_is_taken() {
        let mut fake = FakeNode::new();
        for number in 0..20 {
            fake = fake.folder(&format!("/m/a/c{number}"));
        }
        assert_eq!(deepest_leaves(&fake.node, "/m", 4, &ALL).len(), 4);
    }
}
