//! Numbers as the kernel prints them: plain decimal digits, nothing else.

/// A decimal number; `None` for anything that is not one or does not fit 64 bits.
///
/// Stricter than `str::parse`: a plus sign is not a number that the kernel would print.
pub(crate) fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The same for text.
pub(crate) fn from_text(text: &str) -> Option<u64> {
    decimal(text.as_bytes())
}

/// The same for 32 bits.
pub(crate) fn decimal32(bytes: &[u8]) -> Option<u32> {
    decimal(bytes).and_then(|number| u32::try_from(number).ok())
}

/// A number with decimals that is finite and not negative, such as a load average.
pub(crate) fn fraction(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = plain.then(|| text.parse().ok())??;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{decimal, decimal32, fraction};

    #[test]
    fn the_largest_number_fits_and_the_next_does_not() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(decimal(b"18446744073709551616"), None);
        assert_eq!(decimal32(b"4294967296"), None);
    }

    #[test]
    fn signs_spaces_and_nothing_are_not_numbers() {
        for text in ["", "-1", "+1", " 1", "1 ", "0x1", "1.0", "١"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn fractions_are_finite_and_not_negative() {
        assert_eq!(fraction("0.27"), Some(0.27));
        for text in ["", "-0.1", "nan", "inf", "1e3", ".", "1.2.3"] {
            assert_eq!(fraction(text), None, "{text:?}");
        }
        assert_eq!(fraction(&"9".repeat(400)), None);
    }
}
