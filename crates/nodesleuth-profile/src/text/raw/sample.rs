//! The lines below `Samples:`: what the values are, then one line for each sample with the ids of
//! its locations from leaf to root, and its labels below it.

use crate::error::ReadError;
use crate::ids::IdIndex;
use crate::open::OpenError;
use crate::text::TextError;
use crate::text::raw::labels::is_labels;
use crate::text::raw::{Raw, WHAT};
use crate::text::section::{Line, Section};

/// Values of the sample with most.
const MOST_VALUES: usize = 1 << 16;

/// Frames of the deepest stack that is read.
const DEEPEST: usize = 4 << 20;

/// One line, taken apart. Kept to be filled again.
#[derive(Debug, Default)]
struct SampleLine {
    values: Vec<i64>,
    ids: Vec<u64>,
}

impl<'t> Raw<'t> {
    pub(super) fn samples(
        &mut self,
        section: Section<'t>,
        locations: &IdIndex,
    ) -> Result<(), OpenError> {
        let mut lines = section.lines().peekable();
        if let Some((_, types)) = lines.next() {
            self.types(types)?;
        }
        let mut sample = SampleLine::default();
        let mut stack = Vec::new();
        while let Some(line) = lines.next() {
            if sample.fill(line.1) {
                self.sample(line, &sample, &mut stack, locations)?;
                continue;
            }
            let is_last = lines.peek().is_none_or(|(_, next)| !is_labels(next));
            if !self.has_samples() || !self.labels(line.1, is_last)? {
                self.ignored.add(line.0, line.1);
            }
        }
        Ok(())
    }

    fn has_samples(&self) -> bool {
        !self.assembly.profile.samples.location_ends.is_empty()
    }

    fn sample(
        &mut self,
        line: Line<'_>,
        sample: &SampleLine,
        stack: &mut Vec<u32>,
        locations: &IdIndex,
    ) -> Result<(), OpenError> {
        let (found, expected) = (
            sample.values.len(),
            self.assembly.header().sample_types.len(),
        );
        if found != expected {
            let problem = format!("has {found} values for {expected} sample types");
            return Err(TextError::line(WHAT, line, problem).into());
        }
        stack.clear();
        for id in &sample.ids {
            let location = locations.find(*id).ok_or_else(|| {
                let problem =
                    format!("refers to location {id}, which does not exist: paste all of the text");
                TextError::line(WHAT, line, problem)
            })?;
            stack.push(location);
        }
        let added = self
            .assembly
            .sample(stack.iter().rev().copied(), &sample.values);
        added.map_err(ReadError::into)
    }
}

impl SampleLine {
    /// Values, a colon, ids. Leaves something half filled if the line is no sample.
    fn fill(&mut self, line: &str) -> bool {
        self.values.clear();
        self.ids.clear();
        let mut bytes = line.as_bytes().trim_ascii();
        while let Some((number, rest)) = integer(bytes)
            && self.values.len() < MOST_VALUES
        {
            self.values.push(number);
            match rest {
                [b':', ids @ ..] => return self.fill_ids(ids),
                rest => bytes = rest.trim_ascii_start(),
            }
        }
        false
    }

    fn fill_ids(&mut self, mut bytes: &[u8]) -> bool {
        loop {
            bytes = match bytes {
                [] => return true,
                [b' ' | b'\t', rest @ ..] => rest.trim_ascii_start(),
                _ => return false,
            };
            let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
            let Some(id) = decimal(&bytes[..digits]) else {
                return false;
            };
            // Nobody's stack is that deep, and this is not stored as tightly as stacks are.
            if self.ids.len() == DEEPEST {
                return false;
            }
            self.ids.push(id);
            bytes = &bytes[digits..];
        }
    }
}

fn integer(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = i128::from(decimal(&bytes[..digits])?);
    let number = if negative { -number } else { number };
    Some((i64::try_from(number).ok()?, &bytes[digits..]))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let mut number = u64::from(digits.first()? - b'0');
    for digit in &digits[1..] {
        number = number
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_from_labels() {
        let mut sample = SampleLine::default();
        assert!(sample.fill("          1   -10000000: 1 18446744073709551615 "));
        assert_eq!(sample.values, [1, -10_000_000]);
        assert_eq!(sample.ids, [1, u64::MAX]);
        assert!(sample.fill(" -9223372036854775808:") && sample.ids.is_empty());
        assert_eq!(sample.values, [i64::MIN]);
        for line in [
            "                k:[v]",
            "                12:[x]",
            "",
            "1 2 3",
            "1: x",
            "9223372036854775808: 1",
            "1: 18446744073709551616",
        ] {
            assert!(!sample.fill(line), "{line}");
        }
    }
}
