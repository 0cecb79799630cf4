//! The binary CPU profiles of gperftools, of Go before 1.9 and of Java: words of 32 or 64 bits.
//!
//! After five words of header come the samples (count, depth, addresses from leaf to root), a
//! mark, and text: the memory map, or Java's functions.

use std::collections::HashMap;

use crate::limits::Limits;
use crate::open::OpenError;
use crate::text::legacy::java;
use crate::text::legacy::memory_map::MemoryMap;
use crate::text::legacy::stacks::Stacks;
use crate::text::section::Section;
use crate::text::{TextError, Understood, source};

const WHAT: &str = "the binary CPU profile";

/// How a word is written.
#[derive(Debug, Clone, Copy)]
enum Word {
    Little32,
    Big32,
    Little64,
    Big64,
}

impl Word {
    const ALL: [Self; 4] = [Self::Little32, Self::Big32, Self::Little64, Self::Big64];

    fn take(self, bytes: &mut &[u8]) -> Option<u64> {
        fn chunk<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
            let (chunk, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            Some(*chunk)
        }
        Some(match self {
            Self::Little32 => u32::from_le_bytes(chunk(bytes)?).into(),
            Self::Big32 => u32::from_be_bytes(chunk(bytes)?).into(),
            Self::Little64 => u64::from_le_bytes(chunk(bytes)?),
            Self::Big64 => u64::from_be_bytes(chunk(bytes)?),
        })
    }
}

struct Header {
    word: Word,
    period_micros: i64,
    is_java: bool,
}

impl Header {
    /// Zero, three, the kind, the period, and zero again.
    fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        Word::ALL.into_iter().find_map(|word| {
            let mut rest = bytes;
            let mut words = [0; 5];
            for slot in &mut words {
                *slot = word.take(&mut rest)?;
            }
            let [0, 3, kind, period, 0] = words else {
                return None;
            };
            if kind > 1 || period == 0 {
                return None;
            }
            let header = Self {
                word,
                period_micros: i64::try_from(period).ok()?,
                is_java: kind == 1,
            };
            Some((header, rest))
        })
    }
}

/// `None` if it is something else.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Option<Result<Understood, OpenError>> {
    let (header, samples) = Header::parse(bytes)?;
    Some(read_samples(&header, samples, limits))
}

/// Samples one after the other.
struct Samples<'b> {
    word: Word,
    rest: &'b [u8],
    length: usize,
}

impl<'b> Samples<'b> {
    fn new(word: Word, bytes: &'b [u8]) -> Self {
        Self {
            word,
            rest: bytes,
            length: bytes.len(),
        }
    }

    /// The count and the addresses of the next one, put into `stack`.
    fn next(&mut self, stack: &mut Vec<u64>) -> Result<Option<u64>, TextError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let at = self.length - self.rest.len();
        let cut = || {
            let problem = format!("is cut off in the sample {at} bytes behind its header");
            TextError::whole(WHAT, problem)
        };
        let count = self.word.take(&mut self.rest).ok_or_else(cut)?;
        let depth = self.word.take(&mut self.rest).ok_or_else(cut)?;
        if depth > self.rest.len() as u64 / 4 {
            return Err(cut());
        }
        stack.clear();
        for _ in 0..depth {
            stack.push(self.word.take(&mut self.rest).ok_or_else(cut)?);
        }
        let is_end = count == 0 && stack.as_slice() == [0];
        Ok((!is_end).then_some(count))
    }
}

fn read_samples(header: &Header, bytes: &[u8], limits: &Limits) -> Result<Understood, OpenError> {
    // Once to find the text behind the samples, which the functions are borrowed from.
    let mut stack = Vec::new();
    let mut samples = Samples::new(header.word, bytes);
    while samples.next(&mut stack)?.is_some() {}
    let text = source::lossy(samples.rest);
    let period = header.period_micros.wrapping_mul(1000);
    let mut stacks = Stacks::new(limits);
    let mut samples = Samples::new(header.word, bytes);
    while let Some(count) = samples.next(&mut stack)? {
        let count = count.cast_signed();
        let values = [count, count.wrapping_mul(period)];
        let addresses = stack.iter().copied();
        match header.is_java {
            true => stacks.add(addresses, &values)?,
            false => stacks.add_interrupted(addresses, &values)?,
        }
    }
    stacks.assembly.sample_type("samples", "count")?;
    stacks.assembly.sample_type("cpu", "nanoseconds")?;
    stacks.assembly.header().period_type = stacks.assembly.value_type("cpu", "nanoseconds");
    stacks.assembly.header().period = period;
    let lines = Section::whole(&text).lines();
    if header.is_java {
        java::functions(lines, &mut stacks.symbols, limits)?;
        return stacks.finish(MemoryMap::default());
    }
    remove_handler_frames(&mut stacks);
    // The handler may have added the leaf a second time, moved by one.
    stacks.remove_second(|leaf, second| leaf == second.wrapping_add(1));
    stacks.finish(MemoryMap::read("--- Memory map: ---", lines, limits)?)
}

/// Up to twice: a frame above the leaf that nearly all samples share is that of the signal
/// handler.
fn remove_handler_frames(stacks: &mut Stacks<'_>) {
    let samples = stacks.len();
    for _ in 0..2 {
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for sample in 0..samples {
            if let Some(second) = stacks.stack(sample).nth(1) {
                *counts.entry(second).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        let Some((frame, _)) = most.filter(|(_, count)| *count >= samples - samples / 32) else {
            return;
        };
        stacks.remove_second(|_, second| second == frame);
    }
}
