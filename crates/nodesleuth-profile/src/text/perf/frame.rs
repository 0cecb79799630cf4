//! A line of a call chain: `ffffffff8141b562 native_safe_halt+0x2 ([kernel.kallsyms])`.

use crate::text::numbers::bare_hex;

/// A frame, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FrameLine<'t> {
    pub(super) address: u64,
    /// Empty if not known.
    pub(super) name: &'t str,
    /// The mapped file; empty if not known.
    pub(super) file: &'t str,
    /// Inlined into the frame that follows.
    pub(super) is_inlined: bool,
}

impl<'t> FrameLine<'t> {
    /// A frame with its address, as all but few options of perf print it.
    pub(super) fn parse(line: &'t str) -> Option<Self> {
        let (address, rest) = line.trim().split_once(' ')?;
        Some(Self {
            address: bare_hex(address)?,
            ..Self::named(rest)
        })
    }

    /// A frame without address.
    pub(super) fn named(text: &'t str) -> Self {
        let (symbol, file) = split_file(text.trim());
        let known = |text: &'t str| if text == "[unknown]" { "" } else { text };
        Self {
            address: 0,
            name: known(without_offset(symbol.trim())),
            file: if file == "inlined" { "" } else { known(file) },
            is_inlined: file == "inlined",
        }
    }
}

/// `(/usr/bin/x (deleted))` at the end; symbols have parentheses too.
fn split_file(text: &str) -> (&str, &str) {
    let Some(inner) = text.strip_suffix(')') else {
        return (text, "");
    };
    let searched = inner.strip_suffix(" (deleted)").unwrap_or(inner);
    match searched.rfind(" (") {
        Some(at) => (&text[..at], &inner[at + 2..]),
        None if text.starts_with('(') => ("", &inner[1..]),
        None => (text, ""),
    }
}

fn without_offset(symbol: &str) -> &str {
    match symbol.rsplit_once("+0x") {
        Some((name, offset)) if bare_hex(offset).is_some() => name,
        _ => symbol,
    }
}

/// `x.c:12`, which `-F srcline` prints below a frame.
pub(super) fn source_line(line: &str) -> Option<(&str, i64)> {
    let (file, number) = line.trim().rsplit_once(':')?;
    let number = number.split(' ').next()?.parse().ok()?;
    (!file.is_empty() && !file.ends_with(':')).then_some((file, number))
}

/// `[kernel.kallsyms][ffffffff821f3a6a]`: no source line is known there.
pub(super) fn is_unknown_source(line: &str) -> bool {
    let address = line
        .trim()
        .strip_suffix(']')
        .and_then(|line| line.rsplit_once('['));
    address.is_some_and(|(file, address)| !file.is_empty() && bare_hex(address).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_and_files_may_have_parentheses_and_spaces() {
        let cases = [
            (
                "\tffffffff8141b562 native_safe_halt+0x2 ([kernel.kallsyms])",
                "native_safe_halt",
                "[kernel.kallsyms]",
            ),
            (
                "7f1 std::f(int, char) const+0x1f (/usr/lib/x.so)",
                "std::f(int, char) const",
                "/usr/lib/x.so",
            ),
            (
                "7f1 [unknown] (/tmp/my dir/x (deleted))",
                "",
                "/tmp/my dir/x (deleted)",
            ),
            ("7f1 [unknown] ([unknown])", "", ""),
            ("7f1 operator()(int) (/x)", "operator()(int)", "/x"),
            ("7f1 main.(*T).M+0x10 (/bin/k)", "main.(*T).M", "/bin/k"),
            ("7f1 f", "f", ""),
            ("7f1 (/bin/x)", "", "/bin/x"),
            (
                "7f1 Lcom/A;::b+0x1 (/tmp/perf-12.map)",
                "Lcom/A;::b",
                "/tmp/perf-12.map",
            ),
        ];
        for (line, name, file) in cases {
            let frame = FrameLine::parse(line).unwrap();
            assert_eq!((frame.name, frame.file), (name, file), "{line}");
            assert!(!frame.is_inlined && frame.address > 0);
        }
        assert!(FrameLine::parse("7f1 f (inlined)").unwrap().is_inlined);
        assert_eq!(FrameLine::parse("main 12"), None);
    }

    #[test]
    fn source_lines_are_told_from_names() {
        assert_eq!(source_line("  spin.c:12"), Some(("spin.c", 12)));
        assert_eq!(
            source_line("  spin.c:12 (discriminator 3)"),
            Some(("spin.c", 12))
        );
        assert!(is_unknown_source("  [kernel.kallsyms][ffffffff821f3a6a]"));
        for line in ["std::f", "x", "a::1"] {
            assert_eq!(source_line(line), None, "{line}");
        }
    }
}
