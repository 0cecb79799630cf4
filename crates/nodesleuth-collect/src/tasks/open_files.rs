//! Which files the target has open, looked at again and again over the window.
//!
//! A descriptor that is there in some looks only belongs to work in progress, and work in progress
//! shows what a process spends its time on, without tracing it.

mod look;
mod tally;
mod watcher;

use super::target_only;
use crate::file_kind::Kinds;
use crate::{Collector, Ctx, Finish, Node, ReadError};
use nodesleuth_model::{Evidence, Missing, Observed};
use nodesleuth_parse::proc::mountinfo;
use watcher::Watcher;

/// Fills `open_files`.
pub(super) struct OpenFiles;

impl Collector for OpenFiles {
    fn name(&self) -> &'static str {
        "open files"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let watcher = start(ctx);
        Box::new(move |evidence| {
            evidence.open_files = watcher.and_then(Watcher::finish).into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.open_files = Observed::Unavailable(missing);
    }
}

fn start(ctx: &Ctx<'_>) -> Result<Watcher, Missing> {
    let pid = target_only::pid(ctx)?;
    let path = format!("/proc/{pid}");
    let kinds = Kinds::new(cgroup_mounts(ctx.node, &path));
    Watcher::start(ctx.node.path(&path), kinds, ctx.cancel).map_err(|source| {
        target_only::missing(
            ctx,
            pid,
            ReadError {
                path: format!("{path}/fd"),
                source,
            },
        )
    })
}

/// Where the target sees cgroup file systems; unreadable, only the usual place is known.
pub(crate) fn cgroup_mounts(node: &Node, process: &str) -> Vec<String> {
    let text = node
        .text(&format!("{process}/mountinfo"))
        .unwrap_or_default();
    let mounts = mountinfo::parse(&text).unwrap_or_default();
    let cgroups = mounts
        .into_iter()
        .filter(|mount| mount.fs_type.starts_with("cgroup"));
    cgroups.map(|mount| mount.mount_point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use nodesleuth_model::{MissingKind, Pid};

    fn collect(fake: &FakeNode) -> Evidence {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = Ctx {
            target: Some(Pid(7)),
            ..fake.ctx(&clock, &cancel)
        };
        let mut evidence = Evidence::default();
        OpenFiles.start(&ctx)(&mut evidence);
        evidence
    }

    #[test]
    fn a_window_of_no_length_still_has_one_look() {
        let fake = FakeNode::new()
            .file("/proc/7/stat", "")
            .link("/proc/7/fd/3", "/etc/hosts");
        let evidence = collect(&fake);
        let samples = evidence.open_files.value().unwrap();
        assert!(samples.samples >= 1);
        assert_eq!(samples.samples_with_passing, 0);
    }

    #[test]
    fn a_target_that_is_gone_is_said_so() {
        let missing = collect(&FakeNode::new());
        assert_eq!(
            missing.open_files.missing().unwrap().kind,
            MissingKind::TargetGone
        );
    }
}
