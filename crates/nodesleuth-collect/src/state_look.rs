//! States of the node that can be told at one moment: what `nodesleuth kernel` shows beside the
//! table of defects.

use crate::collectors::STATES;
use crate::{Cancel, Clock, Ctx, Node};
use nodesleuth_model::Evidence;

/// Fills the fields of the evidence that such states are told from. What needs a window or a
/// target is left as it is.
pub fn look_at_states(node: &Node, clock: &dyn Clock, cancel: &Cancel, evidence: &mut Evidence) {
    let ctx = Ctx::of_node(node, clock, cancel);
    for collector in STATES {
        collector.start(&ctx)(evidence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{FakeClock, FakeNode};
    use nodesleuth_model::MissingKind;

    #[test]
    fn what_is_there_is_read_and_what_is_not_has_its_reason() {
        let fake = FakeNode::new()
            .file(
                "/proc/1/mountinfo",
                "31 23 0:28 / /sys rw - tmpfs tmpfs rw\n",
            )
            .file("/proc/7/status", "Name:\tx\n");
        let mut evidence = Evidence::default();
        look_at_states(
            &fake.node,
            &FakeClock::new(),
            &Cancel::default(),
            &mut evidence,
        );
        assert_eq!(evidence.mounts.value().unwrap().mounts, 1);
        let missing = evidence.dentries.missing().unwrap();
        assert_eq!(missing.kind, MissingKind::Absent);
        let unsupported = evidence.audit.missing().unwrap();
        assert_eq!(unsupported.kind, MissingKind::Unsupported);
    }
}
