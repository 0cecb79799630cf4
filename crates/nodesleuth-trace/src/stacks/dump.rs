//! Records from memory that is no ring: what tests and the fuzz target feed.

use super::records::{self, PerfRecord};
use super::{bpf, rings};

const HEADER: usize = 8;

/// Takes bytes for records one after another, as a ring holds them, and says how many were
/// understood. Captures read rings; this is for tests.
#[doc(hidden)]
pub fn understood(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() {
        let [k0, k1, k2, k3, m0, m1, s0, s1] = *header;
        let size = usize::from(u16::from_ne_bytes([s0, s1]));
        let Some((body, rest)) = size
            .checked_sub(HEADER)
            .and_then(|size| rest.split_at_checked(size))
        else {
            break;
        };
        let (kind, misc) = (
            u32::from_ne_bytes([k0, k1, k2, k3]),
            u16::from_ne_bytes([m0, m1]),
        );
        count += usize::from(is_understood(kind, misc, body));
        bytes = rest;
    }
    count
}

/// A sample is of one engine or the other.
fn is_understood(kind: u32, misc: u16, body: &[u8]) -> bool {
    let Some(told) = records::parse(kind, misc, body) else {
        return false;
    };
    match told.record {
        PerfRecord::Sample { rest, .. } => rings::understands(rest) | bpf::understands(rest),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// xorshift64*, so that each run is the same; for a time it only goes on for longer.
    fn next(state: &mut u64) -> usize {
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize
    }

    fn recorded() -> Vec<u8> {
        let records = crate::stacks::records_tests::RECORDED;
        records
            .iter()
            .flat_map(|hex| super::super::records_tests::bytes(hex))
            .collect()
    }

    #[test]
    fn all_that_was_recorded_is_understood() {
        let expected = crate::stacks::records_tests::RECORDED.len();
        assert_eq!(understood(&recorded()), expected);
    }

    #[test]
    fn broken_perf_records_does_no_harm() {
        let whole = recorded();
        let seconds = std::env::var("NODESLEUTH_FUZZ_SECONDS").ok();
        let length = seconds.map(|text| Duration::from_secs(text.parse().unwrap()));
        let (mut state, began) = (7, Instant::now());
        let more = |tried: u32| match length {
            None => tried < 20_000,
            Some(length) => began.elapsed() < length,
        };
        for _ in (0..).take_while(|tried| more(*tried)) {
            let mut bytes = whole.clone();
            for _ in 0..=next(&mut state) % 4 {
                let at = next(&mut state) % bytes.len();
                match next(&mut state) % 4 {
                    0 => bytes[at] ^= 1 << (next(&mut state) % 8),
                    1 => bytes[at] = [0, 0xff, 0x7f, 0x80][next(&mut state) % 4],
                    2 => bytes.truncate(at.max(1)),
                    _ => drop(bytes.drain(at..(at + 9).min(bytes.len()))),
                }
                if bytes.is_empty() {
                    bytes.push(0);
                }
            }
            assert!(understood(&bytes) <= bytes.len() / HEADER);
        }
    }
}
