//! Regular expressions as Go's `regexp` package writes them.
//!
//! Go's syntax and ours are both RE2's but for details: braces that repeat nothing are characters,
//! `\Q…\E` quotes, classes do not nest, any punctuation may be escaped. Unicode classes (`\p{…}`)
//! are refused: names of functions and files have little use for them, and their tables would make
//! the program a sixth larger.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use regex_lite::Regex;

/// A regular expression in Go's syntax.
#[derive(Clone)]
pub struct GoRegex {
    written: String,
    compiled: Regex,
}

/// Why an expression is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {reason}: `{written}`")]
pub struct GoRegexError {
    written: String,
    reason: String,
}

impl GoRegex {
    /// Understands an expression.
    ///
    /// # Errors
    /// If it is malformed, too large, or uses Unicode classes.
    pub fn new(written: &str) -> Result<Self, GoRegexError> {
        let failed = |reason: String| GoRegexError {
            written: written.to_owned(),
            reason,
        };
        let ours = translated(written).map_err(|reason| failed(reason.to_owned()))?;
        let compiled = Regex::new(&ours).map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            written: written.to_owned(),
            compiled,
        })
    }

    /// Whether it matches anywhere in a text.
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl fmt::Debug for GoRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoRegex({:?})", self.written)
    }
}

/// The same in our syntax.
fn translated(go: &str) -> Result<String, &'static str> {
    let mut out = String::new();
    let mut rest = go.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, false, &mut out)?,
            '[' => class(&mut rest, &mut out)?,
            '{' if !repeats(rest.clone()) => out.push_str("\\{"),
            '{' => {
                out.push(c);
                out.extend(rest.by_ref().take_while(|c| *c != '}'));
                out.push('}');
            }
            '}' => out.push_str("\\}"),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Whether what follows a brace is `3}`, `3,}` or `3,4}`.
fn repeats(rest: Peekable<Chars<'_>>) -> bool {
    let rest: String = rest.collect();
    let Some((inside, _)) = rest.split_once('}') else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match inside.split_once(',') {
        None => is_number(inside),
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
    }
}

fn escape(
    rest: &mut Peekable<Chars<'_>>,
    in_class: bool,
    out: &mut String,
) -> Result<(), &'static str> {
    let c = rest
        .next()
        .ok_or("trailing backslash at end of expression")?;
    match c {
        'Q' if !in_class => quoted(rest, out),
        's' => out.push_str(if in_class {
            "\\t\\n\\f\\r "
        } else {
            "[\\t\\n\\f\\r ]"
        }),
        'S' if !in_class => out.push_str("[^\\t\\n\\f\\r ]"),
        'p' | 'P' => return Err("Unicode classes are not supported"),
        'C' => return Err("\\C is not supported"),
        '0' => octal(rest, out)?,
        c if c.is_ascii_alphanumeric() => out.extend(['\\', c]),
        c => literal(c, out),
    }
    Ok(())
}

/// Up to two more octal digits after `\0`.
fn octal(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), &'static str> {
    let mut code = 0;
    for _ in 0..2 {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(8)) else {
            break;
        };
        code = code * 8 + digit;
        rest.next();
    }
    literal(char::from_u32(code).ok_or("invalid escape sequence")?, out);
    Ok(())
}

/// Until `\E` or the end.
fn quoted(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(c) = rest.next() {
        if c == '\\' && rest.peek() == Some(&'E') {
            rest.next();
            return;
        }
        literal(c, out);
    }
}

/// From after the bracket to the one that closes it.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), &'static str> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        match rest.next().ok_or("missing closing ]")? {
            ']' if !first => break,
            '\\' => escape(rest, true, out)?,
            '[' if rest.peek() == Some(&':') => named_class(rest, out),
            '-' => out.push('-'),
            c => literal(c, out),
        }
        first = false;
    }
    out.push(']');
    Ok(())
}

/// `[:alpha:]`, or a bracket that only looks like it.
fn named_class(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let ahead: String = rest.clone().collect();
    match ahead.find(":]") {
        Some(end) => {
            let name = &ahead[..end + 2];
            out.push('[');
            out.push_str(name);
            rest.nth(name.chars().count() - 1);
        }
        None => out.push_str("\\["),
    }
}

/// A character that means itself.
fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() && "\\.+*?()|[]{}^$#&-~/".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_matches_is_matched() {
        let cases = [
            ("struct {", "F[struct { a int }]", true),
            ("a{2}b", "aab", true),
            ("a{,2}", "a{,2}", true),
            ("a{2", "a{2", true),
            (r"\Qmain.(*T)\E\.M", "main.(*T).M", true),
            (r"\Q.\", "x", false),
            ("[[]x", "[x", true),
            ("[]a]", "]", true),
            ("[^]a]", "]", false),
            ("[a&&b]", "&", true),
            ("[[:digit:]]+", "42", true),
            ("[[:x]", ":", true),
            (r"a\-b\_c\/\ d", "a-b_c/ d", true),
            (r"\s", "\u{b}", false),
            (r"[\s.]", " ", true),
            (r"\052", "*", true),
            ("(?i)MAIN", "main", true),
            ("^main$", "main.f", false),
        ];
        for (expression, text, expected) in cases {
            let regex = GoRegex::new(expression).unwrap();
            assert_eq!(regex.is_match(text), expected, "{expression} {text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for expression in ["(", "[a", r"\p{Greek}", "a**b(", r"\", "x{2000000}", r"\C"] {
            let error = GoRegex::new(expression).unwrap_err().to_string();
            assert!(error.contains(expression), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
