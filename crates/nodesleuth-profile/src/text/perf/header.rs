//! The line that begins a sample of `perf script`:
//! `comm pid/tid [cpu] time: period event: …`, of which much may be missing.

/// A sample's line, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Header<'t> {
    pub(super) comm: &'t str,
    pub(super) pid: Option<i64>,
    /// What perf prints if it prints one number.
    pub(super) tid: i64,
    /// Nanoseconds.
    pub(super) time: Option<i64>,
    pub(super) period: Option<i64>,
    /// Without the colon; empty if there is none.
    pub(super) event: &'t str,
    /// What follows the event: a frame, or a tracepoint's arguments.
    pub(super) rest: &'t str,
}

impl<'t> Header<'t> {
    /// A process name may contain spaces and numbers, so the time after it decides; without one
    /// the first number does.
    pub(super) fn parse(line: &'t str) -> Option<Self> {
        if line.starts_with('#') {
            return None;
        }
        let starts = word_starts(line);
        let candidates = || starts.clone().skip(1).filter_map(|at| Self::at(line, at));
        let timed = candidates().find(|header| header.time.is_some());
        let header = timed.or_else(|| candidates().find(Self::is_complete))?;
        (!header.event.starts_with("PERF_RECORD_")).then_some(header)
    }

    /// Whether it says all that a sample's line must say: nothing but names, or an event.
    fn is_complete(&self) -> bool {
        !self.event.is_empty() || self.rest.is_empty()
    }

    /// Reads on from a word that may be the pid.
    fn at(line: &'t str, at: usize) -> Option<Self> {
        let (word, mut rest) = split_word(&line[at..]);
        let mut header = Self {
            comm: line[..at].trim(),
            ..Self::default()
        };
        (header.pid, header.tid) = match word.split_once('/') {
            Some((pid, tid)) => (Some(number(pid)?), number(tid)?),
            None => (None, number(word)?),
        };
        let (word, after) = split_word(rest);
        if word.starts_with('[') && word.ends_with(']') {
            rest = after;
        }
        let (word, after) = split_word(rest);
        if let Some(time) = nanos(word) {
            (header.time, rest) = (Some(time), after);
        }
        let (word, after) = split_word(rest);
        if let Some(period) = number(word) {
            (header.period, rest) = (Some(period), after);
        }
        let (word, after) = split_word(rest);
        if let Some(event) = word.strip_suffix(':') {
            (header.event, rest) = (event, after);
        } else if word.starts_with("PERF_RECORD_") {
            header.event = word;
        }
        header.rest = rest.trim();
        Some(header)
    }
}

fn word_starts(line: &str) -> impl Iterator<Item = usize> + Clone {
    let bytes = line.as_bytes();
    let begins = |at: &usize| {
        !bytes[*at].is_ascii_whitespace() && (*at == 0 || bytes[*at - 1].is_ascii_whitespace())
    };
    (0..line.len()).filter(begins)
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text
        .find(|c: char| c.is_ascii_whitespace())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn number(word: &str) -> Option<i64> {
    let digits = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| word.parse().ok()).flatten()
}

/// `106.747352:` in seconds, with any number of digits behind the point.
fn nanos(word: &str) -> Option<i64> {
    let (seconds, fraction) = word.strip_suffix(':')?.split_once('.')?;
    let fraction = fraction.get(..9).unwrap_or(fraction);
    let fraction = number(&format!("{fraction:0<9}"))?;
    number(seconds)?
        .checked_mul(1_000_000_000)?
        .checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> (&str, Option<i64>, i64, Option<i64>, &str, &str) {
        let h = Header::parse(line).unwrap_or_else(|| panic!("{line}"));
        (h.comm, h.pid, h.tid, h.period, h.event, h.rest)
    }

    #[test]
    fn lines_of_many_versions_are_read() {
        let cases = [
            (
                "swapper     0 [000]   106.758793:   10101010 cpu-clock: ",
                ("swapper", None, 0, Some(10_101_010), "cpu-clock", ""),
            ),
            (
                "my spin 26764  1427.620832:     250000 cpu-clock: ",
                ("my spin", None, 26764, Some(250_000), "cpu-clock", ""),
            ),
            (
                "         java 12/34 [001] 8.1: cycles:ppp: ",
                ("java", Some(12), 34, None, "cycles:ppp", ""),
            ),
            (
                "Web Content 12 77 [002] 8.123456789: 1 sched:sched_switch: prev_comm=a b",
                (
                    "Web Content 12",
                    None,
                    77,
                    Some(1),
                    "sched:sched_switch",
                    "prev_comm=a b",
                ),
            ),
            ("main 1234", ("main", None, 1234, None, "", "")),
            (
                "main 1234 cycles:",
                ("main", None, 1234, None, "cycles", ""),
            ),
            (
                "x 1 2.0: 5 cycles:  ffff f+0x1 ([k])",
                ("x", None, 1, Some(5), "cycles", "ffff f+0x1 ([k])"),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(told(line), expected, "{line}");
        }
        assert_eq!(
            Header::parse("x 1 2.5: cycles:").unwrap().time,
            Some(2_500_000_000)
        );
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            "swapper",
            "swapper 0 [000] 1.0: PERF_RECORD_LOST lost 12",
            "  ffffffff8141b562 native_safe_halt+0x2 ([kernel.kallsyms])",
            "# cmdline : perf record 12",
            "main 12 of 13 things",
        ] {
            assert_eq!(Header::parse(line), None, "{line}");
        }
    }
}
