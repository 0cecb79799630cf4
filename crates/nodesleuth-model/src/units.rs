//! Units as types. All are transparent in JSON: a `Nanos` is stored as a plain integer.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident, $inner:ty $(, $derive:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize $(, $derive)*)]
        #[serde(transparent)]
        pub struct $name(pub $inner);
    };
}

unit!(
    /// A length of time in nanoseconds.
    Nanos, u64, Eq, Ord, Hash
);
unit!(
    /// A moment: CLOCK_BOOTTIME in nanoseconds (suspended time included).
    BootNanos, u64, Eq, Ord, Hash
);
unit!(
    /// CPU time in clock ticks of `/proc` (`_SC_CLK_TCK`, 100 per second nearly everywhere).
    Ticks, u64, Eq, Ord, Hash
);
unit!(
    /// A size in bytes.
    Bytes, u64, Eq, Ord, Hash
);
unit!(
    /// A size in kibibytes, as `/proc/meminfo` prints it (and calls it kB).
    Kib, u64, Eq, Ord, Hash
);
unit!(
    /// CPU time per wall time: 1.0 is one core busy all the time.
    Cores, f64
);
unit!(
    /// A process or thread id as this node's initial PID namespace (or ours) numbers it.
    Pid, u32, Eq, Ord, Hash
);

impl Nanos {
    /// The same length in seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// From seconds; negative and NaN become zero.
    #[must_use]
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds.max(0.0) * 1e9) as u64)
    }
}

impl BootNanos {
    /// Time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Ticks {
    /// The same CPU time in seconds. A rate of zero (absurd) counts as 100 ticks a second.
    #[must_use]
    pub fn seconds(self, ticks_per_second: u64) -> f64 {
        let rate = if ticks_per_second == 0 {
            100
        } else {
            ticks_per_second
        };
        self.0 as f64 / rate as f64
    }
}

impl Kib {
    /// The same size in bytes, saturating.
    #[must_use]
    pub fn bytes(self) -> Bytes {
        Bytes(self.0.saturating_mul(1024))
    }
}

/// A number with commas between thousands, as reports print counts.
///
/// ```
/// assert_eq!(nodesleuth_model::units::grouped(20_031), "20,031");
/// ```
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Cores {
    /// Two decimals from 0.1 cores on, three below, so that small prices do not read as zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.abs() >= 0.0995 {
            write!(f, "{:.2}", self.0)
        } else {
            write!(f, "{:.3}", self.0)
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        for (size, name) in UNITS {
            if self.0 >= size {
                return write!(f, "{:.1} {name}", self.0 as f64 / size as f64);
            }
        }
        write!(f, "{} B", self.0)
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{} ns", self.0),
            1_000..1_000_000 => write!(f, "{:.0} µs", self.0 as f64 / 1e3),
            1_000_000..1_000_000_000 => write!(f, "{:.1} ms", self.0 as f64 / 1e6),
            _ => write!(f, "{:.1} s", self.0 as f64 / 1e9),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_prices_keep_a_third_decimal() {
        assert_eq!(Cores(0.0123).to_string(), "0.012");
        assert_eq!(Cores(0.4567).to_string(), "0.46");
    }

    #[test]
    fn times_read_in_their_natural_unit() {
        assert_eq!(Nanos(17_000).to_string(), "17 µs");
        assert_eq!(Nanos(9_064_000_000).to_string(), "9.1 s");
        assert_eq!(Nanos::from_seconds(f64::NAN), Nanos(0));
    }

    #[test]
    fn sizes_read_in_their_natural_unit() {
        assert_eq!(Kib(959_096).bytes().to_string(), "936.6 MiB");
        assert_eq!(Bytes(17).to_string(), "17 B");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn a_clock_that_went_back_gives_no_time() {
        assert_eq!(BootNanos(5).since(BootNanos(9)), Nanos(0));
    }
}
