//! Value tables: a number for each range of a function's code (a file, a line, an inlined call).
//!
//! Pairs of a value's change and the length of code that has it, until a change of zero.

use super::bytes::{Bytes, Stream};

/// A function of a hundred thousand instructions has less.
const MOST_STEPS: u32 = 1 << 17;

/// One range of a function's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where it ends, counted from the function's entry.
    pub(super) end: u64,
    pub(super) value: i32,
}

/// A place in a table: how far it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Offset of what comes next.
    offset: u64,
    last: Run,
    steps: u32,
}

impl Place {
    /// Where a table begins.
    pub(super) fn start(offset: u64) -> Self {
        Self {
            offset,
            last: Run { end: 0, value: -1 },
            steps: 0,
        }
    }

    /// Where the last range ends that was read.
    pub(super) fn end(&self) -> u64 {
        self.last.end
    }

    /// Ranges that lie between an earlier place and this.
    pub(super) fn steps_since(&self, earlier: Self) -> u32 {
        self.steps.saturating_sub(earlier.steps)
    }
}

/// The ranges of a table in ascending order.
pub(super) struct Runs<'b> {
    stream: Stream<'b>,
    quantum: u64,
    last: Run,
    steps: u32,
}

impl<'b> Runs<'b> {
    /// The table at an offset of the whole table.
    pub(super) fn new(bytes: Bytes<'b>, offset: u64, quantum: u64) -> Self {
        Self::from(bytes, Place::start(offset), quantum)
    }

    /// The ranges that follow a place.
    pub(super) fn from(bytes: Bytes<'b>, place: Place, quantum: u64) -> Self {
        Self {
            stream: bytes.stream(place.offset),
            quantum,
            last: place.last,
            steps: place.steps,
        }
    }

    /// The value at a distance from the function's entry; `None` where no range has it. Tells places
    /// that it comes by.
    pub(super) fn at(mut self, distance: u64, mut passed: impl FnMut(Place)) -> Option<i32> {
        loop {
            if self.skip_short(distance) {
                return Some(self.last.value);
            }
            passed(Place {
                offset: self.stream.offset(),
                last: self.last,
                steps: self.steps,
            });
            let run = self.next()?;
            if distance < run.end {
                return Some(run.value);
            }
        }
    }

    /// Goes over ranges whose numbers have one or two bytes each, as nearly all have, until one holds
    /// the distance: naming an address of a large function goes over thousands. Stops before
    /// anything else.
    fn skip_short(&mut self, distance: u64) -> bool {
        let Run { mut end, mut value } = self.last;
        let mut rest = self.stream.buffered();
        let before = rest.len();
        let mut found = false;
        while let Some((change, length, behind)) = short_pair(rest) {
            rest = behind;
            self.steps += 1;
            value = value.wrapping_add(signed(change));
            end += u64::from(length) * self.quantum;
            found = distance < end;
            if found {
                break;
            }
        }
        let taken = before - rest.len();
        self.stream.advance(taken);
        self.last = Run { end, value };
        found
    }
}

/// A change, a length, and what follows; `None` where one is longer than two bytes or cut, and where
/// nothing changes: that is the end of the table, or its first range.
#[inline]
fn short_pair(bytes: &[u8]) -> Option<(u32, u32, &[u8])> {
    let (change, bytes) = short(bytes).filter(|(change, _)| *change != 0)?;
    let (length, bytes) = short(bytes)?;
    Some((change, length, bytes))
}

#[inline]
fn short(bytes: &[u8]) -> Option<(u32, &[u8])> {
    match bytes {
        [one, rest @ ..] if one & 0x80 == 0 => Some((u32::from(*one), rest)),
        [low, high, rest @ ..] if high & 0x80 == 0 => {
            Some((u32::from(low & 0x7f) | u32::from(*high) << 7, rest))
        }
        _ => None,
    }
}

/// The lowest bit is the sign.
fn signed(change: u32) -> i32 {
    (change >> 1).cast_signed() ^ -(change & 1).cast_signed()
}

impl Iterator for Runs<'_> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        let change = self.stream.varint()?;
        if (change == 0 && self.steps > 0) || self.steps >= MOST_STEPS {
            return None;
        }
        self.steps += 1;
        let length = u64::from(self.stream.varint()?) * self.quantum;
        self.last = Run {
            end: self.last.end.checked_add(length)?,
            value: self.last.value.wrapping_add(signed(change)),
        };
        Some(self.last)
    }
}
