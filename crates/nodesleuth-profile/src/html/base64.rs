//! Base64 while writing: nothing is held but the bytes of an unfinished group.

use std::io::{self, Write};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Letters of a line: a multiple of 4.
const LINE: usize = 1024;
const GROUP: usize = 3;

/// Writes base64 in lines. [`finish`](Self::finish) must be called at the end.
pub(super) struct Base64<W> {
    out: W,
    group: [u8; GROUP],
    filled: usize,
    column: usize,
}

impl<W: Write> Base64<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            group: [0; GROUP],
            filled: 0,
            column: 0,
        }
    }

    pub(super) fn push(&mut self, byte: u8) -> io::Result<()> {
        self.group[self.filled] = byte;
        self.filled += 1;
        match self.filled {
            GROUP => self.end_group(),
            _ => Ok(()),
        }
    }

    fn end_group(&mut self) -> io::Result<()> {
        let [a, b, c] = self.group.map(u32::from);
        let bits = a << 16 | b << 8 | c;
        let mut letters = [b'='; 4];
        for (at, letter) in letters.iter_mut().enumerate().take(self.filled + 1) {
            *letter = ALPHABET[(bits >> (18 - 6 * at)) as usize & 63];
        }
        self.out.write_all(&letters)?;
        self.column += letters.len();
        if self.column == LINE {
            self.out.write_all(b"\n")?;
            self.column = 0;
        }
        self.group = [0; GROUP];
        self.filled = 0;
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        match self.filled {
            0 => Ok(()),
            _ => self.end_group(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        let mut base64 = Base64::new(&mut out);
        bytes.iter().for_each(|byte| base64.push(*byte).unwrap());
        base64.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn vectors_of_the_standard_hold() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, expected) in vectors {
            assert_eq!(encoded(plain.as_bytes()), expected);
        }
        assert_eq!(encoded(&[0xff, 0xfb, 0xef]), "//vv");
    }

    #[test]
    fn long_data_is_broken_into_lines() {
        let lines = encoded(&vec![0; 2000]);
        let lengths: Vec<_> = lines.lines().map(str::len).collect();
        assert_eq!(lengths, [LINE, LINE, 2668 - 2 * LINE]);
    }
}
