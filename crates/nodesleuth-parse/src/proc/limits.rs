//! `/proc/PID/limits` (since 2.6.24): a table of resource limits, `proc_pid_limits(5)`.

use crate::Malformed;
use crate::malformed::quoted;
use crate::number::from_text;
use nodesleuth_model::evidence::Limit;

const WHAT: &str = "/proc/PID/limits";

/// The `Max open files` row: how many descriptors the process may have.
///
/// # Errors
/// When there is no such row or it does not hold two limits.
pub fn open_files(text: &str) -> Result<Limit, Malformed> {
    let (index, row) = text
        .lines()
        .enumerate()
        .find_map(|(index, line)| Some((index, line.strip_prefix("Max open files")?)))
        .ok_or_else(|| Malformed::whole(WHAT, "no `Max open files` row"))?;
    let mut words = row.split_whitespace().map(limit);
    match (words.next().flatten(), words.next().flatten()) {
        (Some(soft), Some(hard)) => Ok(Limit { soft, hard }),
        _ => {
            let reason = format!(
                "expected a soft and a hard limit, found {}",
                quoted(row.trim())
            );
            Err(Malformed::line(WHAT, index, reason))
        }
    }
}

fn limit(word: &str) -> Option<Option<u64>> {
    match word {
        "unlimited" => Some(None),
        _ => from_text(word).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::open_files;
    use nodesleuth_model::evidence::Limit;

    /// A kubelet's, shortened.
    const KUBELET: &str = "\
Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max processes             96365                96365                processes 
Max open files            1024                 20000                files     
Max locked memory         8388608              8388608              bytes     
";

    #[test]
    fn soft_and_hard_limits_are_read() {
        let expected = Limit {
            soft: Some(1024),
            hard: Some(20_000),
        };
        assert_eq!(open_files(KUBELET), Ok(expected));
    }

    #[test]
    fn unlimited_is_not_a_number() {
        let text = "Max open files            1024                 unlimited            files\n";
        assert_eq!(open_files(text).unwrap().hard, None);
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        for text in [
            "",
            "Max processes 1 2\n",
            "Max open files            1024",
            "Max open files            -1  1024  files\n",
            "Max open files            1024  18446744073709551616  files\n",
        ] {
            assert!(open_files(text).is_err(), "{text:?}");
        }
    }
}
