//! Protobuf's wire format, read in place: fields with their byte offsets.
//! What the fields mean is left to `index` and `decode`.

use crate::error::{ReadError, WireProblem};
use crate::varint::{self, Word};

/// How many numbers of a repeated field are read before they are used.
const AT_A_TIME: usize = 64;

/// A piece of the data; all offsets count from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn of(self, data: &[u8]) -> &[u8] {
        &data[self.start..self.end]
    }
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) number: u64,
    pub(crate) offset: usize,
    value: Value,
}

#[derive(Debug, Clone, Copy)]
enum Value {
    Varint(u64),
    Fixed64,
    Bytes(Span),
    Fixed32,
}

impl Value {
    fn wire_type(self) -> &'static str {
        match self {
            Self::Varint(_) => "0 (varint)",
            Self::Fixed64 => "1 (64-bit)",
            Self::Bytes(_) => "2 (length-delimited)",
            Self::Fixed32 => "5 (32-bit)",
        }
    }
}

impl Field {
    /// The field as a number; `name` is `Message.field`, for the error.
    pub(crate) fn number(self, name: &'static str) -> Result<u64, ReadError> {
        match self.value {
            Value::Varint(number) => Ok(number),
            _ => Err(self.mismatch(name, "0 (varint)")),
        }
    }

    pub(crate) fn signed(self, name: &'static str) -> Result<i64, ReadError> {
        self.number(name).map(u64::cast_signed)
    }

    /// The field as a string or message.
    pub(crate) fn span(self, name: &'static str) -> Result<Span, ReadError> {
        match self.value {
            Value::Bytes(span) => Ok(span),
            _ => Err(self.mismatch(name, "2 (length-delimited)")),
        }
    }

    /// The numbers of a repeated field, packed or not, some at a time.
    #[inline]
    pub(crate) fn numbers(
        self,
        name: &'static str,
        data: &[u8],
        mut each: impl FnMut(&[u64]) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let Value::Bytes(span) = self.value else {
            return each(&[self.number(name)?]);
        };
        let mut fields = Fields::within(data, span);
        let mut some = [0; AT_A_TIME];
        while fields.position < fields.end {
            let count = fields.varints(&mut some)?;
            each(&some[..count])?;
        }
        Ok(())
    }

    fn mismatch(self, field: &'static str, expected: &'static str) -> ReadError {
        let found = self.value.wire_type();
        ReadError::WireType {
            offset: self.offset,
            field,
            found,
            expected,
        }
    }
}

/// Steps through the fields of one message.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    data: &'a [u8],
    position: usize,
    end: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn within(data: &'a [u8], span: Span) -> Self {
        Self {
            data,
            position: span.start,
            end: span.end,
        }
    }

    pub(crate) fn all(data: &'a [u8]) -> Self {
        Self::from(data, 0)
    }

    /// What is left of a message that is all of the data.
    pub(crate) fn from(data: &'a [u8], start: usize) -> Self {
        let end = data.len();
        Self::within(data, Span { start, end })
    }

    /// Where the next field begins.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The next field, or `None` at the end of the message.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Field>, ReadError> {
        if self.position == self.end {
            return Ok(None);
        }
        let offset = self.position;
        let tag = self.varint()?;
        let value = match (tag & 7) as u8 {
            0 => Value::Varint(self.varint()?),
            1 => {
                self.take(8, offset)?;
                Value::Fixed64
            }
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length, offset)?)
            }
            5 => {
                self.take(4, offset)?;
                Value::Fixed32
            }
            other => return Err(wire(offset, WireProblem::UnknownType(other))),
        };
        Ok(Some(Field {
            number: tag >> 3,
            offset,
            value,
        }))
    }

    fn take(&mut self, length: u64, offset: usize) -> Result<Span, ReadError> {
        let left = self.end - self.position;
        match usize::try_from(length) {
            Ok(length) if length <= left => {
                let start = self.position;
                self.position += length;
                Ok(Span {
                    start,
                    end: self.position,
                })
            }
            _ => Err(wire(offset, WireProblem::PastEnd { length, left })),
        }
    }

    /// As Go reads it: at most ten bytes, bits past the 64th are dropped.
    #[inline(always)]
    fn varint(&mut self) -> Result<u64, ReadError> {
        // Most tags and lengths are one byte, which a processor can guess.
        match self.data[self.position..self.end].first() {
            Some(number @ ..0x80) => {
                self.position += 1;
                Ok((*number).into())
            }
            _ => self.longer_varint(),
        }
    }

    fn longer_varint(&mut self) -> Result<u64, ReadError> {
        let short = self.word().and_then(|mut word| {
            let number = word.next()?;
            Some((number, word.taken()))
        });
        match short {
            Some((number, length)) => {
                self.position += length;
                Ok(number)
            }
            None => self.long_varint(),
        }
    }

    /// As many numbers as there are and fit; how many that was.
    #[inline]
    fn varints(&mut self, into: &mut [u64; AT_A_TIME]) -> Result<usize, ReadError> {
        let message = &self.data[..self.end];
        let mut count = 0;
        while let Some(pair) = into.get_mut(count..count + 2) {
            match message[self.position..].first_chunk() {
                Some(bytes) if let Some((numbers, length)) = varint::two(*bytes) => {
                    pair.copy_from_slice(&numbers);
                    self.position += length;
                    count += 2;
                }
                _ if self.position == self.end => break,
                _ => {
                    pair[0] = self.varint()?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    /// The next bytes, those after the message too, but they do not count.
    #[inline]
    fn word(&self) -> Option<Word> {
        let bytes = self.data[self.position..].first_chunk()?;
        Some(Word::new(*bytes, self.end - self.position))
    }

    fn long_varint(&mut self) -> Result<u64, ReadError> {
        let start = self.position;
        let mut number = 0;
        for (index, byte) in self.data[start..self.end].iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.position = start + index + 1;
                return Ok(number);
            }
        }
        let problem = match self.end - start {
            ..10 => WireProblem::VarintCut,
            _ => WireProblem::VarintTooLong,
        };
        Err(wire(start, problem))
    }
}

fn wire(offset: usize, problem: WireProblem) -> ReadError {
    ReadError::Wire { offset, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(data: &[u8]) -> Result<Option<Field>, ReadError> {
        Fields::all(data).next()
    }

    fn problem(data: &[u8]) -> (usize, WireProblem) {
        match first(data).unwrap_err() {
            ReadError::Wire { offset, problem } => (offset, problem),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn numbers_use_all_ten_bytes() {
        let largest = [&[0x08][..], &[0xff; 9], &[0x01]].concat();
        assert_eq!(first(&largest).unwrap().unwrap().number("x"), Ok(u64::MAX));
        assert_eq!(first(&largest).unwrap().unwrap().signed("x"), Ok(-1));
    }

    #[test]
    fn an_overlong_tag_is_the_same_tag() {
        let field = first(&[0x88, 0x80, 0x00, 0x05]).unwrap().unwrap();
        assert_eq!((field.number, field.number("x")), (1, Ok(5)));
    }

    #[test]
    fn eleven_bytes_are_too_many() {
        let data = [&[0x08][..], &[0x80; 10], &[0x01]].concat();
        assert_eq!(problem(&data), (1, WireProblem::VarintTooLong));
    }

    #[test]
    fn the_end_inside_a_number_is_found() {
        assert_eq!(problem(&[0x08, 0x80]), (1, WireProblem::VarintCut));
        assert_eq!(problem(&[0x08]), (1, WireProblem::VarintCut));
    }

    #[test]
    fn a_length_past_the_end_says_by_how_much() {
        let past = WireProblem::PastEnd { length: 9, left: 2 };
        assert_eq!(problem(&[0x0a, 9, 1, 2]), (0, past));
        let cut = WireProblem::PastEnd { length: 8, left: 1 };
        assert_eq!(problem(&[0x09, 1]), (0, cut));
    }

    #[test]
    fn groups_and_unassigned_types_are_errors() {
        for wire_type in [3, 4, 6, 7] {
            assert_eq!(
                problem(&[8 | wire_type, 0]),
                (0, WireProblem::UnknownType(wire_type))
            );
        }
    }

    #[test]
    fn packed_and_single_numbers_are_the_same() {
        let data = [0x08, 1, 0x0a, 2, 2, 3];
        let mut fields = Fields::all(&data);
        let mut found = Vec::new();
        while let Some(field) = fields.next().unwrap() {
            let keep = |n: &[u64]| {
                found.extend_from_slice(n);
                Ok(())
            };
            field.numbers("x", &data, keep).unwrap();
        }
        assert_eq!(found, [1, 2, 3]);
    }

    #[test]
    fn another_wire_type_is_named() {
        let error = first(&[0x0a, 0])
            .unwrap()
            .unwrap()
            .number("Sample.value")
            .unwrap_err();
        let text = "field Sample.value at byte 0 has wire type 2 (length-delimited), \
                    expected 0 (varint)";
        assert_eq!(error.to_string(), text);
    }
}
