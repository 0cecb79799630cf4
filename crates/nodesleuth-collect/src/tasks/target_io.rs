//! `/proc/PID/io` of the target at both ends of the window.

use super::target_only;
use crate::collectors::malformed;
use crate::{Collector, Ctx, Finish};
use nodesleuth_model::evidence::TaskIo;
use nodesleuth_model::{Evidence, Missing, Observed, Window};
use nodesleuth_parse::proc::io;

/// Fills `target_io`.
pub(super) struct TargetIo;

impl Collector for TargetIo {
    fn name(&self) -> &'static str {
        "target io"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let before = ctx.try_reading(|| read(ctx));
        Box::new(move |evidence| {
            let both = before.and_then(|before| {
                let after = ctx.try_reading(|| read(ctx))?;
                Ok(Window { before, after })
            });
            evidence.target_io = both.into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.target_io = Observed::Unavailable(missing);
    }
}

fn read(ctx: &Ctx<'_>) -> Result<TaskIo, Missing> {
    let pid = target_only::pid(ctx)?;
    let text = ctx.node.text(&format!("/proc/{pid}/io"));
    io::parse(&text.map_err(|error| target_only::missing(ctx, pid, error))?).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use nodesleuth_model::{MissingKind, Pid};

    fn text(calls: u64) -> String {
        format!("rchar: 1\nwchar: 2\nsyscr: {calls}\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n")
    }

    #[test]
    fn both_ends_are_kept() {
        let fake = FakeNode::new().file("/proc/7/io", &text(3));
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = Ctx {
            target: Some(Pid(7)),
            ..fake.ctx(&clock, &cancel)
        };
        let finish = TargetIo.start(&ctx);
        fake.write("/proc/7/io", &text(30));
        let mut evidence = Evidence::default();
        finish(&mut evidence);
        let window = evidence.target_io.value().unwrap();
        assert_eq!(
            (
                window.before.value.read_calls,
                window.after.value.read_calls
            ),
            (3, 30)
        );
    }

    #[test]
    fn a_target_that_ends_in_the_window_is_said_to_have_ended() {
        let fake = FakeNode::new().file("/proc/7/io", &text(3));
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = Ctx {
            target: Some(Pid(7)),
            ..fake.ctx(&clock, &cancel)
        };
        let finish = TargetIo.start(&ctx);
        fake.remove("/proc/7");
        let mut evidence = Evidence::default();
        finish(&mut evidence);
        assert_eq!(
            evidence.target_io.missing().unwrap().kind,
            MissingKind::TargetGone
        );
    }
}
