//! Values as reports of pprof print them: `10ms`, `1.50s`, `2.50MB`, `-3`.

/// A value in the unit that profiles have it in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Amount {
    pub(crate) value: i64,
    /// `nanoseconds`, `bytes`, or empty for a plain number.
    pub(crate) unit: &'static str,
}

const NANOSECONDS: &str = "nanoseconds";
const BYTES: &str = "bytes";

/// Suffix, unit, and how many of the unit it is.
const UNITS: &[(&str, &str, f64)] = &[
    ("", "", 1.0),
    ("ns", NANOSECONDS, 1.0),
    ("us", NANOSECONDS, 1e3),
    ("µs", NANOSECONDS, 1e3),
    ("ms", NANOSECONDS, 1e6),
    ("s", NANOSECONDS, 1e9),
    ("mins", NANOSECONDS, 6e10),
    ("hrs", NANOSECONDS, 3.6e12),
    ("days", NANOSECONDS, 8.64e13),
    ("wks", NANOSECONDS, 6.048e14),
    ("yrs", NANOSECONDS, 3.1536e16),
    ("B", BYTES, 1.0),
    ("kB", BYTES, 1024.0),
    ("MB", BYTES, 1_048_576.0),
    ("GB", BYTES, 1_073_741_824.0),
    ("TB", BYTES, 1_099_511_627_776.0),
    ("PB", BYTES, 1_125_899_906_842_624.0),
];

impl Amount {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && !"-.".contains(c));
        let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
        let (_, unit, factor) = UNITS.iter().find(|(known, ..)| *known == suffix)?;
        let value = match number.parse::<i64>() {
            Ok(whole) if *factor == 1.0 => whole,
            _ => (number.parse::<f64>().ok()? * factor).round() as i64,
        };
        Some(Self { value, unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_reports_are_read() {
        let cases = [
            ("0", 0, ""),
            ("9223372036854775807", i64::MAX, ""),
            ("10ms", 10_000_000, NANOSECONDS),
            ("-1.50s", -1_500_000_000, NANOSECONDS),
            ("1.25hrs", 4_500_000_000_000, NANOSECONDS),
            ("2.50MB", 2_621_440, BYTES),
            ("512.17kB", 524_462, BYTES),
        ];
        for (text, value, unit) in cases {
            assert_eq!(Amount::parse(text), Some(Amount { value, unit }), "{text}");
        }
        for text in ["", "ms", "x", "10x", "1.2.3s", "main.main"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }
}
