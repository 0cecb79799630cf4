//! Go build information, from a few ranges of `/proc/PID/exe`: also of a binary that was deleted.

use crate::tasks::target_only;
use crate::{Ctx, ReadError};
use nodesleuth_model::evidence::GoBuild;
use nodesleuth_model::{Missing, MissingKind, Pid};
use nodesleuth_parse::RangedRead;
use nodesleuth_parse::go::{GoBuildError, build_info};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

struct Exe {
    file: File,
    size: u64,
}

impl RangedRead for Exe {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

/// What the target's binary says of its build.
pub(super) fn go_build(ctx: &Ctx<'_>, pid: Pid) -> Result<GoBuild, Missing> {
    let path = format!("/proc/{pid}/exe");
    let unreadable = |source| {
        let path = path.clone();
        target_only::missing(ctx, pid, ReadError { path, source })
    };
    let open = || {
        let file = File::open(ctx.node.path(&path))?;
        let size = file.metadata()?.len();
        Ok(Exe { file, size })
    };
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
