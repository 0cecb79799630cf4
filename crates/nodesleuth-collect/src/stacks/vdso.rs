//! The code that the kernel maps into every process. It is in no file: it is read from our own
//! memory, which holds the same image as every other process of our word size.

use nodesleuth_parse::RangedRead;
use nodesleuth_parse::proc::maps::{self, Mapping};
use nodesleuth_parse::symbolize::Binary;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

/// Name of its mapping.
pub(super) const VDSO: &str = "[vdso]";
/// Processes of 32 bits have another one, below.
const FOUR_GIB: u64 = 1 << 32;
/// It has two pages or three.
const LARGEST: u64 = 1 << 20;

struct Memory(Vec<u8>);

impl RangedRead for Memory {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.as_slice().read_at(offset, buffer)
    }
}

/// Our own vdso.
#[derive(Debug)]
pub(super) struct Vdso {
    size: u64,
    binary: Binary<'static>,
}

impl Vdso {
    /// `None` if this machine has none, or it cannot be read.
    pub(super) fn of_ours() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/maps").ok()?;
        let ours = |mapping: &Mapping| mapping.path == VDSO && mapping.executable;
        let mapping = maps::parse(&text).ok()?.into_iter().find(ours)?;
        let size = mapping.end - mapping.start;
        let fits = mapping.start >= FOUR_GIB && size <= LARGEST;
        let mut bytes = vec![0; usize::try_from(size).ok().filter(|_| fits)?];
        let memory = File::open("/proc/self/mem").ok()?;
        memory.read_exact_at(&mut bytes, mapping.start).ok()?;
        let binary = Binary::open(Box::new(Memory(bytes))).ok()?;
        Some(Self { size, binary })
    }

    /// Its symbols, if a process's mapping can be the same image.
    pub(super) fn binary_for(&self, mapping: &Mapping) -> Option<&Binary<'static>> {
        let same = mapping.start >= FOUR_GIB && mapping.end - mapping.start == self.size;
        (same && mapping.path == VDSO).then_some(&self.binary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_has_the_clock_in_it() {
        let Some(vdso) = Vdso::of_ours() else {
            panic!("this machine has no vdso");
        };
        let name = |address| {
            let frames = vdso.binary.frames(address, VDSO)?;
            frames.into_iter().next().map(|frame| frame.function)
        };
        let clock = |address| name(address).is_some_and(|name| name.contains("clock_gettime"));
        assert!((0..vdso.size).any(clock));
    }
}
