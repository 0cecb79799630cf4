//! Gunzip with an upper bound: multi-member streams in, nothing but members accepted.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};

use flate2::bufread::GzDecoder;

use crate::error::ReadError;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How much is inflated at a time: enough for the decoder to be fast, and it stays in the cache.
const PIECE: usize = 256 << 10;

/// How many times larger most profiles are without gzip; what is reserved and not used costs
/// nothing.
const USUAL_RATIO: usize = 4;

pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The inflated bytes, or the bytes themselves if they are not gzip. Bytes that are given away are
/// freed as soon as they are inflated.
pub(crate) fn inflate<'b>(
    bytes: impl Into<Cow<'b, [u8]>>,
    limit: usize,
) -> Result<Cow<'b, [u8]>, ReadError> {
    let bytes = bytes.into();
    let inflated = match is_gzip(&bytes) {
        true => Cow::Owned(gunzip(&bytes, limit)?),
        false => bytes,
    };
    match inflated.len() {
        0 => Err(ReadError::Empty),
        n if n > limit => Err(ReadError::OverLimit {
            what: "bytes",
            limit,
        }),
        _ => Ok(inflated),
    }
}

/// One member after the other. Stops one byte past the limit; the size that gzip itself claims is
/// never used.
fn gunzip(bytes: &[u8], limit: usize) -> Result<Vec<u8>, ReadError> {
    let expected = bytes.len().saturating_mul(USUAL_RATIO);
    let mut out = Vec::with_capacity(expected.min(limit) + PIECE);
    let mut rest = bytes;
    while !rest.is_empty() && out.len() <= limit {
        if !is_gzip(rest) {
            return Err(broken(
                bytes,
                rest,
                "the gzip stream ends before other bytes",
            ));
        }
        let mut decoder = GzDecoder::new(rest);
        let left = (limit - out.len()) as u64 + 1;
        let outcome = read_on((&mut decoder).take(left), &mut out);
        rest = decoder.into_inner();
        outcome.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => broken(bytes, rest, "the gzip stream is cut off"),
            _ => broken(bytes, rest, &error.to_string()),
        })?;
    }
    Ok(out)
}

/// Not `read_to_end`: it clears all the room there is, and so takes memory that is never used.
fn read_on(mut from: impl Read, out: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let start = out.len();
        out.resize(start + PIECE, 0);
        let length = from.read(&mut out[start..])?;
        out.truncate(start + length);
        if length == 0 {
            return Ok(());
        }
    }
}

fn broken(bytes: &[u8], rest: &[u8], reason: &str) -> ReadError {
    ReadError::Gzip {
        offset: bytes.len() - rest.len(),
        length: bytes.len(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_are_joined() {
        let both = [gz(b"one "), gz(b"two")].concat();
        assert_eq!(inflate(&both, 100).unwrap().as_ref(), b"one two");
    }

    #[test]
    fn what_is_not_gzip_is_borrowed() {
        assert!(matches!(inflate(b"raw", 100), Ok(Cow::Borrowed(b"raw"))));
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gz(&vec![0; 1 << 20]);
        assert_eq!(
            inflate(&bomb, 1000),
            Err(ReadError::OverLimit {
                what: "bytes",
                limit: 1000
            })
        );
    }

    #[test]
    fn exactly_the_limit_is_allowed() {
        assert_eq!(inflate(gz(&[7; 1000]), 1000).unwrap().len(), 1000);
    }

    #[test]
    fn a_cut_off_stream_says_so() {
        let whole = gz(b"some bytes that are long enough");
        for end in 2..whole.len() {
            let error = inflate(&whole[..end], 1000).unwrap_err();
            assert!(
                error.to_string().contains("cut off"),
                "cut at {end}: {error}"
            );
        }
    }

    #[test]
    fn a_wrong_checksum_or_size_is_an_error() {
        let whole = gz(b"some bytes");
        for position in whole.len() - 8..whole.len() {
            let mut broken = whole.clone();
            broken[position] ^= 1;
            assert!(
                matches!(inflate(&broken, 1000), Err(ReadError::Gzip { .. })),
                "{position}"
            );
        }
    }

    #[test]
    fn bytes_after_the_stream_are_an_error() {
        let mut trailed = gz(b"some bytes");
        let length = trailed.len();
        trailed.extend_from_slice(b"\0\0\0");
        let error = inflate(&trailed, 1000).unwrap_err().to_string();
        let place = format!("ends before other bytes (compressed byte {length} of");
        assert!(error.contains(&place), "{error}");
    }

    #[test]
    fn a_stream_of_nothing_is_empty() {
        assert_eq!(inflate(gz(b""), 1000), Err(ReadError::Empty));
    }
}
