//! What collectors about the target share: who it is, and why it cannot be read.

use crate::{Ctx, ReadError};
use nodesleuth_model::{Missing, MissingKind, Pid};
use std::io;

/// What gives access to another user's process.
const NEED: &str = "CAP_SYS_PTRACE or the same user";

/// The target, or that there is none.
pub(super) fn pid(ctx: &Ctx<'_>) -> Result<Pid, Missing> {
    ctx.target
        .ok_or_else(|| Missing::new(MissingKind::NotRequested, "no target was chosen"))
}

/// Why a file of the target could not be read. An absent file of a process that is gone too means
/// that the target ended.
pub(super) fn missing(ctx: &Ctx<'_>, pid: Pid, error: ReadError) -> Missing {
    let permission = error.source.kind() == io::ErrorKind::PermissionDenied;
    let missing = Missing::from(error);
    if permission {
        return Missing::new(MissingKind::Permission, missing.reason).needs(NEED);
    }
    let gone = matches!(missing.kind, MissingKind::Absent | MissingKind::TargetGone)
        && !ctx.node.path(format!("/proc/{pid}/stat")).exists();
    if gone {
        let reason = format!(
            "the target ended before it could be read ({})",
            missing.reason
        );
        return Missing::new(MissingKind::TargetGone, reason);
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};

    fn why(fake: &FakeNode, error: io::Error) -> Missing {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let path = "/proc/7/io".to_owned();
        missing(
            &fake.ctx(&clock, &cancel),
            Pid(7),
            ReadError {
                path,
                source: error,
            },
        )
    }

    #[test]
    fn a_refusal_says_what_would_help() {
        let missing = why(&FakeNode::new(), io::ErrorKind::PermissionDenied.into());
        assert_eq!(missing.kind, MissingKind::Permission);
        assert_eq!(missing.need.as_deref(), Some(NEED));
    }

    #[test]
    fn an_absent_file_of_a_living_process_is_only_absent() {
        let absent = || io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(
            why(&FakeNode::new(), absent()).kind,
            MissingKind::TargetGone
        );
        let alive = FakeNode::new().file("/proc/7/stat", "");
        assert_eq!(why(&alive, absent()).kind, MissingKind::Absent);
    }
}
