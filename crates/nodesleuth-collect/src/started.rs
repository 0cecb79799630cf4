//! Collectors between their two steps. A panic in one ends that one only.

use crate::collectors::{ALL, PROBES};
use crate::{Collector, Ctx, Finish, tasks};
use nodesleuth_model::{Evidence, Missing, MissingKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Collectors that have taken their first step, in the order in which they take the second.
pub(crate) struct Started<'a>(Vec<(&'static dyn Collector, Finish<'a>)>);

impl<'a> Started<'a> {
    /// Starts every collector there is; what is lost already stands in the evidence.
    pub(crate) fn all(ctx: &'a Ctx<'a>, evidence: &mut Evidence) -> Self {
        // The target's readings are the last before the window and the first after it.
        let mut node = Self::of(ALL, ctx, evidence);
        let mut finishing = Self::of(tasks::COLLECTORS, ctx, evidence);
        finishing.0.append(&mut node.0);
        finishing.0.append(&mut Self::of(PROBES, ctx, evidence).0);
        finishing
    }

    fn of(
        collectors: &[&'static dyn Collector],
        ctx: &'a Ctx<'a>,
        evidence: &mut Evidence,
    ) -> Self {
        let mut started = Vec::with_capacity(collectors.len());
        for &collector in collectors {
            match catch_unwind(AssertUnwindSafe(|| collector.start(ctx))) {
                Ok(finish) => started.push((collector, finish)),
                Err(_) => lose(collector, evidence),
            }
        }
        Self(started)
    }

    /// Lets each take its second step.
    pub(crate) fn finish(self, evidence: &mut Evidence) {
        for (collector, finish) in self.0 {
            if catch_unwind(AssertUnwindSafe(|| finish(evidence))).is_err() {
                lose(collector, evidence);
            }
        }
    }
}

fn lose(collector: &dyn Collector, evidence: &mut Evidence) {
    let reason = format!(
        "the {} collector ended in a panic: a bug in nodesleuth",
        collector.name()
    );
    collector.lost(evidence, Missing::new(MissingKind::Failed, reason));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use nodesleuth_model::Observed;
    use nodesleuth_model::evidence::MemInfo;

    struct Panics {
        at_start: bool,
    }

    impl Collector for Panics {
        fn name(&self) -> &'static str {
            "slab"
        }

        fn start<'a>(&self, _ctx: &'a Ctx<'a>) -> Finish<'a> {
            assert!(!self.at_start, "at the start");
            Box::new(|_| panic!("at the end"))
        }

        fn lost(&self, evidence: &mut Evidence, missing: Missing) {
            evidence.slab = Observed::Unavailable(missing);
        }
    }

    struct Works;

    impl Collector for Works {
        fn name(&self) -> &'static str {
            "meminfo"
        }

        fn start<'a>(&self, _ctx: &'a Ctx<'a>) -> Finish<'a> {
            Box::new(|evidence| evidence.meminfo = Observed::Value(MemInfo::default()))
        }
    }

    #[test]
    fn a_collector_that_panics_leaves_its_reason_and_the_others_go_on() {
        let (fake, clock, cancel) = (FakeNode::new(), FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        let both: [&'static [&'static dyn Collector]; 2] = [
            &[&Panics { at_start: true }, &Works],
            &[&Panics { at_start: false }, &Works],
        ];
        for collectors in both {
            let mut evidence = Evidence::default();
            Started::of(collectors, &ctx, &mut evidence).finish(&mut evidence);
            let missing = evidence.slab.missing().unwrap();
            assert!(
                missing
                    .reason
                    .contains("the slab collector ended in a panic")
            );
            assert!(evidence.meminfo.value().is_some());
        }
    }
}
