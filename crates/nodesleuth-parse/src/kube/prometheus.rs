//! Prometheus' text format, read while it arrives: an answer of 40 MB is never held as a whole.

use crate::Malformed;
use crate::malformed::quoted;
use std::borrow::Cow;

const WHAT: &str = "Prometheus metrics";
/// A line longer than this is none: real ones are below 2 KiB.
const LONGEST_LINE: usize = 64 << 10;

/// One sample line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// Name of the metric.
    pub name: &'a str,
    labels: &'a str,
    /// Its value; NaN and infinities occur.
    pub value: f64,
    /// When it was taken, milliseconds since the Unix epoch, where the line says so.
    pub unix_millis: Option<i64>,
}

impl<'a> Sample<'a> {
    /// The value of a label, `None` when there is no such label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<Cow<'a, str>> {
        self.labels()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// All labels in their order, as (name, value).
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let mut rest = self.labels;
        std::iter::from_fn(move || {
            let (name, value, after) = next_label(rest)?;
            rest = after;
            Some((name, unescaped(value)))
        })
    }

    /// The value as a count; `None` for what is none.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        let is_count = self.value.is_finite() && self.value >= 0.0;
        is_count.then_some(self.value as u64)
    }
}

/// Reads metrics piece by piece.
#[derive(Debug, Default)]
pub struct Reader {
    partial: Vec<u8>,
    line: usize,
    /// Sample lines so far.
    pub samples: u64,
    /// Bytes so far.
    pub bytes: u64,
}

impl Reader {
    /// Takes the next piece of the text and hands over each sample that is complete.
    ///
    /// # Errors
    /// When a line is no sample, comment or blank: then it is not metrics at all, or it is cut.
    pub fn push(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(&Sample<'_>),
    ) -> Result<(), Malformed> {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            if self.partial.is_empty() {
                self.take(line, &mut each)?;
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.take(&whole, &mut each)?;
            }
        }
        if self.partial.len() + rest.len() > LONGEST_LINE {
            return Err(Malformed::line(WHAT, self.line, "a line without an end"));
        }
        self.partial.extend_from_slice(rest);
        Ok(())
    }

    /// The text is over.
    ///
    /// # Errors
    /// When the last line is cut.
    pub fn finish(&mut self, mut each: impl FnMut(&Sample<'_>)) -> Result<(), Malformed> {
        let last = std::mem::take(&mut self.partial);
        match last.is_empty() {
            true => Ok(()),
            false => self.take(&last, &mut each),
        }
    }

    fn take(&mut self, line: &[u8], each: &mut impl FnMut(&Sample<'_>)) -> Result<(), Malformed> {
        let at = self.line;
        self.line += 1;
        let malformed = |reason: String| Malformed::line(WHAT, at, reason);
        let text = std::str::from_utf8(line).map_err(|_| malformed("not UTF-8".to_owned()))?;
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            return Ok(());
        }
        let sample = sample(text)
            .ok_or_else(|| malformed(format!("{} is not a metric and a number", quoted(text))))?;
        self.samples += 1;
        each(&sample);
        Ok(())
    }
}

/// `name{label="value",…} number [milliseconds]`; `None` for any other line.
#[must_use]
pub fn sample(text: &str) -> Option<Sample<'_>> {
    let end = text.find(|c: char| !is_name(c)).filter(|end| *end > 0)?;
    let (name, rest) = text.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => rest.split_at(end_of_labels(rest)?),
        None => ("", rest),
    };
    let mut words = rest.trim_start_matches('}').split_ascii_whitespace();
    let value = number(words.next()?)?;
    let unix_millis = match words.next() {
        Some(word) => Some(word.parse().ok()?),
        None => None,
    };
    words.next().is_none().then_some(Sample {
        name,
        labels,
        value,
        unix_millis,
    })
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// Where the closing brace stands: braces inside quotes do not count.
fn end_of_labels(text: &str) -> Option<usize> {
    let (mut in_quotes, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_quotes => escaped = true,
            b'"' => in_quotes = !in_quotes,
            b'}' if !in_quotes => return Some(at),
            _ => {}
        }
    }
    None
}

/// Name, raw value and what follows.
fn next_label(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches([',', ' ']);
    let (key, rest) = text.split_once('=')?;
    let rest = rest.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((key.trim(), &rest[..at], &rest[at + 1..])),
            _ => {}
        }
    }
    None
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            _ => text.push(c),
        }
    }
    Cow::Owned(text)
}

fn number(word: &str) -> Option<f64> {
    match word {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        // Rust would also take words such as "infinity", which no exporter writes.
        _ if word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) => {
            word.parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&str]) -> Result<Vec<(String, f64, Option<i64>)>, Malformed> {
        let mut seen = Vec::new();
        let mut reader = Reader::default();
        let mut keep = |sample: &Sample<'_>| {
            seen.push((sample.name.to_owned(), sample.value, sample.unix_millis));
        };
        for piece in pieces {
            reader.push(piece.as_bytes(), &mut keep)?;
        }
        reader.finish(&mut keep)?;
        Ok(seen)
    }

    #[test]
    fn lines_may_be_cut_anywhere_between_pieces() {
        let text = "# HELP a b\na 1\nb{x=\"1\"} 2.5e-3 1795449254218\n\nc +Inf";
        let whole = all(&[text]).unwrap();
        assert_eq!(whole[1], ("b".into(), 0.0025, Some(1_795_449_254_218)));
        for at in 0..text.len() {
            assert_eq!(all(&[&text[..at], &text[at..]]).unwrap(), whole, "{at}");
        }
    }

    #[test]
    fn labels_may_hold_braces_quotes_and_commas() {
        let line = r#"m{a="}\"x,y=\\",b="two\nlines",} 1"#;
        let sample = sample(line).unwrap();
        assert_eq!(sample.label("a").unwrap(), r#"}"x,y=\"#);
        assert_eq!(sample.label("b").unwrap(), "two\nlines");
        assert_eq!(sample.label("c"), None);
    }

    #[test]
    fn other_text_is_refused_with_its_line() {
        for (text, line) in [
            ("a 1\n<html><body>login</body>", 2),
            ("{\"kind\":\"Status\"}", 1),
            ("a 1\nb{x=\"1", 2),
            ("a one\n", 1),
            ("a 1 2 3\n", 1),
        ] {
            let error = all(&[text]).unwrap_err();
            assert_eq!(error.line, Some(line), "{text}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_not_kept() {
        let mut reader = Reader::default();
        let piece = vec![b'x'; LONGEST_LINE + 1];
        assert!(reader.push(&piece, |_| {}).is_err());
    }

    #[test]
    fn what_is_no_count_is_not_made_one() {
        let count = |text| sample(text).unwrap().count();
        assert_eq!(count("a 3"), Some(3));
        assert_eq!(count("a NaN"), None);
        assert_eq!(count("a -1"), None);
    }
}
