//! Go string literals, as `strconv.Quote` writes them.

/// The literal at the beginning of `text`, and what follows it; `None` if there is none.
pub(super) fn unquote(text: &str) -> Option<(String, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        let (value, rest) = raw.split_once('`')?;
        return Some((value.to_owned(), rest));
    }
    let mut value = Vec::new();
    let mut rest = text.strip_prefix('"')?;
    loop {
        let character = rest.chars().next()?;
        rest = &rest[character.len_utf8()..];
        match character {
            '"' => return Some((String::from_utf8_lossy(&value).into_owned(), rest)),
            '\\' => rest = escape(rest, &mut value)?,
            _ => push(character, &mut value),
        }
    }
}

/// Appends what the escape (without its backslash) stands for; returns what follows.
fn escape<'t>(text: &'t str, value: &mut Vec<u8>) -> Option<&'t str> {
    let kind = text.chars().next()?;
    let rest = &text[kind.len_utf8()..];
    let plain = match kind {
        'a' => 7,
        'b' => 8,
        't' => b'\t',
        'n' => b'\n',
        'v' => 11,
        'f' => 12,
        'r' => b'\r',
        '\\' | '"' | '\'' => kind as u8,
        'x' => return byte(rest, 2, 16, value),
        'u' => return character(rest, 4, value),
        'U' => return character(rest, 8, value),
        '0'..='7' => return byte(text, 3, 8, value),
        _ => return None,
    };
    value.push(plain);
    Some(rest)
}

fn character<'t>(text: &'t str, count: usize, value: &mut Vec<u8>) -> Option<&'t str> {
    let (code, rest) = code(text, count, 16)?;
    push(char::from_u32(code)?, value);
    Some(rest)
}

fn byte<'t>(text: &'t str, count: usize, radix: u32, value: &mut Vec<u8>) -> Option<&'t str> {
    let (code, rest) = code(text, count, radix)?;
    value.push(u8::try_from(code).ok()?);
    Some(rest)
}

fn code(text: &str, count: usize, radix: u32) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    Some((
        plain.then(|| u32::from_str_radix(digits, radix).ok())??,
        rest,
    ))
}

fn push(character: char, value: &mut Vec<u8>) {
    value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn literals_end_at_their_quote() {
        assert_eq!(unquote("\"a b\"=c"), Some(("a b".to_owned(), "=c")));
        assert_eq!(unquote("`a\\n`rest"), Some(("a\\n".to_owned(), "rest")));
        assert_eq!(unquote("\"ä\""), Some(("ä".to_owned(), "")));
    }

    #[test]
    fn every_escape_of_go_is_understood() {
        let literal = r#""\a\b\t\n\v\f\r\\\"\x41\101\u00e4\U0001F600\xc3\xa4""#;
        let text = "\u{7}\u{8}\t\n\u{b}\u{c}\r\\\"AA\u{e4}\u{1f600}\u{e4}";
        assert_eq!(unquote(literal), Some((text.to_owned(), "")));
    }

    #[test]
    fn cut_and_unknown_literals_are_none() {
        for text in [
            "",
            "x",
            "\"",
            "`",
            "\"a",
            "`a",
            "\"\\",
            "\"\\q\"",
            "\"\\x4",
            "\"\\xä\"",
            "\"\\u00e\"",
            "\"\\ud800\"",
            "\"\\09\"",
            "\"\\400\"",
            "\"\\x+1\"",
        ] {
            assert_eq!(unquote(text), None, "{text:?}");
        }
    }
}
