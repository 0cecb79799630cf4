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
        Self {
            stream: bytes.stream(offset),
            quantum,
            last: Run { end: 0, value: -1 },
            steps: 0,
        }
    }

    /// The value at a distance from the function's entry; `None` where no range has it.
    pub(super) fn at(mut self, distance: u64) -> Option<i32> {
        self.find(|run| distance < run.end).map(|run| run.value)
    }
}

impl Iterator for Runs<'_> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        let change = self.stream.varint()?;
        if (change == 0 && self.steps > 0) || self.steps == MOST_STEPS {
            return None;
        }
        self.steps += 1;
        // the lowest bit is the sign
        let change = (change >> 1).cast_signed() ^ -(change & 1).cast_signed();
        let length = u64::from(self.stream.varint()?) * self.quantum;
        self.last = Run {
            end: self.last.end.checked_add(length)?,
            value: self.last.value.wrapping_add(change),
        };
        Some(self.last)
    }
}
