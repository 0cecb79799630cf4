//! `/proc/sys/fs/dentry-state`: six numbers, `Documentation/admin-guide/sysctl/fs.rst`.
//!
//! `nr_dentry nr_unused age_limit want_pages nr_negative dummy`; the fifth was a dummy that is
//! always 0 before 5.0 (RHEL: 4.18.0-108).

use crate::Malformed;
use crate::number::from_text;
use nodesleuth_model::evidence::DentryState;

const WHAT: &str = "/proc/sys/fs/dentry-state";

/// Reads the line.
///
/// # Errors
/// When there are fewer than five fields or a count is not a number (3.10 counts in 32 bits with a
/// sign and can print negative ones).
pub fn parse(text: &str) -> Result<DentryState, Malformed> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let number = |index: usize| {
        fields
            .get(index)
            .and_then(|word| from_text(word))
            .ok_or_else(|| {
                Malformed::whole(WHAT, format!("expected a count as field {}", index + 1))
            })
    };
    Ok(DentryState {
        total: number(0)?,
        unused: number(1)?,
        negative: number(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nodesleuth_model::evidence::DentryState;

    #[test]
    fn a_kernel_that_counts_negative_dentries_is_read() {
        let expected = DentryState {
            total: 152_040,
            unused: 141_370,
            negative: 80_000,
        };
        assert_eq!(parse("152040\t141370\t45\t0\t80000\t0\n"), Ok(expected));
    }

    #[test]
    fn an_old_kernel_counts_none() {
        assert_eq!(parse("152195\t144138\t45\t0\t0\t0\n").unwrap().negative, 0);
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        for text in [
            "",
            "152195",
            "1 2 45 0",
            "-5 2 45 0 0 0",
            "18446744073709551616 2 45 0 0 0",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
