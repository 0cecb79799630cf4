//! Numbers with units, scaled to what reads best.

use crate::report::go_format::{general, two_decimals};

/// A unit with its size in the smallest of its family.
type Unit = (&'static str, &'static [&'static str], f64);

/// Units that convert into each other, and the one for what is too small for any.
struct Family {
    units: &'static [Unit],
    default: usize,
}

const FAMILIES: [Family; 3] = [
    Family {
        units: &[
            ("B", &["b", "byte"], 1.0),
            ("kB", &["kb", "kbyte", "kilobyte"], 1024.0),
            ("MB", &["mb", "mbyte", "megabyte"], 1_048_576.0),
            ("GB", &["gb", "gbyte", "gigabyte"], 1_073_741_824.0),
            ("TB", &["tb", "tbyte", "terabyte"], 1_099_511_627_776.0),
            ("PB", &["pb", "pbyte", "petabyte"], 1_125_899_906_842_624.0),
        ],
        default: 0,
    },
    Family {
        units: &[
            ("ns", &["ns", "nanosecond"], 1.0),
            ("us", &["μs", "us", "microsecond"], 1e3),
            ("ms", &["ms", "millisecond"], 1e6),
            ("s", &["s", "sec", "second"], 1e9),
            ("hrs", &["hour", "hr"], 3.6e12),
        ],
        default: 3,
    },
    Family {
        units: &[
            ("n*GCU", &["nanogcu"], 1e-9),
            ("u*GCU", &["microgcu"], 1e-6),
            ("m*GCU", &["milligcu"], 1e-3),
            ("GCU", &["gcu"], 1.0),
            ("k*GCU", &["kilogcu"], 1e3),
            ("M*GCU", &["megagcu"], 1e6),
            ("G*GCU", &["gigagcu"], 1e9),
            ("T*GCU", &["teragcu"], 1e12),
            ("P*GCU", &["petagcu"], 1e15),
        ],
        default: 3,
    },
];

impl Family {
    fn find(&self, name: &str) -> Option<&Unit> {
        let name = name.to_lowercase();
        let singular = match name.strip_suffix('s') {
            Some(singular) if name.len() > 2 => singular,
            _ => &name,
        };
        self.units
            .iter()
            .find(|(_, aliases, _)| aliases.contains(&singular))
    }

    /// The largest unit of which there is at least one.
    fn largest(&self, value: f64) -> &Unit {
        let fits = |unit: &&Unit| value / unit.2 >= 1.0;
        self.units
            .iter()
            .rfind(fits)
            .unwrap_or(&self.units[self.default])
    }
}

/// A value in another unit; `minimum` and `auto` choose one. An unknown unit is left as it is.
pub(crate) fn scale<'a>(value: i64, from: &str, to: &'a str) -> (f64, &'a str) {
    if value < 0
        && let Some(positive) = value.checked_neg()
    {
        let (scaled, unit) = scale(positive, from, to);
        return (-scaled, unit);
    }
    let chosen = matches!(to, "minimum" | "auto");
    for family in &FAMILIES {
        let Some(unit) = family.find(from) else {
            continue;
        };
        let value = value as f64 * unit.2;
        let target = if chosen {
            family.largest(value)
        } else {
            family.find(to).unwrap_or(&family.units[family.default])
        };
        return (value / target.2, target.0);
    }
    match to {
        "count" | "sample" | "unit" | "minimum" | "auto" => (value as f64, ""),
        unit => (value as f64, unit),
    }
}

/// Whether values in these units can be converted into each other.
pub(crate) fn convertible(one: &str, other: &str) -> bool {
    let knows = |family: &Family| family.find(one).is_some() && family.find(other).is_some();
    one == other || FAMILIES.iter().any(knows)
}

/// A value with its unit, as reports print it.
pub(crate) fn scaled_label(value: i64, from: &str, to: &str) -> String {
    let (scaled, unit) = scale(value, from, to);
    match two_decimals(scaled).as_str() {
        "0" | "-0" => "0".to_owned(),
        number => format!("{number}{unit}"),
    }
}

/// A share of the total, six characters wide or more.
pub(crate) fn percentage(value: i64, total: i64) -> String {
    let ratio = match total {
        0 => 0.0,
        _ => (value as f64 / total as f64).abs() * 100.0,
    };
    if (99.95..=100.05).contains(&ratio) {
        "  100%".to_owned()
    } else if ratio >= 1.0 {
        format!("{ratio:5.2}%")
    } else {
        format!("{:>5}%", general(ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_largest_unit_that_fits() {
        let cases = [
            (0, "nanoseconds", "0"),
            (10_000_000, "nanoseconds", "10ms"),
            (1_490_000_000, "nanoseconds", "1.49s"),
            (-2048, "bytes", "-2kB"),
            (7_200_000, "ms", "2hrs"),
            (191, "count", "191"),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(scaled_label(value, unit, "auto"), expected);
        }
        assert_eq!(scaled_label(191, "count", "ms"), "191ms");
        assert_eq!(scaled_label(1 << 20, "bytes", "ms"), "1048576B");
        assert_eq!(scaled_label(5_000_000, "nanoseconds", "s"), "0.01s");
    }

    #[test]
    fn shares_are_short_where_they_are_whole_or_tiny() {
        assert_eq!(percentage(1, 0), "    0%");
        assert_eq!(percentage(99_960, 100_000), "  100%");
        assert_eq!(percentage(-1, 8), "12.50%");
        assert_eq!(percentage(1, 200), "  0.5%");
        assert_eq!(percentage(1, 100_000_000), "1e-06%");
    }
}
