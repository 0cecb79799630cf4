//! Go build information, from a few ranges of `/proc/PID/exe`: also of a binary that was deleted.

use crate::ranged_file::RangedFile;
use crate::tasks::target_only;
use crate::{Ctx, ReadError};
use nodesleuth_model::evidence::GoBuild;
use nodesleuth_model::{Missing, MissingKind, Pid};
use nodesleuth_parse::go::{GoBuildError, build_info};
use std::fs::File;

/// What the target's binary says of its build.
pub(super) fn go_build(ctx: &Ctx<'_>, pid: Pid) -> Result<GoBuild, Missing> {
    let path = format!("/proc/{pid}/exe");
    let unreadable = |source| {
        let path = path.clone();
        target_only::missing(ctx, pid, ReadError { path, source })
    };
    let open = || RangedFile::of(File::open(ctx.node.path(&path))?);
    let exe = open().map_err(unreadable)?;
    build_info(&exe).map_err(|error| match error {
        GoBuildError::Io(source) => unreadable(source),
        GoBuildError::NotElf | GoBuildError::NotGo => Missing::new(
            MissingKind::Unsupported,
            format!("not a Go binary ({error})"),
        ),
        GoBuildError::Malformed(malformed) => {
            Missing::new(MissingKind::Malformed, format!("{path}: {malformed}"))
        }
    })
}
