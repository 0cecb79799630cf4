//! Values, shares and differences as a picture says them.

use crate::report::measure::scaled_label;

/// A value in the unit that reads best, as pprof writes it: `1.23s` for nanoseconds, `12.30MB` for
/// bytes; a count has none.
pub fn value_text(value: i64, unit: &str) -> String {
    scaled_label(value, unit, "auto")
}

/// A difference, always with its sign.
pub(crate) fn difference(difference: i64, unit: &str) -> String {
    let sign = if difference > 0 { "+" } else { "" };
    format!("{sign}{}", value_text(difference, unit))
}

/// How much of a whole, from 0 to 1; 0 of nothing.
pub(crate) fn share(part: i64, whole: i64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}

/// `12.34%`; what is too little for that is not called nothing.
pub(crate) fn percent(share: f64) -> String {
    match share.abs() * 100.0 {
        0.0 => "0%".to_owned(),
        tiny if tiny < 0.01 => "<0.01%".to_owned(),
        _ => format!("{:.2}%", share * 100.0),
    }
}

/// Difference of two shares in points of a percent.
pub(crate) fn points(difference: f64) -> String {
    format!("{:+.2} points", difference * 100.0)
}

/// Length of a unit of time in seconds; `None` for other units.
pub fn unit_seconds(unit: &str) -> Option<f64> {
    match unit {
        "nanoseconds" | "ns" => Some(1e-9),
        "microseconds" | "us" | "μs" => Some(1e-6),
        "milliseconds" | "ms" => Some(1e-3),
        "seconds" | "s" => Some(1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shares_are_not_nothing() {
        let cases = [
            (0.0, "0%"),
            (0.000_01, "<0.01%"),
            (0.123_44, "12.34%"),
            (1.0, "100.00%"),
        ];
        for (share, expected) in cases {
            assert_eq!(percent(share), expected);
        }
    }

    #[test]
    fn differences_have_a_sign() {
        assert_eq!(difference(1_500_000_000, "nanoseconds"), "+1.50s");
        assert_eq!(difference(-20_000_000, "nanoseconds"), "-20ms");
        assert_eq!(
            (difference(0, "count"), points(-0.0123)),
            ("0".to_owned(), "-1.23 points".to_owned())
        );
    }

    #[test]
    fn nothing_is_no_share() {
        assert_eq!((share(1, 0), share(1, 4)), (0.0, 0.25));
    }
}
