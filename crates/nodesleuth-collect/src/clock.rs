//! Time comes in through a trait, so that tests move it and nothing sleeps.

use nix::time::{ClockId, clock_gettime};
use nodesleuth_model::BootNanos;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where time comes from.
pub trait Clock: Sync {
    /// CLOCK_BOOTTIME.
    fn boot(&self) -> BootNanos;

    /// Nanoseconds since the Unix epoch.
    fn utc_unix_nanos(&self) -> u64;

    /// Waits for this long, or less if something ends the wait early.
    fn wait(&self, time: Duration);
}

/// The real clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn boot(&self) -> BootNanos {
        // CLOCK_BOOTTIME exists since 2.6.39; the fallback keeps a bundle readable anyway.
        let time = clock_gettime(ClockId::CLOCK_BOOTTIME)
            .or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC));
        time.map_or(BootNanos(0), |time| {
            BootNanos(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
        })
    }

    fn utc_unix_nanos(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }

    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
