//! A cgroup's CPU quota and what came of it: `cpu.stat`, `cpu.max` of v2, `cpu.cfs_*_us` of v1
//! (`Documentation/scheduler/sched-bwc.rst`).

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;
use nodesleuth_model::Nanos;

/// Counters of `cpu.stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuStat {
    /// `nr_periods`; absent at the root of v2.
    pub periods: Option<u64>,
    /// `nr_throttled`.
    pub throttled: Option<u64>,
    /// `throttled_time` (v1, nanoseconds) or `throttled_usec` (v2).
    pub throttled_time: Option<Nanos>,
    /// `usage_usec`; v2 only.
    pub usage: Option<Nanos>,
}

/// Reads `cpu.stat`.
///
/// # Errors
/// When a line that is kept has no number.
pub fn stat(text: &str) -> Result<CpuStat, Malformed> {
    let mut stat = CpuStat::default();
    for (index, line) in numbered(text) {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        let number = || {
            from_text(value.trim()).ok_or_else(|| {
                Malformed::line("cpu.stat", index, format!("{name} is {}", quoted(value)))
            })
        };
        match name {
            "nr_periods" => stat.periods = Some(number()?),
            "nr_throttled" => stat.throttled = Some(number()?),
            "throttled_time" => stat.throttled_time = Some(Nanos(number()?)),
            "throttled_usec" => stat.throttled_time = Some(micros(number()?)),
            "usage_usec" => stat.usage = Some(micros(number()?)),
            _ => {}
        }
    }
    Ok(stat)
}

/// Quota and period of `cpu.max`; `None` where there is no quota (`max 100000`).
///
/// # Errors
/// When it is anything but `max` or a number, and a period.
pub fn max(text: &str) -> Result<Option<(Nanos, Nanos)>, Malformed> {
    let bad = || {
        Malformed::whole(
            "cpu.max",
            format!("expected a quota and a period, found {}", quoted(text)),
        )
    };
    let (quota, period) = text.trim().split_once(' ').ok_or_else(bad)?;
    let period = from_text(period).ok_or_else(bad)?;
    match quota {
        "max" => Ok(None),
        quota => {
            let quota = from_text(quota).ok_or_else(bad)?;
            Ok(Some((micros(quota), micros(period))))
        }
    }
}

/// The same from `cpu.cfs_quota_us` (-1 for none) and `cpu.cfs_period_us`.
///
/// # Errors
/// When one of them is no number.
pub fn cfs(quota: &str, period: &str) -> Result<Option<(Nanos, Nanos)>, Malformed> {
    if quota.trim() == "-1" {
        return Ok(None);
    }
    let number = |what, text: &str| {
        from_text(text.trim()).map(micros).ok_or_else(|| {
            Malformed::whole(what, format!("expected a number, found {}", quoted(text)))
        })
    };
    Ok(Some((
        number("cpu.cfs_quota_us", quota)?,
        number("cpu.cfs_period_us", period)?,
    )))
}

fn micros(micros: u64) -> Nanos {
    Nanos(micros.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read_in_nanoseconds() {
        // Linux 6.18 v1 and 6.1 v2.
        let v1 = stat("nr_periods 120\nnr_throttled 37\nthrottled_time 1500000\n").unwrap();
        assert_eq!((v1.periods, v1.throttled), (Some(120), Some(37)));
        assert_eq!(
            (v1.throttled_time, v1.usage),
            (Some(Nanos(1_500_000)), None)
        );
        let v2 = stat(
            "usage_usec 25\nuser_usec 20\nsystem_usec 5\nnr_periods 2\nnr_throttled 1\n\
             throttled_usec 7\nnr_bursts 0\nburst_usec 0\n",
        )
        .unwrap();
        assert_eq!(
            (v2.usage, v2.throttled_time),
            (Some(Nanos(25_000)), Some(Nanos(7_000)))
        );
        assert_eq!(stat("usage_usec 25\n").unwrap().periods, None);
    }

    #[test]
    fn no_quota_is_none_and_a_quota_has_its_period() {
        assert_eq!(max("max 100000\n"), Ok(None));
        let half = Some((Nanos(50_000_000), Nanos(100_000_000)));
        assert_eq!(max("50000 100000\n"), Ok(half));
        assert_eq!(cfs("50000\n", "100000\n"), Ok(half));
        assert_eq!(cfs("-1\n", "100000\n"), Ok(None));
    }

    #[test]
    fn what_is_cut_or_absurd_is_malformed() {
        for text in ["", "max", "50000", "-1 100000", "50000 x"] {
            assert!(max(text).is_err(), "{text:?}");
        }
        assert!(cfs("x", "1").is_err() && cfs("1", "").is_err());
        assert_eq!(stat("a 1\nnr_periods x\n").unwrap_err().line, Some(2));
    }
}
