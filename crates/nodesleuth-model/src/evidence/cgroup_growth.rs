//! How fast cgroups are made, removed and let go, and by whom.

use crate::observed::{Missing, Observed};
use crate::units::Nanos;
use serde::{Deserialize, Serialize};

/// Cgroups of the memory hierarchy over a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CgroupGrowth {
    /// How it was watched.
    pub method: GrowthMethod,
    /// How long.
    pub length: Nanos,
    /// Made in it; absent where only two counts were compared.
    pub made: Option<u64>,
    /// Removed in it.
    pub removed: Option<u64>,
    /// Let go by the kernel in it; absent where only names were seen.
    pub released: Option<u64>,
    /// Events, or with [`GrowthMethod::Names`] times, that were lost for want of room.
    pub lost: u64,
    /// From rmdir to release, of those that had both in the window.
    pub lag: Option<ReleaseLag>,
    /// Removed in the window and not let go at its end.
    pub waiting: Option<u64>,
    /// Who makes them, most made first.
    pub groups: Vec<GrowthGroup>,
    /// Live ones before and after.
    pub live: Observed<(u64, u64)>,
    /// Dying ones before and after.
    pub dying: Observed<(u64, u64)>,
    /// When reading will be slow if it goes on like this.
    pub forecast: Observed<ReadForecast>,
}

/// How cgroups were watched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrowthMethod {
    /// The kernel's tracepoints told of each.
    #[default]
    Tracepoints,
    /// Directories in which cgroups are made told of new and removed names (inotify). Who made them
    /// and when the kernel let them go was not seen.
    Names {
        /// Why tracepoints were not used.
        because: String,
        /// Directories that were watched at the end.
        watched: u64,
        /// Directories that were not, for want of room: what was made in them was not seen.
        not_watched: u64,
    },
    /// They were counted before and after: what came and went in between was not seen.
    TwoCounts {
        /// Why tracepoints were not used.
        because: String,
    },
}

/// Time from rmdir to release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReleaseLag {
    /// Cgroups that it is of.
    pub cgroups: u64,
    /// Half of them took no longer.
    pub median: Nanos,
    /// The slowest.
    pub longest: Nanos,
}

/// Cgroups whose paths follow one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrowthGroup {
    /// Path with changing parts as `*`.
    pub pattern: String,
    /// One of them.
    pub example: String,
    /// Made in the window.
    pub made: u64,
    /// Removed in the window.
    pub removed: u64,
    /// Let go in the window.
    pub released: u64,
    /// The process that made most of them, by name; absent when it ended within milliseconds.
    pub maker: Option<String>,
    /// The systemd unit that they are or belong to.
    pub unit: Option<String>,
    /// The pod that they belong to, as namespace/name.
    pub pod: Option<String>,
    /// The CronJob that a pod's name says it is of, as namespace/name.
    pub cron_job: Option<String>,
}

/// When a read of the root's `memory.stat` will be slow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadForecast {
    /// What it takes now.
    pub now: Nanos,
    /// What each further dying cgroup adds, in nanoseconds.
    pub nanos_each: f64,
    /// Whether that was measured on this node or comes from the table of kernels.
    pub measured: bool,
    /// Dying cgroups that are added a day.
    pub dying_a_day: f64,
    /// For each threshold (10 ms, 100 ms, 1 s) the days until it is passed; absent when it never
    /// is at this rate.
    pub passes: Vec<(Nanos, Option<f64>)>,
}

impl ReadForecast {
    /// The thresholds that are told.
    pub const THRESHOLDS: [Nanos; 3] =
        [Nanos(10_000_000), Nanos(100_000_000), Nanos(1_000_000_000)];

    /// The days until each threshold is passed.
    #[must_use]
    pub fn of(now: Nanos, nanos_each: f64, measured: bool, dying_a_day: f64) -> Self {
        let days = |threshold: Nanos| {
            let missing = threshold.0.saturating_sub(now.0) as f64;
            let a_day = nanos_each * dying_a_day;
            match missing > 0.0 {
                true => (a_day > 0.0).then(|| missing / a_day),
                false => Some(0.0),
            }
        };
        Self {
            now,
            nanos_each,
            measured,
            dying_a_day,
            passes: Self::THRESHOLDS
                .into_iter()
                .map(|threshold| (threshold, days(threshold)))
                .collect(),
        }
    }
}

impl CgroupGrowth {
    /// A count of the window, as it would be in a day.
    #[must_use]
    pub fn a_day(&self, count: u64) -> f64 {
        count as f64 * 86_400.0 / self.length.seconds().max(1e-9)
    }

    /// Dying cgroups that are added a day at this rate.
    ///
    /// # Errors
    /// When neither events nor counts tell.
    pub fn dying_a_day(&self) -> Result<f64, Missing> {
        if let (Some(removed), Some(released), 0) = (self.removed, self.released, self.lost) {
            return Ok(self.a_day(removed) - self.a_day(released));
        }
        let (before, after) = self.dying.require("dying cgroups")?;
        Ok(self.a_day(*after) - self.a_day(*before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_on_which_a_read_gets_slow_follows_from_the_rate() {
        // 65 µs each (4.15, 64 CPUs), 1,440 a day: one a minute.
        let forecast = ReadForecast::of(Nanos(3_900_000), 65_000.0, true, 1_440.0);
        let days: Vec<_> = forecast
            .passes
            .iter()
            .map(|(_, days)| days.unwrap())
            .collect();
        assert!((0.06..0.07).contains(&days[0]), "{days:?}");
        assert!((10.6..10.7).contains(&days[2]), "{days:?}");
    }

    #[test]
    fn what_is_passed_is_passed_and_what_does_not_grow_never_is() {
        let forecast = ReadForecast::of(Nanos(50_000_000), 65_000.0, true, 0.0);
        let days: Vec<_> = forecast.passes.iter().map(|(_, days)| *days).collect();
        assert_eq!(days, [Some(0.0), None, None]);
    }

    #[test]
    fn lost_events_are_no_rate() {
        let growth = CgroupGrowth {
            length: Nanos(86_400_000_000_000),
            removed: Some(9),
            released: Some(2),
            ..CgroupGrowth::default()
        };
        assert_eq!(growth.dying_a_day(), Ok(7.0));
        let lossy = CgroupGrowth {
            lost: 1,
            dying: Observed::Value((5, 8)),
            ..growth.clone()
        };
        assert_eq!(lossy.dying_a_day(), Ok(3.0));
        assert!(CgroupGrowth { lost: 1, ..growth }.dying_a_day().is_err());
    }
}
