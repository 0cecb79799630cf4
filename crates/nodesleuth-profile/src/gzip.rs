//! Gunzip with an upper bound: multi-member streams in, nothing but members accepted.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::GzDecoder;

use crate::error::ReadError;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How much is inflated at a time: enough for the decoder to be fast, and it stays in the cache.
const PIECE: usize = 256 << 10;

/// How much of a file is read at a time.
const BUFFER: usize = 64 << 10;

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
    if !is_gzip(&bytes) {
        return checked(bytes, limit);
    }
    let expected = bytes.len().saturating_mul(USUAL_RATIO).min(limit);
    let inflated = gunzip(&*bytes, Vec::with_capacity(expected + PIECE), limit);
    let inflated = inflated.expect("reading from memory cannot fail");
    checked(inflated?.into(), limit)
}

/// The same while it is read, so that what is compressed is never in memory as a whole.
///
/// # Errors
/// The outer one if reading fails.
pub(crate) fn inflate_from(
    from: impl Read,
    limit: usize,
) -> io::Result<Result<Cow<'static, [u8]>, ReadError>> {
    let mut from = BufReader::with_capacity(BUFFER, from);
    let mut head = Vec::new();
    let length = MAGIC.len() as u64;
    from.by_ref().take(length).read_to_end(&mut head)?;
    if is_gzip(&head) {
        let inflated = gunzip(head.chain(from), Vec::new(), limit)?;
        return Ok(inflated.and_then(|bytes| checked(bytes.into(), limit)));
    }
    let left = (limit as u64).saturating_add(1) - head.len() as u64;
    from.take(left).read_to_end(&mut head)?;
    Ok(checked(head.into(), limit))
}

fn checked(bytes: Cow<'_, [u8]>, limit: usize) -> Result<Cow<'_, [u8]>, ReadError> {
    match bytes.len() {
        0 => Err(ReadError::Empty),
        length if length > limit => {
            let what = "bytes";
            Err(ReadError::OverLimit { what, limit })
        }
        _ => Ok(bytes),
    }
}

/// One member after the other. Stops one byte past the limit; the size that gzip itself claims is
/// never used.
fn gunzip(
    from: impl BufRead,
    mut out: Vec<u8>,
    limit: usize,
) -> io::Result<Result<Vec<u8>, ReadError>> {
    let mut from = Counted::new(from);
    while out.len() <= limit {
        match from.fill_buf()? {
            [] => break,
            // A buffer may end within the two bytes.
            next if is_gzip(next) || MAGIC.starts_with(next) => {}
            _ => return from.broken("the gzip stream ends before other bytes"),
        }
        let left = (limit - out.len()) as u64 + 1;
        let outcome = read_on(GzDecoder::new(&mut from).take(left), &mut out);
        match outcome {
            Ok(()) => {}
            Err(error) if from.failed => return Err(error),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return from.broken("the gzip stream is cut off");
            }
            Err(error) => return from.broken(&error.to_string()),
        }
    }
    Ok(Ok(out))
}

/// Not `read_to_end`: it clears all the room there is, and so takes memory that is never used.
fn read_on(mut from: impl Read, out: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let start = out.len();
        out.resize(start + PIECE, 0);
        let read = from.read(&mut out[start..]);
        out.truncate(start + *read.as_ref().unwrap_or(&0));
        if read? == 0 {
            return Ok(());
        }
    }
}

/// Counts what is read, and knows whether an error was one of reading or of the decoder.
struct Counted<R> {
    from: R,
    count: usize,
    failed: bool,
}

impl<R: BufRead> Counted<R> {
    fn new(from: R) -> Self {
        Self {
            from,
            count: 0,
            failed: false,
        }
    }

    /// That the stream is broken where reading is.
    fn broken<T>(mut self, reason: &str) -> io::Result<Result<T, ReadError>> {
        let offset = self.count;
        io::copy(&mut self, &mut io::sink())?;
        Ok(Err(ReadError::Gzip {
            offset,
            length: self.count,
            reason: reason.to_owned(),
        }))
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(into)?;
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while let Err(error) = self.from.fill_buf() {
            if error.kind() != ErrorKind::Interrupted {
                self.failed = true;
                return Err(error);
            }
        }
        self.from.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count += amount;
        self.from.consume(amount);
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

    /// Gives one byte at a time, and then fails or ends.
    struct Trickle<'t> {
        bytes: &'t [u8],
        fails: bool,
    }

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = into.len().min(1);
            match self.bytes.read(&mut into[..length])? {
                0 if self.fails => Err(io::Error::other("unplugged")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn what_is_read_is_the_same_as_what_is_in_memory() {
        let one = gz(b"some bytes that are long enough");
        let flipped: Vec<_> = one.iter().map(|byte| byte ^ 1).collect();
        let cases = [
            one.clone(),
            [one.clone(), gz(b"more")].concat(),
            [&one[..], b"\0\0\0"].concat(),
            [&one[..], &MAGIC].concat(),
            one[..20].to_vec(),
            [&one[..15], &flipped[15..]].concat(),
            gz(b""),
            gz(&[0; 5000]),
            b"raw".to_vec(),
            vec![1; 1001],
            MAGIC[..1].to_vec(),
            Vec::new(),
        ];
        for bytes in cases {
            let expected = inflate(&bytes, 1000).map(Cow::into_owned);
            let trickle = Trickle {
                bytes: &bytes,
                fails: false,
            };
            let read = inflate_from(trickle, 1000).unwrap().map(Cow::into_owned);
            assert_eq!(read, expected, "{bytes:x?}");
        }
    }

    #[test]
    fn a_failure_of_reading_is_told_from_broken_bytes() {
        let whole = gz(b"some bytes that are long enough");
        for end in 0..whole.len() {
            let trickle = Trickle {
                bytes: &whole[..end],
                fails: true,
            };
            let error = inflate_from(trickle, 1000).unwrap_err();
            assert_eq!(error.to_string(), "unplugged", "after {end} bytes");
        }
    }
}
