//! Broken copies of good inputs: so many of each, or as many as fit in the time that
//! `cargo xtask fuzz` sets.

use std::time::{Duration, Instant};

/// Set by `cargo xtask fuzz`.
const SECONDS: &str = "NODESLEUTH_FUZZ_SECONDS";

/// A series of pseudo-random numbers (xorshift) for each round: the same ones in each run, unless it
/// is for a time.
pub(crate) fn rounds(usual: u64) -> Box<dyn Iterator<Item = Numbers>> {
    let Ok(seconds) = std::env::var(SECONDS) else {
        return Box::new((1..=usual).map(Numbers::of));
    };
    let end = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let began = u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos());
    let numbers = (1..).map(move |number| Numbers::of(began << 32 | number));
    Box::new(numbers.take_while(move |_| Instant::now() < end))
}

/// Pseudo-random numbers.
pub(crate) struct Numbers(u64);

impl Numbers {
    fn of(number: u64) -> Self {
        let mut numbers = Self(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        // Seeds that are near each other begin alike.
        numbers.next();
        numbers.next();
        numbers
    }

    pub(crate) fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize
    }

    /// A copy with a few bytes changed, mostly to those at which numbers end.
    pub(crate) fn broken(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.next() % 4 {
            let at = self.next() % bytes.len();
            bytes[at] = [0, 1, 0x7f, 0x80, 0xff, self.next() as u8][self.next() % 6];
        }
        bytes
    }
}
