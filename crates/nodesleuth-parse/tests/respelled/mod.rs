//! Texts with a few bytes taken out, and what separates words and numbers put in.

use super::mutations::Numbers;

/// Separators, numbers at their ends, and bytes that are no text.
const PIECES: &[&[u8]] = &[
    b"",
    b" ",
    b"\n",
    b"\t",
    b":",
    b"=",
    b"-",
    b"\0",
    b"\\",
    b"\"",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"<",
    b"%",
    b";",
    b"@",
    b"#",
    b"*",
    b" 0x",
    b"\\x2d",
    b"kB",
    b"0",
    b"-1",
    b"18446744073709551615",
    b"18446744073709551616",
    b"9999999999999999999999",
    b"1e999",
    b"NaN",
    b"\xff",
    b"\xc3\xa4",
    b"\xe2\x88\x92",
];

/// A broken copy of a good text.
pub(crate) fn respelled(good: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=numbers.next() % 4 {
        let from = numbers.next() % (bytes.len() + 1);
        let to = (from + numbers.next() % 6).min(bytes.len());
        let piece = PIECES[numbers.next() % PIECES.len()];
        bytes.splice(from..to, piece.iter().copied());
    }
    bytes
}
