//! The clock that records use.

use nix::time::{ClockId, clock_gettime};

/// CLOCK_MONOTONIC. It cannot fail on Linux; 0 would be the boot.
pub(crate) fn monotonic_ns() -> u64 {
    nanos(ClockId::CLOCK_MONOTONIC)
}

/// What must be added to a record's time to get CLOCK_BOOTTIME: the time that the machine slept.
pub fn boottime_offset_ns() -> u64 {
    nanos(ClockId::CLOCK_BOOTTIME).saturating_sub(monotonic_ns())
}

fn nanos(clock: ClockId) -> u64 {
    let Ok(time) = clock_gettime(clock) else {
        return 0;
    };
    let whole = |part: i64| u64::try_from(part).unwrap_or(0);
    whole(time.tv_sec()) * 1_000_000_000 + whole(time.tv_nsec())
}
