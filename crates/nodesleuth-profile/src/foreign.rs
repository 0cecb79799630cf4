//! What bytes are that do not parse as a profile: error pages, other tools' files.

use crate::error::ReadError;
use crate::gzip::is_gzip;

/// How much of a first line an error message shows.
const LINE_CHARS: usize = 160;

/// Formats told by their first bytes.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "gzip inside gzip"),
    (b"\x7fELF", "an ELF binary"),
    (b"PERFILE2", "a perf.data file (use `perf script` on it)"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
];

/// Texts told by how they begin after white space, in lower case.
const TEXTS: &[(&str, &str)] = &[
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<head", "an HTML page"),
    ("<?xml", "an XML document"),
    ("<svg", "an SVG picture"),
    ("{", "JSON"),
    ("[", "JSON"),
    (
        "goroutine profile:",
        "a goroutine listing in text (ask for it without debug=1)",
    ),
    (
        "goroutine ",
        "a goroutine dump in text (ask for it without debug=2)",
    ),
    (
        "heap profile:",
        "a heap profile in the old text format (ask for it without debug=1)",
    ),
    (
        "--- ",
        "a profile in an old text format (ask for it without debug=1)",
    ),
    ("periodtype:", "the text of `go tool pprof -raw`"),
    ("go 1.", "an execution trace"),
];

/// `error`, or what the bytes really are if that can be told.
pub(crate) fn explain(data: &[u8], error: ReadError) -> ReadError {
    match recognise(data) {
        Some((what, first_line)) => ReadError::NotAProfile { what, first_line },
        None => error,
    }
}

fn recognise(data: &[u8]) -> Option<(&'static str, String)> {
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| data.starts_with(magic)) {
        let first_line = match is_gzip(data) {
            true => "decompress it once more",
            false => "a binary file",
        };
        return Some((what, first_line.to_owned()));
    }
    // 4 KiB tell text from binary; the cut may be inside a character.
    let head = &data[..data.len().min(4096)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let first_line = text.lines().next()?;
    let lower = first_line.to_lowercase();
    if let Some((_, what)) = TEXTS.iter().find(|(start, _)| lower.starts_with(start)) {
        return Some((what, shorten(first_line)));
    }
    let printable = !text.contains(|c: char| c.is_control() && !c.is_whitespace());
    printable.then(|| ("text", shorten(first_line)))
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
    }

    #[test]
    fn unknown_bytes_keep_their_error() {
        assert_eq!(
            said(b"\x0a\x03\x00\xff"),
            ReadError::NoStringTable.to_string()
        );
    }
}
