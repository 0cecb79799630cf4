//! What bytes are that do not parse as a profile: error pages, other tools' files.

use crate::error::ReadError;
use crate::gzip::is_gzip;
use crate::open::OpenError;
use crate::text::source;

/// How much of a first line an error message shows.
const LINE_CHARS: usize = 160;

const EXECUTION_TRACE: &str = "an execution trace (use `go tool trace` on it)";

/// Formats told by their first bytes.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "gzip inside gzip"),
    (b"\x7fELF", "an ELF binary"),
    (b"PERFILE2", "a perf.data file (use `perf script` on it)"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"go 1.", EXECUTION_TRACE),
];

/// Texts told by how they begin, in lower case. What begins with these is never stacks.
const MARKUP: &[(&str, &str)] = &[
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<head", "an HTML page"),
    ("<?xml", "an XML document"),
    ("<svg", "an SVG picture"),
    ("go 1.", EXECUTION_TRACE),
];

/// The same for what might be the first frame of folded stacks too.
const TEXTS: &[(&str, &str)] = &[("{", "JSON"), ("[", "JSON")];

/// `error`, or what the bytes really are if that can be told and matters.
pub(crate) fn explain(data: &[u8], error: ReadError) -> ReadError {
    if matches!(error, ReadError::OverLimit { .. }) {
        return error;
    }
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| data.starts_with(magic)) {
        let first_line = match is_gzip(data) {
            true => "decompress it once more",
            false => "a binary file",
        };
        return ReadError::NotAProfile {
            what,
            first_line: first_line.to_owned(),
        };
    }
    match source::decode(data) {
        Some(text) => markup(&text).unwrap_or_else(|| unknown_text(&text, error)),
        None => error,
    }
}

/// The error for text that shows by its first line that it holds no stacks.
pub(crate) fn markup(text: &str) -> Option<ReadError> {
    let first = first_line(text)?;
    named(MARKUP, first).map(|what| not_a_profile(what, first))
}

/// The error for text in which no stacks were found, `error` being why.
pub(crate) fn unreadable(text: &str, error: OpenError) -> OpenError {
    match error {
        OpenError::Folded(error) => match first_line(text) {
            Some(_) => unknown_text(text, ReadError::Empty).into(),
            None => error.into(),
        },
        other => other,
    }
}

fn unknown_text(text: &str, error: ReadError) -> ReadError {
    match first_line(text) {
        Some(first) => not_a_profile(named(TEXTS, first).unwrap_or("text"), first),
        None => error,
    }
}

fn first_line(text: &str) -> Option<&str> {
    text.trim_start().lines().next()
}

fn named(table: &[(&str, &'static str)], line: &str) -> Option<&'static str> {
    let begins = |start: &str| {
        let head = line.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    let found = table.iter().find(|(start, _)| begins(start));
    found.map(|(_, what)| *what)
}

fn not_a_profile(what: &'static str, first_line: &str) -> ReadError {
    ReadError::NotAProfile {
        what,
        first_line: shorten(first_line),
    }
}

/// At most [`LINE_CHARS`] characters, nothing that could move a terminal's cursor.
pub(crate) fn shorten(line: &str) -> String {
    let shown = line
        .trim_end()
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut short: String = shown.clone().take(LINE_CHARS).collect();
    if shown.count() > LINE_CHARS {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(data: &[u8]) -> String {
        explain(data, ReadError::NoStringTable).to_string()
    }

    #[test]
    fn an_error_page_is_quoted() {
        assert_eq!(
            said(b"\n<!DOCTYPE html><title>502 Bad Gateway</title>\n<p>..."),
            "this is an HTML page, not a profile: \
             <!DOCTYPE html><title>502 Bad Gateway</title>"
        );
    }

    #[test]
    fn a_kubernetes_status_is_json() {
        let status = br#"{"kind":"Status","status":"Failure","reason":"Forbidden"}"#;
        assert!(said(status).starts_with("this is JSON, not a profile: {\"kind\":\"Status\""));
    }

    #[test]
    fn plain_text_is_quoted() {
        assert_eq!(
            said(b"Forbidden\n"),
            "this is text, not a profile: Forbidden"
        );
        assert!(said("é".repeat(4000).as_bytes()).ends_with("é…"));
    }

    #[test]
    fn binary_formats_are_named() {
        assert!(said(b"\x1f\x8b\x08rest").contains("gzip inside gzip"));
        assert!(said(b"\x7fELF\x02").contains("an ELF binary"));
        assert!(said(b"go 1.19 trace\0\0\0\x81").contains("go tool trace"));
    }

    #[test]
    fn unknown_bytes_keep_their_error() {
        assert_eq!(
            said(b"\x0a\x03\x00\xff"),
            ReadError::NoStringTable.to_string()
        );
    }
}
