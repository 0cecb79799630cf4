//! A sample scan of cgroups, where nothing measured so far warns against it.

use crate::scan::{ScanExtent, scan};
use crate::{Collector, Ctx, Finish};
use nodesleuth_model::evidence::{ReadOutcome, TimedReads};
use nodesleuth_model::{Evidence, Missing, MissingKind, Nanos, Observed};

/// Where one cgroup file took more CPU than this, a dozen files of forty cgroups are too many.
const SLOW: Nanos = Nanos(5_000_000);

/// What one cgroup's statistics cost.
#[derive(Debug)]
pub(super) struct CgroupScanCollector;

impl Collector for CgroupScanCollector {
    fn name(&self) -> &'static str {
        "cgroup_scan"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        Box::new(move |evidence| {
            let obstacle = if ctx.cancel.requested() {
                Some(Missing::new(
                    MissingKind::Interrupted,
                    "interrupted before cgroups were read",
                ))
            } else {
                evidence.timed_reads.value().and_then(slow_file)
            };
            let result =
                obstacle.map_or_else(|| scan(ctx.node, ScanExtent::Sample, ctx.cancel), Err);
            evidence.cgroup_scan = result.into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.cgroup_scan = Observed::Unavailable(missing);
    }
}

/// A timed read that was slow is reason enough to leave all such files alone. Skipped ones are
/// not: only leaves are scanned, which do not cost what was predicted for their parents.
fn slow_file(timed: &TimedReads) -> Option<Missing> {
    let read = timed.slow_cgroup_file(SLOW)?;
    let how = match &read.outcome {
        ReadOutcome::Read { cpu, .. } => format!("reading {} took {cpu} of CPU", read.path),
        ReadOutcome::TimedOut { after, .. } => {
            format!("reading {} had not ended after {after}", read.path)
        }
        ReadOutcome::Skipped { .. } | ReadOutcome::Failed { .. } => return None,
    };
    Some(Missing::new(
        MissingKind::OverBudget,
        format!("cgroups were not scanned: {how}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use nodesleuth_model::Bytes;
    use nodesleuth_model::evidence::TimedRead;

    fn after(outcome: ReadOutcome) -> Evidence {
        let fake = FakeNode::with_memory_v1("6.1.0", 3)
            .file("/sys/fs/cgroup/memory/pod1/memory.stat", "cache 1\n");
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        let mut evidence = Evidence::default();
        let path = "/sys/fs/cgroup/memory/memory.stat".to_owned();
        let reads = vec![TimedRead {
            path,
            predicted: None,
            outcome,
        }];
        evidence.timed_reads = Observed::Value(TimedReads {
            reads,
            ..TimedReads::default()
        });
        CgroupScanCollector.start(&ctx)(&mut evidence);
        evidence
    }

    fn took(wall: Nanos) -> ReadOutcome {
        ReadOutcome::Read {
            bytes: Bytes(1),
            wall,
            cpu: wall,
            repeats: 1,
            first_cpu: None,
        }
    }

    #[test]
    fn a_slow_file_forbids_the_scan_and_a_fast_one_does_not() {
        let slow = after(took(Nanos(SLOW.0 + 1)));
        let missing = slow.cgroup_scan.missing().unwrap();
        assert_eq!(missing.kind, MissingKind::OverBudget);
        assert!(missing.reason.contains("/sys/fs/cgroup/memory/memory.stat"));
        assert_eq!(after(took(SLOW)).cgroup_scan.value().unwrap().cgroups, 1);
    }

    #[test]
    fn a_read_that_hung_forbids_it_too() {
        let hung = ReadOutcome::TimedOut {
            after: Nanos(1_000_000_000),
            stuck: None,
        };
        assert!(after(hung).cgroup_scan.missing().is_some());
    }
}
