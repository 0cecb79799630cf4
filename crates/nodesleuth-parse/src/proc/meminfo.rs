//! `/proc/meminfo`: `Name:   123 kB` lines, `proc_meminfo(5)`. Which there are depends on the kernel.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;
use nodesleuth_model::Kib;
use nodesleuth_model::evidence::MemInfo;

const WHAT: &str = "/proc/meminfo";

/// Reads all sizes; lines without a unit (numbers of huge pages) are left out.
///
/// # Errors
/// When a line is no `Name: number` line or `MemTotal`, which every kernel prints, is missing.
pub fn parse(text: &str) -> Result<MemInfo, Malformed> {
    let mut meminfo = MemInfo::default();
    for (index, line) in numbered(text) {
        if let Some((name, size)) = field(line, index)? {
            meminfo.fields.insert(name.to_owned(), size);
        }
    }
    if !meminfo.fields.contains_key("MemTotal") {
        return Err(Malformed::whole(WHAT, "no MemTotal line"));
    }
    Ok(meminfo)
}

fn field(line: &str, index: usize) -> Result<Option<(&str, Kib)>, Malformed> {
    let expected = || {
        let reason = format!("expected `Name: number kB`, found {}", quoted(line));
        Malformed::line(WHAT, index, reason)
    };
    let (name, value) = line.split_once(':').ok_or_else(expected)?;
    let mut words = value.split_whitespace();
    let size = words.next().and_then(from_text).ok_or_else(expected)?;
    match (words.next(), words.next()) {
        (Some("kB"), None) => Ok(Some((name.trim(), Kib(size)))),
        (None, None) => Ok(None),
        _ => Err(expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nodesleuth_model::Kib;

    /// Linux 4.15 with 20,000 dying cgroups, shortened.
    const K415: &str = "\
MemTotal:        6104412 kB
MemFree:         3356664 kB
Active(anon):      42320 kB
Slab:             959096 kB
SReclaimable:     855148 kB
SUnreclaim:       103948 kB
VmallocTotal:   34359738367 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
";

    #[test]
    fn sizes_are_kept_and_counts_left_out() {
        let meminfo = parse(K415).unwrap();
        assert_eq!(meminfo.field("Slab"), Some(Kib(959_096)));
        assert_eq!(meminfo.field("Active(anon)"), Some(Kib(42_320)));
        assert_eq!(meminfo.field("HugePages_Total"), None);
        assert_eq!(meminfo.fields.len(), 8);
    }

    #[test]
    fn a_line_that_a_kernel_does_not_have_is_absent() {
        let meminfo =
            parse("MemTotal: 1 kB\nKReclaimable:     672152 kB\nPercpu: 2152 kB\n").unwrap();
        assert_eq!(meminfo.field("KReclaimable"), Some(Kib(672_152)));
        assert_eq!(meminfo.field("MemAvailable"), None);
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        for text in [
            "",
            "MemFree: 5 kB\n",
            "MemTotal:        6104412 kB\nMemFre",
            "MemTotal: -5 kB\n",
            "MemTotal: 18446744073709551616 kB\n",
            "MemTotal: 5 MB\n",
            "MemTotal: 5 kB kB\n",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        let error = parse("MemTotal: 5 kB\nSlab: x kB\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "/proc/meminfo line 2: expected `Name: number kB`, found \"Slab: x kB\""
        );
    }
}
