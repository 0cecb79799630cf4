//! `/proc/net/softnet_stat`: one row of hexadecimal numbers for each online CPU.
//!
//! Columns by position, `net/core/net-procfs.c`: 1 packets taken, 2 dropped, 3 time_squeeze; what
//! follows differs by kernel.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use nodesleuth_model::evidence::{SoftNet, SoftNetCpu};

const WHAT: &str = "/proc/net/softnet_stat";

/// Reads the table.
///
/// # Errors
/// When there is no row, or one has fewer than three hexadecimal numbers.
pub fn parse(text: &str) -> Result<SoftNet, Malformed> {
    let rows = numbered(text).map(|(index, line)| {
        row(line).ok_or_else(|| {
            let reason = format!("expected three hexadecimal counts, found {}", quoted(line));
            Malformed::line(WHAT, index, reason)
        })
    });
    let cpus: Vec<SoftNetCpu> = rows.collect::<Result<_, _>>()?;
    match cpus.is_empty() {
        true => Err(Malformed::whole(WHAT, "no row")),
        false => Ok(SoftNet { cpus }),
    }
}

fn row(line: &str) -> Option<SoftNetCpu> {
    let mut words = line.split_ascii_whitespace();
    let mut next = || {
        let word = words.next()?;
        let digits = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(word, 16).ok().filter(|_| digits)
    };
    Some(SoftNetCpu {
        processed: next()?,
        dropped: next()?,
        squeezed: next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nodesleuth_model::evidence::SoftNetCpu;

    /// Linux 6.18, two CPUs, shortened on the right.
    const K618: &str = "000fcfe4 00000000 00000001 00000000 00000000\n\
                        0010a902 00000002 00000008 00000000 00000001\n";

    #[test]
    fn rows_are_hexadecimal() {
        let second = SoftNetCpu {
            processed: 0x0010_a902,
            dropped: 2,
            squeezed: 8,
        };
        assert_eq!(parse(K618).unwrap().cpus[1], second);
    }

    #[test]
    fn cut_and_absurd_rows_are_malformed() {
        for (text, line) in [
            ("", None),
            ("000fcfe4 00000000\n", Some(1)),
            ("000fcfe4 00000000 -1\n", Some(1)),
            ("000fcfe4 00000000 0x1\n", Some(1)),
            ("1 2 3\n1 2 10000000000000000\n", Some(2)),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:?}");
        }
    }
}
