//! Times as the API server writes them: `2026-11-23T15:54:14Z`, also with fractions and offsets.

/// Seconds since the Unix epoch; `None` for what is no such time.
///
/// ```
/// assert_eq!(nodesleuth_parse::kube::unix_seconds("2026-11-23T15:54:14Z"), Some(1_795_449_254));
/// ```
#[must_use]
pub fn unix_seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let fits = |(at, separator): &(usize, u8)| bytes.get(*at) == Some(separator);
    if !text.is_ascii() || !separators.iter().all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let rest = text.get(19..)?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    in_range.then_some(seconds - offset(rest)?)
}

/// Seconds since the Unix epoch of a time as HTTP headers have it.
///
/// ```
/// let date = "Mon, 23 Nov 2026 15:54:14 GMT";
/// assert_eq!(nodesleuth_parse::kube::http_date(date), Some(1_795_449_254));
/// ```
#[must_use]
pub fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split_ascii_whitespace();
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let time = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let is_gmt = words.next() == Some("GMT") && words.next().is_none();
    is_gmt.then(|| unix_seconds(&format!("{year}-{month:02}-{day}T{time}Z")))?
}

/// Days since 1970-01-01 of the proleptic Gregorian calendar; years begin in March, so that the
/// leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

/// `Z`, `+02:00`: seconds east of Greenwich.
fn offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |digits: &str| -> Option<i64> {
        let fits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| digits.parse().ok())?
    };
    Some(sign * (two(hours)? * 3_600 + two(minutes)? * 60))
}

#[cfg(test)]
mod tests {
    use super::{http_date, unix_seconds};

    #[test]
    fn times_are_seconds_since_the_epoch() {
        assert_eq!(unix_seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix_seconds("2000-02-29T12:00:00.5Z"), Some(951_825_600));
        assert_eq!(
            unix_seconds("2026-11-23T17:54:14+02:00"),
            unix_seconds("2026-11-23T15:54:14Z")
        );
    }

    #[test]
    fn other_text_is_no_date() {
        for none in [
            "",
            "Monday, 23-Nov-26 15:54:14 GMT",
            "Mon, 23 Brumaire 2026 15:54:14 GMT",
            "Mon, 23 Nov 2026 15:54:14 CET",
        ] {
            assert_eq!(http_date(none), None, "{none}");
        }
    }

    #[test]
    fn other_text_is_no_time() {
        for none in [
            "",
            "null",
            "2026-11-23",
            "2026-13-01T00:00:00Z",
            "2026-11-23T15:54:14",
            "2026-11-23T15:54:14+2",
            "ä026-11-23T15:54:14Z",
        ] {
            assert_eq!(unix_seconds(none), None, "{none}");
        }
    }
}
