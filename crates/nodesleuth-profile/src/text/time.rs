//! Times as Go prints them.

/// Nanoseconds since 1970 of `2022-02-10 16:07:52.33747 +0100 CET`.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let mut words = text.split_whitespace();
    let (date, clock) = (words.next()?, words.next()?);
    let offset = words.next().map_or(Some(0), zone)?;
    let mut date = date.splitn(3, '-').map(str::parse);
    let mut next = || date.next()?.ok();
    let (year, month, day): (i64, i64, i64) = (next()?, next()?, next()?);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.splitn(3, ':').map(str::parse);
    let mut next = || clock.next()?.ok();
    let (hour, minute, second): (i64, i64, i64) = (next()?, next()?, next()?);
    let in_range = (0..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_range || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// Seconds east of Greenwich of `+0130`; a zone's name alone is taken for UTC.
fn zone(word: &str) -> Option<i64> {
    let (sign, digits) = match word.as_bytes().first()? {
        b'+' => (1, &word[1..]),
        b'-' => (-1, &word[1..]),
        _ => return Some(0),
    };
    let number: i64 = digits
        .parse()
        .ok()
        .filter(|number| (0..2400).contains(number))?;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

/// Days since 1970, counted from 1 March so that leap days end years; eras are 400 years.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_go_are_read() {
        let cases = [
            ("1970-01-01 00:00:00 +0000 UTC", Some(0)),
            (
                "2023-11-14 22:13:20 +0000 UTC",
                Some(1_700_000_000_000_000_000),
            ),
            (
                "2023-11-14 23:43:20.5 +0130 X",
                Some(1_700_000_000_500_000_000),
            ),
            ("1969-12-31 23:59:59.999999999 +0000 UTC", Some(-1)),
            (
                "2024-02-29 00:00:00 -0000 UTC",
                Some(1_709_164_800_000_000_000),
            ),
            ("9999-12-31 00:00:00 +0000 UTC", None),
            ("today", None),
            ("2023-13-01 00:00:00 +0000 UTC", None),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse(text), nanos, "{text}");
        }
    }
}
