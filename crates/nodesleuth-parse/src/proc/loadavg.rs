//! `/proc/loadavg`: `0.27 0.17 0.08 1/90 7864`, `proc_loadavg(5)`.

use crate::Malformed;
use crate::number::fraction;

const WHAT: &str = "/proc/loadavg";

/// Load averages over 1, 5 and 15 minutes: tasks running, runnable or in uninterruptible sleep.
///
/// # Errors
/// When the first three words are not numbers.
pub fn parse(text: &str) -> Result<[f64; 3], Malformed> {
    let mut words = text.split_whitespace().map_while(fraction);
    match (words.next(), words.next(), words.next()) {
        (Some(one), Some(five), Some(fifteen)) => Ok([one, five, fifteen]),
        _ => Err(Malformed::whole(WHAT, "expected three load averages")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_first_three_words_count() {
        assert_eq!(
            parse("0.27 0.17 100.08 1/90 7864\n"),
            Ok([0.27, 0.17, 100.08])
        );
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        for text in [
            "",
            "0.27 0.17",
            "0.27 0.17 1/90",
            "-0.27 0.17 0.08",
            "inf 0 0",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
