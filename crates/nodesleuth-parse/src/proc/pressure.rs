//! `/proc/pressure/{cpu,memory,io}` (since 4.20; absent with `psi=0`, RHEL's default), also
//! `*.pressure` of a v2 cgroup: `Documentation/accounting/psi.rst`.

use crate::Malformed;
use crate::number::{fraction, from_text};
use nodesleuth_model::evidence::PressureLine;

const WHAT: &str = "/proc/pressure";

/// The `some` line: at least one task waited.
///
/// # Errors
/// When there is no complete `some` line.
pub fn parse(text: &str) -> Result<PressureLine, Malformed> {
    text.lines()
        .enumerate()
        .find_map(|(index, line)| Some((index, line.strip_prefix("some ")?)))
        .ok_or_else(|| Malformed::whole(WHAT, "no `some` line"))
        .and_then(|(index, values)| {
            some(values).ok_or_else(|| {
                Malformed::line(WHAT, index, "expected avg10, avg60, avg300 and total")
            })
        })
}

fn some(values: &str) -> Option<PressureLine> {
    let value = |key: &str| {
        values
            .split_whitespace()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    };
    Some(PressureLine {
        avg10_percent: fraction(value("avg10")?)?,
        avg60_percent: fraction(value("avg60")?)?,
        avg300_percent: fraction(value("avg300")?)?,
        total_usec: from_text(value("total")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nodesleuth_model::evidence::PressureLine;

    /// Linux 6.18 with a busy kubelet.
    const CPU: &str = "\
some avg10=36.79 avg60=72.89 avg300=90.55 total=1994354927
full avg10=0.00 avg60=0.00 avg300=0.00 total=0
";

    #[test]
    fn the_some_line_is_read() {
        let expected = PressureLine {
            avg10_percent: 36.79,
            avg60_percent: 72.89,
            avg300_percent: 90.55,
            total_usec: 1_994_354_927,
        };
        assert_eq!(parse(CPU), Ok(expected));
    }

    #[test]
    fn an_older_kernel_without_the_full_line_is_read() {
        let cut = CPU.lines().next().unwrap();
        assert_eq!(parse(cut), parse(CPU));
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        for text in [
            "",
            "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
            "some avg10=36.79 avg60=72.89",
            "some avg10=nan avg60=0.00 avg300=0.00 total=0",
            "some avg10=-1 avg60=0.00 avg300=0.00 total=0",
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=18446744073709551616",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
