//! The fuzz targets, fed with broken copies of their seeds on the stable toolchain: nothing panics,
//! nothing takes long, and what is accepted can be used. `cargo xtask fuzz` runs it for longer and
//! chooses tests by `broken_TARGET`.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

#[path = "fuzz/targets.rs"]
mod targets;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::bufread::MultiGzDecoder;

/// How many broken copies of each seed are tried.
const ROUNDS: u64 = 400;

/// Sets how many seconds a target runs for instead.
const SECONDS: &str = "NODESLEUTH_FUZZ_SECONDS";

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
            1 => bytes[at] = b"\x00\x7f\x80\xff;\n :/[]()@0 1\t"[self.below(17)],
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

    /// Puts a piece of one seed somewhere.
    fn splice(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let other = &seeds[self.below(seeds.len())];
        let from = self.below(other.len());
        let length = self.below(64).min(other.len() - from);
        let at = self.below(bytes.len());
        bytes.splice(at..at, other[from..from + length].iter().copied());
    }
}

/// All files of a target's corpus.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty(), "{}", folder.display());
    seeds
}

/// Tries broken copies of seeds: some of each, or as many as fit into the time that is set. Whole
/// ones must be accepted.
fn fuzz(target: &str, seeds: &[Vec<u8>], check: fn(&[u8]) -> bool) {
    for seed in seeds {
        assert!(check(seed), "{}", String::from_utf8_lossy(seed));
    }
    let seconds = std::env::var(SECONDS)
        .ok()
        .map(|text| text.parse().unwrap());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut random = Random(match end {
        None => 0x9e37_79b9_7f4a_7c15,
        Some(_) => time_seed(),
    });
    let (mut tried, mut accepted) = (0, 0);
    loop {
        let more = match end {
            None => tried < ROUNDS * seeds.len() as u64,
            Some(end) => Instant::now() < end,
        };
        if !more {
            break;
        }
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(6) {
            random.mutate(&mut bytes);
            if random.below(8) == 0 {
                random.splice(&mut bytes, seeds);
            }
        }
        let outcome = std::panic::catch_unwind(|| check(&bytes));
        match outcome {
            Ok(good) => accepted += u64::from(good),
            Err(panic) => {
                let path = std::env::temp_dir().join(format!("nodesleuth-fuzz-{target}.bin"));
                fs::write(&path, &bytes).unwrap();
                eprintln!("{target}: the input is in {}", path.display());
                std::panic::resume_unwind(panic);
            }
        }
        tried += 1;
    }
    eprintln!("{target}: {tried} inputs, {accepted} accepted");
    assert!(accepted > 0 && accepted < tried, "{accepted} of {tried}");
}

fn time_seed() -> u64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    u64::from(now.subsec_nanos()) << 20 | now.as_secs() | 1
}

#[test]
fn broken_pprof_does_no_harm() {
    fuzz("pprof", &seeds("pprof"), targets::pprof);
}

#[test]
fn broken_pprof_of_real_size_does_no_harm() {
    let gz = &include_bytes!("data/cadvisor-k415-cpu.pb.gz")[..];
    let mut whole = Vec::new();
    MultiGzDecoder::new(gz).read_to_end(&mut whole).unwrap();
    fuzz("pprof-large", &[whole], targets::pprof);
}

#[test]
fn broken_folded_does_no_harm() {
    fuzz("folded", &seeds("folded"), targets::folded);
}

#[test]
fn broken_raw_does_no_harm() {
    fuzz("raw", &seeds("raw"), targets::stacks);
}

#[test]
fn broken_traces_does_no_harm() {
    fuzz("traces", &seeds("traces"), targets::stacks);
}

#[test]
fn broken_legacy_does_no_harm() {
    fuzz("legacy", &seeds("legacy"), targets::stacks);
}

#[test]
fn broken_perf_script_does_no_harm() {
    fuzz("perf_script", &seeds("perf_script"), targets::stacks);
}

#[test]
fn broken_goroutines_does_no_harm() {
    fuzz("goroutines", &seeds("goroutines"), targets::stacks);
}
