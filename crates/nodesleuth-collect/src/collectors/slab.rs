//! Kernel object caches, `/proc/slabinfo`.
//!
//! On kernels before 5.9 with many memory cgroups the file may be slow, so it is read here only
//! after a timed read in a child has shown that it is not.

use super::shape::parsed;
use crate::slow_read::{FileKind, NodeSize, Scope};
use crate::{Collector, Ctx, Finish, Node};
use nodesleuth_model::evidence::{ReadOutcome, TimedReads};
use nodesleuth_model::{Evidence, Missing, MissingKind, Nanos, Observed};
use nodesleuth_parse::proc::slabinfo;

const SLABINFO: &str = TimedReads::SLABINFO;

/// Largest caches that are kept.
const KEPT: usize = 40;
/// A read longer than this is not done a second time.
const FAST: Nanos = Nanos(200_000_000);
/// Where nothing was timed, a prediction up to this is trusted.
const PREDICTED_FAST: Nanos = Nanos(10_000_000);

/// What the kernel's memory is made of.
#[derive(Debug)]
pub(super) struct SlabCollector;

impl Collector for SlabCollector {
    fn name(&self) -> &'static str {
        "slab"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        Box::new(move |evidence| {
            let read = obstacle(ctx.node, evidence).map_or_else(
                || parsed(ctx.node, SLABINFO, |text| slabinfo::parse(text, KEPT)),
                Err,
            );
            evidence.slab = read.into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.slab = Observed::Unavailable(missing);
    }
}

/// Why the file must not be read now, if so.
fn obstacle(node: &Node, evidence: &Evidence) -> Option<Missing> {
    let timed = evidence.timed_reads.value().and_then(|timed| {
        timed
            .reads
            .iter()
            .find(|read| read.path == SLABINFO)
            .map(|read| &read.outcome)
    });
    match timed {
        Some(ReadOutcome::Read { wall, .. }) if *wall <= FAST => None,
        Some(ReadOutcome::Read { wall, .. }) => Some(over_budget(&format!("it took {wall}"))),
        Some(ReadOutcome::TimedOut { after, .. }) => Some(Missing::new(
            MissingKind::TimedOut,
            format!("{SLABINFO}: a timed read had not ended after {after}"),
        )),
        // Refused or absent: reading says so in its own words.
        Some(ReadOutcome::Failed { .. }) => None,
        Some(ReadOutcome::Skipped { .. }) | None => {
            let predicted = NodeSize::of(node).cost(FileKind::Slabinfo, Scope::Leaf);
            (predicted > PREDICTED_FAST)
                .then(|| over_budget(&format!("untimed, and predicted to take {predicted}")))
        }
    }
}

fn over_budget(why: &str) -> Missing {
    Missing::new(
        MissingKind::OverBudget,
        format!("{SLABINFO} was not read: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use nodesleuth_model::evidence::{TimedRead, TimedReads};

    const TEXT: &str = "slabinfo - version: 2.1\n\
        # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : \
        tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> \
        <sharedavail>\n\
        dentry             9000  10000    192   21    1 : tunables    0    0    0 : slabdata    \
        476    476      0\n";

    fn modern() -> FakeNode {
        FakeNode::with_memory_v1("6.1.0", 100_000)
    }

    fn slab_of(fake: &FakeNode, mut evidence: Evidence) -> Evidence {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        SlabCollector.start(&ctx)(&mut evidence);
        evidence
    }

    #[test]
    fn a_modern_kernels_file_is_read_even_where_nothing_was_timed() {
        let fake = modern().file(SLABINFO, TEXT);
        let evidence = slab_of(&fake, Evidence::default());
        assert_eq!(
            evidence
                .slab
                .value()
                .unwrap()
                .cache("dentry")
                .unwrap()
                .objects,
            10_000
        );
    }

    #[test]
    fn an_unreadable_file_says_that_root_may() {
        if nix::unistd::Uid::effective().is_root() {
            // Root reads a file of any mode, so nothing refuses here; the mapping of EACCES to a
            // permission is tested in node.rs as well.
            return;
        }
        let fake = modern().file(SLABINFO, TEXT);
        fake.forbid(SLABINFO);
        let evidence = slab_of(&fake, Evidence::default());
        let missing = evidence.slab.missing().unwrap();
        assert_eq!(missing.kind, MissingKind::Permission);
        assert_eq!(missing.need.as_deref(), Some("root"));
    }

    #[test]
    fn a_file_that_hung_in_the_timed_read_is_not_touched_again() {
        let fake = modern().file(SLABINFO, TEXT);
        let mut evidence = Evidence::default();
        let outcome = ReadOutcome::TimedOut {
            after: Nanos(1_000_000_000),
            stuck: None,
        };
        let read = TimedRead {
            path: SLABINFO.to_owned(),
            predicted: None,
            outcome,
        };
        evidence.timed_reads = Observed::Value(TimedReads {
            reads: vec![read],
            ..TimedReads::default()
        });
        let evidence = slab_of(&fake, evidence);
        assert_eq!(evidence.slab.missing().unwrap().kind, MissingKind::TimedOut);
    }

    #[test]
    fn an_old_kernel_with_many_cgroups_is_not_read_untimed() {
        let fake = FakeNode::new().file(SLABINFO, TEXT);
        let evidence = slab_of(&fake, Evidence::default());
        assert_eq!(
            evidence.slab.missing().unwrap().kind,
            MissingKind::OverBudget
        );
    }
}
