//! The addresses of a stack in a line of text.

use crate::text::numbers::hex;

/// What stands before the `@` of a sample, and the addresses behind it, from leaf to root.
pub(super) fn split(line: &str) -> Option<(&str, impl Iterator<Item = u64>)> {
    let (values, addresses) = line.split_once('@')?;
    Some((values, addresses.split_whitespace().filter_map(hex)))
}

/// All hexadecimal numbers of a line.
pub(super) fn all(line: &str) -> impl Iterator<Item = u64> {
    line.split_whitespace().filter_map(hex)
}
