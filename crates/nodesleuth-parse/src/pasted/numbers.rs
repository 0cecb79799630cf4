//! Numbers, times and durations as people and programs write them.

/// `31.04%` and `31.04 %` as a share, 0 to 1 (above 1 for several CPUs).
pub(super) fn percent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    plain(number).map(|percent| percent / 100.0)
}

/// A number that may have decimals and a sign, finite; a comma may stand for the point.
pub(super) fn plain(text: &str) -> Option<f64> {
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    if !begins || text.len() > 40 {
        return None;
    }
    let number: Option<f64> = match text.split_once(',') {
        Some((whole, decimals)) if !text.contains('.') && decimals.len() <= 2 => {
            format!("{whole}.{decimals}").parse().ok()
        }
        _ => text.parse().ok(),
    };
    number.filter(|number| number.is_finite())
}

/// A count with thousands separators or a unit of thousands: `1,234`, `12k`, `3.5M`, `~8000`.
pub(super) fn count(text: &str) -> Option<f64> {
    let text = text
        .trim_start_matches(['~', '>', '<', '≥', '='])
        .trim_end_matches(['+', '.', ',']);
    let (digits, factor) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1e3),
        (at, 'M') => (&text[..at], 1e6),
        _ => (text, 1.0),
    };
    let groups: Vec<&str> = digits.split(',').collect();
    let grouped = groups.len() > 1
        && groups[0].len() <= 3
        && groups[1..]
            .iter()
            .all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()));
    let number = match grouped {
        true => plain(&groups.concat())?,
        false => plain(digits)?,
    };
    (number >= 0.0).then_some(number * factor)
}

/// A duration as Go prints it (`1m55.97s`, `394.8ms`, `36m0s`, `12µs`), in seconds.
pub(super) fn go_duration(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        total += value
            * match &rest[..unit] {
                "h" | "hrs" => 3600.0,
                "m" | "mins" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" | "μs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty() && total.is_finite()).then_some(total)
}

/// The longest Go duration among the words of a message.
pub(super) fn longest_duration(text: &str) -> Option<f64> {
    let words = text.split(|c: char| {
        c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"' | ';' | '=' | ',')
    });
    let durations = words.filter_map(|word| go_duration(word.trim_end_matches(['.', ':'])));
    durations.reduce(f64::max)
}

/// A time of day (`15:54:33.753652`) in seconds.
pub(super) fn time_of_day(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let two = |at: usize| {
        let pair = text.get(at..at + 2)?;
        pair.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| pair.parse::<f64>().ok())?
    };
    let (hours, minutes, seconds) = (two(0)?, two(3)?, two(6)?);
    let rest = &text[8..];
    let fraction = match rest.strip_prefix(['.', ',']) {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("0.{digits}").parse().ok()?
        }
        Some(_) => return None,
        None if rest.is_empty() => 0.0,
        None => return None,
    };
    Some(hours * 3600.0 + minutes * 60.0 + seconds + fraction)
}

/// `1m2.345s` of bash, or `0:09.10` and plain seconds, in seconds.
pub(super) fn clock(text: &str) -> Option<f64> {
    if let Some(seconds) = go_duration(text) {
        return Some(seconds);
    }
    let mut total = 0.0;
    for part in text.split(':') {
        let value = plain(part).filter(|value| *value >= 0.0)?;
        total = total * 60.0 + value;
    }
    Some(total)
}

/// The larger of what is known.
pub(super) fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

/// When things of one kind happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    first: Option<f64>,
    last: Option<f64>,
    gaps: Vec<f64>,
    timed: u64,
}

impl Times {
    /// One more, at this many seconds of the day.
    pub(super) fn at(&mut self, seconds: f64) {
        /// Enough for a median.
        const MOST_GAPS: usize = 257;
        if let Some(last) = self.last {
            let gap = seconds - last;
            if gap >= 0.0 && self.gaps.len() < MOST_GAPS {
                self.gaps.push(gap);
            }
        }
        self.first.get_or_insert(seconds);
        self.last = Some(seconds);
        self.timed += 1;
    }

    /// Seconds from the first to the last, when there are two.
    pub(super) fn span(&self) -> Option<f64> {
        let span = self.last? - self.first?;
        (self.timed > 1 && span > 0.0).then_some(span)
    }

    /// How many a second.
    pub(super) fn rate(&self) -> Option<f64> {
        let gaps = self.timed.checked_sub(1)?;
        Some(gaps as f64 / self.span()?)
    }

    /// Median gap.
    pub(super) fn period(&self) -> Option<f64> {
        if self.gaps.len() < 2 {
            return None;
        }
        let mut gaps = self.gaps.clone();
        gaps.sort_by(f64::total_cmp);
        Some(gaps[gaps.len() / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go_and_of_bash() {
        assert_eq!(go_duration("1m55.97s"), Some(115.97));
        assert_eq!(
            go_duration("393.873037ms").map(|s| (s * 1e6).round()),
            Some(393_873.0)
        );
        assert_eq!(go_duration("36m0s"), Some(2160.0));
        assert_eq!(
            (go_duration("5"), go_duration("s"), go_duration("")),
            (None, None, None)
        );
        assert_eq!(clock("0m9.012s"), Some(9.012));
        assert_eq!(clock("1:09.5"), Some(69.5));
        assert_eq!(longest_duration("took 4.2s: [/a] (12ms)"), Some(4.2));
    }

    #[test]
    fn counts_and_percentages() {
        assert_eq!(count("12,506"), Some(12506.0));
        assert_eq!(count("~8k"), Some(8000.0));
        assert_eq!(count("1.2.3"), None);
        assert_eq!(count("ä"), None);
        assert_eq!(percent(" 99.5 %"), Some(0.995));
        assert_eq!(plain("4,5"), Some(4.5));
        assert_eq!(plain("NaN"), None);
    }

    #[test]
    fn times_of_day() {
        assert_eq!(time_of_day("00:01:02.5"), Some(62.5));
        assert_eq!(time_of_day("00:01"), None);
        let mut times = Times::default();
        [1.0, 2.0, 3.0, 5.0]
            .into_iter()
            .for_each(|second| times.at(second));
        assert_eq!(
            (times.span(), times.rate(), times.period()),
            (Some(4.0), Some(0.75), Some(1.0))
        );
    }
}
