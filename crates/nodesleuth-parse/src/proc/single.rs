//! Files that hold one number: most of `/proc/sys`, `nf_conntrack_count` and the like.

use crate::Malformed;
use crate::malformed::quoted;
use crate::number::from_text;

/// The number; `what` names the file in the error.
///
/// # Errors
/// When the text is anything but one non-negative number of at most 64 bits.
pub fn number(text: &str, what: &'static str) -> Result<u64, Malformed> {
    from_text(text.trim())
        .ok_or_else(|| Malformed::whole(what, format!("expected a number, found {}", quoted(text))))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_with_its_newline_is_read() {
        assert_eq!(number("65536\n", "nf_conntrack_max"), Ok(65_536));
    }

    #[test]
    fn anything_else_is_malformed_and_names_its_file() {
        for text in ["", "\n", "max\n", "-1\n", "1 2\n", "18446744073709551616\n"] {
            let error = number(text, "nf_conntrack_max").unwrap_err();
            assert_eq!(error.what, "nf_conntrack_max", "{text:?}");
        }
    }
}
