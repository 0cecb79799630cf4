//! The entry points of the fuzz targets, fed with broken copies of real input: nothing panics,
//! nothing takes long, and what is accepted can be used.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use nodesleuth_profile::{Limits, NormalNames, encode, fold, read, read_folded, top};

const ROUNDS: u64 = 3000;

/// xorshift64*, so that each run is the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    /// Flips, overwrites, inserts, removes, repeats or cuts.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let length = self.below(16).min(bytes.len() - at);
        match self.below(6) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = [0, 0x7f, 0x80, 0xff, b';', b'\n'][self.below(6)],
            2 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
            3 => drop(bytes.drain(at..at + length)),
            4 => {
                let piece = bytes[at..at + length].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

fn small_limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_inflated_bytes = 1 << 20;
    limits.max_frames = 1 << 20;
    limits
}

fn use_profile(bytes: &[u8]) -> bool {
    let Ok(profile) = read(bytes, &small_limits()) else {
        return false;
    };
    assert_eq!(
        read(&encode(&profile), &Limits::default()).unwrap(),
        profile
    );
    for index in 0..profile.sample_types().len() {
        let _ = (
            fold(&profile, index).to_string(),
            top(&profile, index),
            profile.total(index),
        );
    }
    let _ = NormalNames::of(&profile);
    true
}

fn use_folded(bytes: &[u8]) -> bool {
    let Ok(read) = read_folded(bytes) else {
        return false;
    };
    let text = read.folded.to_string();
    assert_eq!(read_folded(text.as_bytes()).unwrap().folded, read.folded);
    true
}

/// How many mutations were still accepted.
fn smoke(seed: &[u8], check: impl Fn(&[u8]) -> bool) -> u64 {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    for _ in 0..ROUNDS {
        let mut bytes = seed.to_vec();
        for _ in 0..=random.below(4) {
            random.mutate(&mut bytes);
        }
        accepted += u64::from(check(&bytes));
    }
    accepted
}

#[test]
fn broken_profiles_do_no_harm() {
    let mut whole = Vec::new();
    let gz = &include_bytes!("data/cadvisor-k415-cpu.pb.gz")[..];
    MultiGzDecoder::new(gz).read_to_end(&mut whole).unwrap();
    let accepted = smoke(&whole, use_profile);
    assert!((1..ROUNDS).contains(&accepted), "{accepted} of {ROUNDS}");
    assert!(smoke(gz, use_profile) < ROUNDS / 10);
}

#[test]
fn broken_folded_text_does_no_harm() {
    let text = "runtime.main;main.main;os.ReadFile 12\nruntime.main;main.main 3\n[x] -4\n";
    assert!(smoke(text.as_bytes(), use_folded) > ROUNDS / 2);
}
