//! `/proc/PID/io` of the target at both ends of the window.

use super::target_only;
use crate::Ctx;
use crate::collectors::{AtBothEnds, malformed};
use nodesleuth_model::Missing;
use nodesleuth_model::evidence::TaskIo;
use nodesleuth_parse::proc::io;

/// Fills `target_io`.
pub(super) static COLLECTOR: AtBothEnds<TaskIo> = AtBothEnds {
    name: "target io",
    read,
    field: |evidence| &mut evidence.target_io,
};

fn read(ctx: &Ctx<'_>) -> Result<TaskIo, Missing> {
    let pid = target_only::pid(ctx)?;
    let text = ctx.node.text(&format!("/proc/{pid}/io"));
    io::parse(&text.map_err(|error| target_only::missing(ctx, pid, error))?).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{FakeClock, FakeNode};
    use crate::{Cancel, Collector};
    use nodesleuth_model::{Evidence, MissingKind, Pid};

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
        let finish = COLLECTOR.start(&ctx);
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
        let finish = COLLECTOR.start(&ctx);
        fake.remove("/proc/7");
        let mut evidence = Evidence::default();
        finish(&mut evidence);
        assert_eq!(
            evidence.target_io.missing().unwrap().kind,
            MissingKind::TargetGone
        );
    }
}
