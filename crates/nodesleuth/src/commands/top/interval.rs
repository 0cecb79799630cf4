//! The length of an interval as it is typed: seconds, with decimals if wanted.

use nodesleuth_model::Nanos;
use std::str::FromStr;

/// Shorter intervals cost more than they show.
const SHORTEST_SECONDS: f64 = 0.05;
const LONGEST_SECONDS: f64 = 86_400.0;

/// Length of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval(f64);

impl Default for Interval {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Interval {
    pub(super) fn nanos(self) -> Nanos {
        Nanos::from_seconds(self.0)
    }
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds: f64 = text.parse().map_err(|_| "expected seconds".to_owned())?;
        if (SHORTEST_SECONDS..=LONGEST_SECONDS).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(format!(
                "expected {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_decimals() {
        assert_eq!(
            "0.5".parse::<Interval>().unwrap().nanos(),
            Nanos(500_000_000)
        );
    }

    #[test]
    fn what_is_no_sensible_length_is_refused() {
        for text in ["", "x", "0", "-1", "nan", "inf", "1e9", "0.001"] {
            assert!(text.parse::<Interval>().is_err(), "{text:?}");
        }
    }
}
