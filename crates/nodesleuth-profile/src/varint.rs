//! Protobuf's numbers, eight bytes at a time and without a branch for each byte: ids of one file are
//! one to three bytes long, in no order that a processor could guess.

/// The bit that says that a number goes on, in every byte.
const MARKS: u64 = 0x8080_8080_8080_8080;

/// Half of a word, in bits.
const HALF: u32 = u64::BITS / 2;

/// Eight bytes, and the numbers that end in them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    bytes: u64,
    /// The marks of those bytes that end a number which was not taken.
    ends: u64,
    /// Bits of the numbers that were taken.
    taken: u32,
}

impl Word {
    /// Only `length` of the bytes count.
    #[inline]
    pub(crate) fn new(bytes: [u8; 8], length: usize) -> Self {
        let bytes = u64::from_le_bytes(bytes);
        let counted = match length {
            8.. => u64::MAX,
            length => (1 << (8 * length)) - 1,
        };
        Self {
            bytes,
            ends: !bytes & MARKS & counted,
            taken: 0,
        }
    }

    /// The next number; `None` if it does not end in these bytes.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<u64> {
        if self.ends == 0 {
            return None;
        }
        let end = self.ends.trailing_zeros() + 1;
        let after = u64::BITS - end;
        let number = self.bytes << after >> (after + self.taken);
        self.ends &= self.ends - 1;
        self.taken = end;
        Some(joined(number))
    }

    /// Bytes of the numbers that were taken.
    #[inline]
    pub(crate) fn taken(self) -> usize {
        self.taken as usize / 8
    }
}

/// The first two numbers of eight bytes, and how many bytes they take, if both are as short as ids
/// are. Neither waits for the other.
#[inline]
pub(crate) fn two(bytes: [u8; 8]) -> Option<([u64; 2], usize)> {
    let bytes = u64::from_le_bytes(bytes);
    let ends = !bytes & MARKS;
    let later_ends = ends & ends.wrapping_sub(1);
    if later_ends == 0 {
        return None;
    }
    let (first_end, second_end) = (ends.trailing_zeros(), later_ends.trailing_zeros());
    // Whether one is longer than four bytes: then the last bit of its length is that of 32.
    if (first_end | (second_end - first_end - 1)) >= HALF {
        return None;
    }
    let up_to_first = ends ^ (ends - 1);
    let up_to_second = later_ends ^ (later_ends - 1);
    // Each in a half of its own, so that the bits of both are moved together.
    let first = bytes & up_to_first;
    let second = (bytes & (up_to_second ^ up_to_first)) << (HALF - 1 - first_end);
    let both = joined_halves(first | second);
    let numbers = [both & (u64::MAX >> HALF), both >> HALF];
    Some((numbers, second_end as usize / 8 + 1))
}

/// Seven bits of each byte, one after the other.
#[inline]
fn joined(bytes: u64) -> u64 {
    let halves = joined_halves(bytes);
    (halves & 0xfff_ffff) | halves >> HALF << 28
}

/// The same for the lower and the upper four bytes by themselves.
#[inline]
fn joined_halves(bytes: u64) -> u64 {
    let septets = bytes & !MARKS;
    let pairs = (septets & 0x007f_007f_007f_007f) | (septets & 0x7f00_7f00_7f00_7f00) >> 1;
    (pairs & 0x3fff_0000_3fff) | (pairs & 0x3fff_0000_3fff_0000) >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    /// What is taken from bytes of which only so many count.
    fn taken(bytes: &[u8], length: usize) -> (Vec<u64>, usize) {
        let mut padded = bytes.to_vec();
        padded.resize(8, 0x11);
        let mut word = Word::new(*padded.first_chunk().unwrap(), length);
        let numbers = std::iter::from_fn(|| word.next()).collect();
        (numbers, word.taken())
    }

    #[test]
    fn numbers_of_every_length_are_read_whole() {
        for bits in 0..56 {
            for number in [1 << bits, (1 << bits) - 1, 0x0055_5555_5555_5555 >> bits] {
                let bytes = encoded(number);
                assert_eq!(taken(&bytes, bytes.len()), (vec![number], bytes.len()));
            }
        }
    }

    #[test]
    fn several_are_taken_from_one_word() {
        let bytes = [5, 300, 16_384, 0, 7].map(encoded).concat();
        assert_eq!(taken(&bytes, 8), (vec![5, 300, 16_384, 0, 7], 8));
        assert_eq!(taken(&bytes, 5), (vec![5, 300], 3));
    }

    #[test]
    fn two_at_once_are_the_same_as_one_after_the_other() {
        let numbers = [0, 1, 127, 128, 300, 16_384, (1 << 28) - 1, 1 << 28, 1 << 40];
        for first in numbers {
            for second in numbers {
                let mut bytes = [first, second].map(encoded).concat();
                let length = bytes.len();
                bytes.resize(8.max(length), 0xff);
                let short = first.max(second) < 1 << 28;
                let expected = short.then_some(([first, second], length));
                assert_eq!(two(*bytes.first_chunk().unwrap()), expected);
            }
        }
        assert_eq!(two([0xff; 8]), None);
    }

    #[test]
    fn bytes_that_do_not_count_end_no_number() {
        assert_eq!(taken(&[0x80, 0x80, 1], 2), (vec![], 0));
        assert_eq!(taken(&[0x80; 8], 8), (vec![], 0));
        assert_eq!(taken(&[3], 0), (vec![], 0));
    }

    #[test]
    fn a_number_may_be_longer_than_it_needs_to_be() {
        assert_eq!(taken(&[0x88, 0x80, 0x00], 3), (vec![8], 3));
    }
}
