//! `/proc/softirqs` (since 2.6.31): one row a kind, one column a possible CPU.

use crate::Malformed;
use crate::lines::numbered;
use crate::number::from_text;
use nodesleuth_model::evidence::SoftIrqs;

const WHAT: &str = "/proc/softirqs";

/// Reads the table.
///
/// # Errors
/// When there is no heading of CPUs, no row, or a row with more or fewer numbers than CPUs.
pub fn parse(text: &str) -> Result<SoftIrqs, Malformed> {
    let mut lines = numbered(text);
    let cpus = match lines.next() {
        Some((_, heading)) if heading.trim_start().starts_with("CPU") => {
            heading.split_whitespace().count()
        }
        _ => return Err(Malformed::whole(WHAT, "no heading of CPUs")),
    };
    let mut softirqs = SoftIrqs::default();
    for (index, line) in lines {
        let (kind, counts) = row(line)
            .filter(|(_, counts)| counts.len() == cpus)
            .ok_or_else(|| {
                Malformed::line(WHAT, index, format!("expected a kind and {cpus} counts"))
            })?;
        softirqs.by_kind.insert(kind.to_owned(), counts);
    }
    if softirqs.by_kind.is_empty() {
        return Err(Malformed::whole(WHAT, "no row"));
    }
    Ok(softirqs)
}

fn row(line: &str) -> Option<(&str, Vec<u64>)> {
    let (kind, counts) = line.split_once(':')?;
    let counts = counts
        .split_whitespace()
        .map(from_text)
        .collect::<Option<_>>()?;
    Some((kind.trim(), counts))
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Linux 6.18, two CPUs, shortened.
    const K618: &str = "                    CPU0       CPU1       
          HI:          0          0
      NET_RX:       1707       1968
         RCU:      14499      15549
";

    #[test]
    fn each_kind_has_a_count_for_each_cpu() {
        let softirqs = parse(K618).unwrap();
        assert_eq!(softirqs.by_kind.len(), 3);
        assert_eq!(softirqs.by_kind["NET_RX"], [1707, 1968]);
    }

    #[test]
    fn empty_and_headless_texts_are_malformed() {
        for text in [
            "",
            "      NET_RX:       1707       1968\n",
            "   CPU0   CPU1\n",
        ] {
            assert_eq!(parse(text).unwrap_err().line, None, "{text:?}");
        }
    }

    #[test]
    fn cut_and_absurd_rows_are_malformed_with_their_line() {
        for row in [
            "NET_TX: 1",
            "NET_TX: 1 2 3",
            "NET_TX: 1 -2",
            "NET_TX 1 2",
            "NET_TX: 1 18446744073709551616",
        ] {
            let error = parse(&format!("{K618}{row}\n")).unwrap_err();
            assert_eq!(error.line, Some(5), "{row}");
        }
    }
}
