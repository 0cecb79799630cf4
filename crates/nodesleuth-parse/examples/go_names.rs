//! How long naming addresses of a Go binary takes, and whether a second build of it (unstripped, say)
//! has the same names: `go_names BINARY [OTHER]`. `cargo xtask bench names` runs it.

#![expect(clippy::print_stdout, reason = "an example prints its result")]

use nodesleuth_parse::RangedRead;
use nodesleuth_parse::symbolize::{Binary, Frame};
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// Every how many bytes an address is looked up.
const STRIDE: u64 = 61;
/// As far as code of one binary reaches.
const MOST_CODE: u64 = 256 << 20;
const OPENINGS: usize = 21;
const LOOKUPS: usize = 200_000;
const PASSES: usize = 5;

struct OnDisk(File);

impl RangedRead for OnDisk {
    fn size(&self) -> u64 {
        self.0.metadata().map_or(0, |metadata| metadata.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(&self.0, buffer, offset)
    }
}

fn open(path: &str) -> Result<Binary<'static>, Box<dyn Error>> {
    Ok(Binary::open(Box::new(OnDisk(File::open(path)?)))?)
}

fn names(binary: &Binary<'_>, address: u64) -> Option<Vec<Frame>> {
    binary.frames(address, "m")
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = env::args().skip(1);
    let path = paths.next().ok_or("which binary?")?;
    let mut openings = Vec::new();
    for _ in 0..OPENINGS {
        let began = Instant::now();
        open(&path)?;
        openings.push(began.elapsed());
    }
    openings.sort_unstable();
    println!("open_ms {:.3}", openings[OPENINGS / 2].as_secs_f64() * 1e3);

    let binary = open(&path)?;
    println!("functions {}", binary.go_functions().unwrap_or(0));
    // Code begins somewhere in the first hundreds of megabytes.
    let all = (0..MOST_CODE).step_by(STRIDE as usize);
    let known: Vec<u64> = all
        .filter(|address| names(&binary, *address).is_some())
        .collect();
    println!("addresses {}", known.len());
    let passes: Result<Vec<_>, _> = (0..PASSES).map(|_| lookups(&path, &known)).collect();
    let mut passes = passes?;
    passes.sort_unstable();
    println!("lookup_us {:.3}", passes[PASSES / 2].as_secs_f64() * 1e6);
    if let Some(other) = paths.next() {
        let other = open(&other)?;
        let differs = |address: &&u64| names(&binary, **address) != names(&other, **address);
        println!("different {}", known.iter().filter(differs).count());
    }
    Ok(())
}

/// CPU time of this thread to a tick of the scheduler (4 ms), for what takes much longer: other
/// programs do not prolong it as they do the time that passes.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = text.split_whitespace().next().ok_or("no schedstat")?;
    Ok(Duration::from_nanos(first.parse()?))
}

/// The mean of many lookups here and there, beginning with nothing in memory.
fn lookups(path: &str, known: &[u64]) -> Result<Duration, Box<dyn Error>> {
    let binary = open(path)?;
    let mut state = 7_u64;
    let mut pick = || {
        // xorshift64, so that each run is the same.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        known[(state % known.len().max(1) as u64) as usize]
    };
    let began = cpu_time()?;
    for _ in 0..LOOKUPS {
        std::hint::black_box(names(&binary, pick()));
    }
    Ok((cpu_time()? - began) / LOOKUPS as u32)
}
