//! Lists of CPUs as `/sys/devices/system/cpu/{possible,online}` print them: `0-63`, `0-1,4`.

use crate::Malformed;
use crate::malformed::quoted;
use crate::number::decimal32;

const WHAT: &str = "CPU list";

/// How many CPUs the list names. Neither list is ever empty, so an empty one is an error.
///
/// # Errors
/// When it is not an ascending list of numbers and ranges.
pub fn count(text: &str) -> Result<u32, Malformed> {
    let text = text.trim();
    let mut count = 0_u32;
    let mut next_free = 0_u64;
    for part in text.split(',') {
        let (first, last) = range(part)
            .filter(|&(first, last)| u64::from(first) >= next_free && first <= last)
            .ok_or_else(|| {
                Malformed::whole(
                    WHAT,
                    format!("expected ranges such as 0-63, found {}", quoted(text)),
                )
            })?;
        count = count.saturating_add((last - first).saturating_add(1));
        next_free = u64::from(last) + 1;
    }
    Ok(count)
}

fn range(part: &str) -> Option<(u32, u32)> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    Some((decimal32(first.as_bytes())?, decimal32(last.as_bytes())?))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn ranges_and_single_cpus_are_counted() {
        for (text, cpus) in [("0-63\n", 64), ("0-1,4", 3), ("0", 1), ("0,2,4-7\n", 6)] {
            assert_eq!(count(text), Ok(cpus), "{text:?}");
        }
    }

    #[test]
    fn empty_cut_and_absurd_lists_are_malformed() {
        for text in [
            "",
            "\n",
            "0-",
            "-3",
            "3-1",
            "0-3,2",
            "0,",
            "0-4294967296",
            "all",
            "1,0",
        ] {
            assert!(count(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_largest_list_does_not_overflow() {
        assert_eq!(count("0-4294967295"), Ok(u32::MAX));
    }
}
