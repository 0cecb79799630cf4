//! `/proc/vmstat`: `name number` lines; names differ by kernel.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;
use nodesleuth_model::evidence::VmStat;

const WHAT: &str = "/proc/vmstat";

/// Reads the counters named in `keep`; a name ending in `*` keeps all that begin so.
///
/// # Errors
/// When a line is not a name and a number, or there is none.
pub fn parse(text: &str, keep: &[&str]) -> Result<VmStat, Malformed> {
    let mut vmstat = VmStat::default();
    for (index, line) in numbered(text) {
        let (name, value) = counter(line).ok_or_else(|| {
            let reason = format!("expected a name and a number, found {}", quoted(line));
            Malformed::line(WHAT, index, reason)
        })?;
        if keep.iter().any(|pattern| super::names(pattern, name)) {
            vmstat.counters.insert(name.to_owned(), value);
        }
    }
    if text.trim().is_empty() {
        return Err(Malformed::whole(WHAT, "empty"));
    }
    Ok(vmstat)
}

fn counter(line: &str) -> Option<(&str, u64)> {
    let (name, value) = line.split_once(' ')?;
    (!name.is_empty()).then_some((name, from_text(value.trim())?))
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Linux 4.15, shortened.
    const K415: &str = "\
nr_free_pages 839166
numa_hit 886821
compact_migrate_scanned 0
compact_stall 3
";

    #[test]
    fn only_counters_asked_for_are_kept() {
        let vmstat = parse(K415, &["numa_hit", "compact_*", "not_there"]).unwrap();
        assert_eq!(vmstat.counters.len(), 3);
        assert_eq!(vmstat.counters["numa_hit"], 886_821);
        assert_eq!(vmstat.counters["compact_stall"], 3);
    }

    #[test]
    fn a_name_is_not_a_prefix_without_the_star() {
        assert!(parse(K415, &["numa"]).unwrap().counters.is_empty());
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        assert!(parse("", &[]).is_err());
        for line in [
            "nr_dirty",
            "nr_dirty -5",
            "nr_dirty 18446744073709551616",
            " 5",
        ] {
            let error = parse(&format!("{K415}{line}\n"), &[]).unwrap_err();
            assert_eq!(error.line, Some(5), "{line:?}");
        }
    }
}
