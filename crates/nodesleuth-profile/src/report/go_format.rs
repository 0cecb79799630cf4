//! Numbers, times and paths in Go's notation.

/// `%.2f` without `.00`.
pub(crate) fn two_decimals(number: f64) -> String {
    let text = format!("{number:.2}");
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

/// `%.2g` of a number from 0 to 1.
pub(crate) fn general(number: f64) -> String {
    let scientific = format!("{number:.1e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let short = |digits: &str| match digits.contains('.') {
        true => digits
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
        false => digits.to_owned(),
    };
    if number == 0.0 {
        return "0".to_owned();
    }
    if exponent < -4 {
        return format!("{}e-{:02}", short(digits), -exponent);
    }
    let decimals = usize::try_from(1 - exponent).unwrap_or(0);
    short(&format!("{number:.decimals$}"))
}

/// `2006-01-02 15:04:05` in UTC, and the nanoseconds.
pub(crate) fn date_time(nanos: i64) -> (String, i64) {
    let (seconds, nanos) = (
        nanos.div_euclid(1_000_000_000),
        nanos.rem_euclid(1_000_000_000),
    );
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Counted from 1 March of year 0, so that leap days end years; eras are 400 years.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    let year = era * 400 + year + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    (text, nanos)
}

/// A time as `time.Time` prints itself.
pub(crate) fn time(nanos: i64) -> String {
    let (text, nanos) = date_time(nanos);
    let fraction = fraction(nanos, 9);
    format!("{text}{fraction} +0000 UTC")
}

/// A length of time as `time.Duration` prints itself.
pub(crate) fn duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = i128::from(nanos).abs();
    let text = match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}{}µs", nanos / 1_000, fraction(nanos % 1_000, 3)),
        1_000_000..1_000_000_000 => {
            format!("{}{}ms", nanos / 1_000_000, fraction(nanos % 1_000_000, 6))
        }
        _ => {
            let (seconds, rest) = (nanos / 1_000_000_000, fraction(nanos % 1_000_000_000, 9));
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let seconds = seconds % 60;
            match (hours, minutes) {
                (0, 0) => format!("{seconds}{rest}s"),
                (0, _) => format!("{minutes}m{seconds}{rest}s"),
                _ => format!("{hours}h{minutes}m{seconds}{rest}s"),
            }
        }
    };
    format!("{sign}{text}")
}

/// `.5` for 500 of three digits; nothing for 0.
fn fraction(part: impl Into<i128>, digits: usize) -> String {
    let text = format!(".{:0digits$}", part.into());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The last element of a path, as `filepath.Base` has it.
pub(crate) fn base(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit('/').next() {
        _ if path.is_empty() => ".",
        None | Some("") => "/",
        Some(last) => last,
    }
}

/// The shortest path that means the same, as `filepath.Clean` has it.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_keep_two_digits() {
        let cases = [
            (0.0, "0"),
            (0.5, "0.5"),
            (0.456, "0.46"),
            (0.999, "1"),
            (0.000_012, "1.2e-05"),
        ];
        for (number, expected) in cases {
            assert_eq!(general(number), expected);
        }
    }

    #[test]
    fn times_are_written_as_go_writes_them() {
        assert_eq!(
            time(1_626_441_030_776_293_402),
            "2021-07-16 13:10:30.776293402 +0000 UTC"
        );
        assert_eq!(
            time(951_782_400_500_000_000),
            "2000-02-29 00:00:00.5 +0000 UTC"
        );
        assert_eq!(time(-1_000_000_000), "1969-12-31 23:59:59 +0000 UTC");
        let cases = [
            (0, "0s"),
            (1_500, "1.5µs"),
            (90_100_000_000, "1m30.1s"),
            (3_600_000_000_000, "1h0m0s"),
        ];
        for (nanos, expected) in cases {
            assert_eq!(duration(nanos), expected);
        }
    }

    #[test]
    fn paths_are_cleaned_as_go_cleans_them() {
        let cases = [
            ("a//b/./c/..", "a/b"),
            ("/../x", "/x"),
            ("../../x", "../../x"),
            ("a/..", "."),
        ];
        for (path, expected) in cases {
            assert_eq!(clean(path), expected);
        }
        assert_eq!((base("/usr/bin/x/"), base("/"), base("")), ("x", "/", "."));
    }
}
