//! The unit of CPU times in `/proc`.

use nix::unistd::{SysconfVar, sysconf};
use std::sync::LazyLock;

static TICKS_PER_SECOND: LazyLock<u64> = LazyLock::new(|| {
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten();
    ticks
        .and_then(|ticks| u64::try_from(ticks).ok())
        .filter(|ticks| *ticks > 0)
        .unwrap_or(100)
});

/// Clock ticks of `/proc` per second of the machine we run on: 100 nearly everywhere.
#[must_use]
pub fn ticks_per_second() -> u64 {
    *TICKS_PER_SECOND
}
