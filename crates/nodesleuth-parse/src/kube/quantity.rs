//! Kubernetes quantities: `16`, `3920m`, `65806408Ki`, `1e3`.

/// The number that a quantity stands for; `None` for what is none.
pub(super) fn parse(text: &str) -> Option<f64> {
    const SUFFIXES: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
    ];
    let text = text.trim();
    let suffix = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix));
    let (digits, factor) = match suffix {
        Some((suffix, factor)) => (&text[..text.len() - suffix.len()], *factor),
        None => (text, 1.0),
    };
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = is_number.then(|| digits.parse().ok())??;
    number.is_finite().then_some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn quantities_are_numbers() {
        assert_eq!(parse("16"), Some(16.0));
        assert_eq!(parse("3920m"), Some(3.92));
        assert_eq!(parse("4Ki"), Some(4096.0));
        assert_eq!(parse("1e3"), Some(1000.0));
        for none in ["", "many", "-1", "Ki", "inf", "NaN"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }
}
