//! Numbers at the beginning of a text.

/// Decimal digits and what follows them.
pub(crate) fn leading_number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

/// `0x1f`.
pub(crate) fn hex(text: &str) -> Option<u64> {
    bare_hex(text.strip_prefix("0x")?)
}

/// `1f`.
pub(crate) fn bare_hex(digits: &str) -> Option<u64> {
    let is_hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()
}
