//! What perf and its scripts hang on the end of a symbol.

/// Removes marks and the offset.
pub(super) fn strip(name: &str) -> &str {
    strip_offset(strip_marks(name))
}

/// ` [nfs]` (also after a tab, as in `/proc/kallsyms`), ` [k]`, `_[k]`, `_[i]`, `_[j]`.
fn strip_marks(mut name: &str) -> &str {
    while let Some((before, word)) = name.strip_suffix(']').and_then(|n| n.rsplit_once('[')) {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let kind = before
            .strip_suffix('_')
            .filter(|_| matches!(word, "k" | "i" | "j"));
        let marked = before
            .strip_suffix([' ', '\t'])
            .filter(|_| word.chars().all(is_word));
        match kind.or(marked).map(str::trim_end) {
            Some(rest) if !rest.is_empty() && !word.is_empty() => name = rest,
            _ => break,
        }
    }
    name
}

/// `+0x1b1` and `+0x1b1/0x2c0`.
fn strip_offset(name: &str) -> &str {
    let hex = |text: &str| {
        let digits = text.strip_prefix("0x").unwrap_or("");
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
    };
    match name.rsplit_once('+') {
        Some((symbol, offset)) if !symbol.is_empty() && offset.split('/').all(hex) => symbol,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_marks_are_removed() {
        for name in [
            "[k]", " [k]", "f[k]", "f_[x]", "f []", "+0x1", "f+1", "f+0x", "f+0xg",
        ] {
            assert_eq!(strip(name.trim()), name.trim());
        }
    }

    #[test]
    fn a_mark_after_an_offset_and_two_marks_go() {
        assert_eq!(strip("f+0x10/0x20 [nfs] [k]"), "f");
    }
}
