//! The two shapes that most collectors have: one value read when the window closes, and one read
//! at both of its ends.

use crate::{Collector, Ctx, Finish, Node};
use nodesleuth_model::{Evidence, Missing, MissingKind, Observed, Window};
use nodesleuth_parse::Malformed;

/// One value, read when the window closes.
pub(crate) struct Once<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) read: fn(&Ctx<'_>) -> Result<T, Missing>,
    pub(crate) field: fn(&mut Evidence) -> &mut Observed<T>,
}

impl<T: 'static> Collector for Once<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let (read, field) = (self.read, self.field);
        Box::new(move |evidence| *field(evidence) = read(ctx).into())
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        *(self.field)(evidence) = Observed::Unavailable(missing);
    }
}

/// The same thing, read at both ends of the window.
pub(crate) struct AtBothEnds<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) read: fn(&Ctx<'_>) -> Result<T, Missing>,
    pub(crate) field: fn(&mut Evidence) -> &mut Observed<Window<T>>,
}

impl<T: 'static> Collector for AtBothEnds<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let (read, field) = (self.read, self.field);
        let before = ctx.try_reading(|| read(ctx));
        Box::new(move |evidence| {
            let both = before.and_then(|before| {
                let after = ctx.try_reading(|| read(ctx))?;
                Ok(Window { before, after })
            });
            *field(evidence) = both.into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        *(self.field)(evidence) = Observed::Unavailable(missing);
    }
}

/// A text file of the node, understood.
pub(crate) fn parsed<T>(
    node: &Node,
    node_path: &str,
    parse: impl FnOnce(&str) -> Result<T, Malformed>,
) -> Result<T, Missing> {
    parse(&node.text(node_path)?).map_err(malformed)
}

/// Text that could not be understood, as a reason.
pub(crate) fn malformed(error: Malformed) -> Missing {
    Missing::new(MissingKind::Malformed, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use nodesleuth_model::evidence::{MachineCpu, MemInfo};
    use std::time::Duration;

    const LOST: &str = "lost";

    fn once() -> Once<MemInfo> {
        Once {
            name: "meminfo",
            read: |ctx| parsed(ctx.node, "/meminfo", nodesleuth_parse::proc::meminfo::parse),
            field: |evidence| &mut evidence.meminfo,
        }
    }

    fn both() -> AtBothEnds<MachineCpu> {
        AtBothEnds {
            name: "machine_cpu",
            read: |ctx| {
                let cpus = ctx.node.text("/count")?.trim().parse().unwrap_or(0);
                Ok(MachineCpu {
                    cpus,
                    ..MachineCpu::default()
                })
            },
            field: |evidence| &mut evidence.machine_cpu,
        }
    }

    #[test]
    fn an_absent_file_is_recorded_not_fatal() {
        let (fake, clock, cancel) = (FakeNode::new(), FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        let mut evidence = Evidence::default();
        once().start(&ctx)(&mut evidence);
        assert_eq!(
            evidence.meminfo.missing().unwrap().kind,
            MissingKind::Absent
        );
    }

    #[test]
    fn cut_text_is_malformed_not_zero() {
        let fake = FakeNode::new().file("/meminfo", "MemFree:   12 kB\nMemAva");
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        let mut evidence = Evidence::default();
        once().start(&ctx)(&mut evidence);
        assert_eq!(
            evidence.meminfo.missing().unwrap().kind,
            MissingKind::Malformed
        );
    }

    #[test]
    fn both_readings_are_kept_with_their_moments() {
        let fake = FakeNode::new().file("/count", "1");
        let clock = FakeClock::new();
        let cancel = Cancel::default();
        let ctx = fake.ctx(&clock, &cancel);
        let mut evidence = Evidence::default();
        let collector = both();
        let finish = collector.start(&ctx);
        fake.write("/count", "2");
        ctx.clock.wait(Duration::from_secs(3));
        finish(&mut evidence);
        let window = evidence.machine_cpu.require("machine_cpu").unwrap();
        assert_eq!((window.before.value.cpus, window.after.value.cpus), (1, 2));
        assert_eq!(window.seconds(), 3.0);
    }

    #[test]
    fn one_end_alone_is_not_a_window() {
        let fake = FakeNode::new();
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        let mut evidence = Evidence::default();
        let collector = both();
        let finish = collector.start(&ctx);
        fake.write("/count", "2");
        finish(&mut evidence);
        assert!(evidence.machine_cpu.missing().is_some());
    }

    #[test]
    fn a_lost_collector_leaves_its_reason() {
        let mut evidence = Evidence::default();
        once().lost(&mut evidence, Missing::new(MissingKind::Failed, LOST));
        both().lost(&mut evidence, Missing::new(MissingKind::Failed, LOST));
        assert_eq!(evidence.meminfo.missing().unwrap().reason, LOST);
        assert_eq!(evidence.machine_cpu.missing().unwrap().reason, LOST);
    }
}
