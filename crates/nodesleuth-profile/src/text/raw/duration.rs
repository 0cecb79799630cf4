//! The duration in `-raw` text, of which Go prints only the first four characters: `30.1` may
//! have been 30.12 s, `500m` was 500 ms, `4h35` lost its seconds.

/// What four characters say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) nanos: i64,
    pub(super) note: Option<String>,
}

const SECOND: i64 = 1_000_000_000;

/// The shortest duration that would be printed like this. Where the unit is cut off it is
/// seconds, unless Go would have printed minutes.
pub(super) fn parse(text: &str) -> Option<Read> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let cut = text.chars().count() >= 4;
    let (nanos, unit_known) = nanos(digits, cut)?;
    let note = (cut && !unit_known).then(|| {
        format!("the text holds only the first four characters of the duration, {text}: seconds are assumed")
    });
    Some(Read {
        nanos: sign * nanos,
        note,
    })
}

fn nanos(text: &str, cut: bool) -> Option<(i64, bool)> {
    let mut total: i64 = 0;
    let mut rest = text;
    let mut unit_known = true;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let end = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let whole: i64 = number.split('.').next()?.parse().ok()?;
        let size = match unit {
            "h" => 3600 * SECOND,
            // Go prints 60 minutes as an hour, and no minutes without their seconds.
            "m" if after.is_empty() && (total == 0 && cut) => 1_000_000,
            "m" => 60 * SECOND,
            "s" => SECOND,
            "ms" => 1_000_000,
            "us" | "µs" | "µ" | "μs" | "μ" => 1000,
            "ns" | "n" => 1,
            "" if cut && after.is_empty() => {
                unit_known = total != 0;
                cut_unit(total, whole)
            }
            _ => return None,
        };
        let value = decimal(number, size, cut && after.is_empty() && unit.is_empty())?;
        total = total.checked_add(value)?;
        rest = after;
    }
    (!text.is_empty()).then_some((total, unit_known))
}

/// The unit behind a number that was cut off: the next smaller one after hours and minutes; four
/// digits are only printed of hours.
fn cut_unit(before: i64, number: i64) -> i64 {
    match number {
        _ if before >= 3600 * SECOND => 60 * SECOND,
        1000.. => 3600 * SECOND,
        60.. => 1_000_000,
        _ => SECOND,
    }
}

/// A number with a fraction. One that ends in `.` or `0` was cut: Go prints no trailing zeros,
/// so something followed.
fn decimal(number: &str, size: i64, cut: bool) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut value = whole.parse::<i64>().ok()?.checked_mul(size)?;
    let mut place = size;
    for digit in fraction.bytes() {
        place /= 10;
        value = value.checked_add(i64::from(digit.checked_sub(b'0')?) * place)?;
    }
    let lost = cut && number.contains('.') && number.ends_with(['.', '0']);
    Some(if lost { value + place / 10 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::duration as print;

    #[test]
    fn what_is_read_prints_the_same_four_characters() {
        let texts = [
            "10s", "1.5s", "30.1", "30.0", "20.0", "2.00", "8.93", "1m30", "1m0s", "4h35", "0s",
            "500m", "99.9", "1.5m", "30m0", "12µs", "1ns", "-5s", "1h0m", "100.", "2157", "15ms",
            "250n",
        ];
        for text in texts {
            let read = parse(text).unwrap_or_else(|| panic!("{text}"));
            let printed: String = print(read.nanos).chars().take(4).collect();
            assert_eq!(printed, text, "{}", read.nanos);
        }
    }

    #[test]
    fn a_cut_off_unit_is_told() {
        assert_eq!(parse("30.1").unwrap().nanos, 30_100_000_000);
        assert!(
            parse("30.1")
                .unwrap()
                .note
                .unwrap()
                .contains("30.1: seconds")
        );
        assert_eq!(
            parse("10s").unwrap(),
            Read {
                nanos: 10 * SECOND,
                note: None
            }
        );
        assert_eq!(parse("1m30").unwrap().note, None);
        assert_eq!(parse("500m").unwrap().nanos, 500_000_000);
        for bad in ["", "x", "s", "1x", "1.5.2s", "99999999999999999999s"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
