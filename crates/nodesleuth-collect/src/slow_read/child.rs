//! The child's side: reads one file to its end, times it, and says so in one line.
//!
//! The line is `bytes wall_ns cpu_ns repeats first_cpu_ns`, or `error` and what the system said.

use crate::cpu_time;
use nodesleuth_model::{Bytes, Nanos};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A read longer than this is not repeated: nobody pays twice for a slow file.
const REPEAT_ONLY_UNDER: Nanos = Nanos(20_000_000);
/// Kernel files hand out at most a page or a few at a time; one large buffer saves calls on the
/// files that can do more.
const BUFFER_BYTES: usize = 64 << 10;
/// The word that begins the line when the file could not be read.
const ERROR: &str = "error ";

/// What a child measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) bytes: Bytes,
    pub(super) wall: Nanos,
    pub(super) cpu: Nanos,
    pub(super) repeats: u32,
    pub(super) first_cpu: Nanos,
}

/// Reads `path` up to `repeats` times and returns the line for standard output: what the binary's
/// hidden command `__read-file PATH REPEATS` prints. The fastest read counts.
#[must_use]
pub fn read_file_child(path: &Path, repeats: u32) -> String {
    match fastest_of(path, repeats) {
        Ok(Measured {
            bytes,
            wall,
            cpu,
            repeats,
            first_cpu,
        }) => {
            format!("{} {} {} {repeats} {}", bytes.0, wall.0, cpu.0, first_cpu.0)
        }
        Err(error) => format!("{ERROR}{error}"),
    }
}

fn fastest_of(path: &Path, repeats: u32) -> io::Result<Measured> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut fastest = read_once(path, &mut buffer)?;
    let first_cpu = fastest.cpu;
    let mut done = 1;
    while done < repeats && fastest.wall <= REPEAT_ONLY_UNDER {
        let again = read_once(path, &mut buffer)?;
        done += 1;
        if again.wall < fastest.wall {
            fastest = again;
        }
    }
    Ok(Measured {
        repeats: done,
        first_cpu,
        ..fastest
    })
}

fn read_once(path: &Path, buffer: &mut [u8]) -> io::Result<Measured> {
    let (wall, cpu) = (cpu_time::monotonic(), cpu_time::of_this_thread());
    let mut file = File::open(path)?;
    let mut bytes = 0;
    loop {
        match file.read(buffer)? {
            0 => break,
            got => bytes += got as u64,
        }
    }
    let cpu = Nanos(cpu_time::of_this_thread().0 - cpu.0);
    Ok(Measured {
        bytes: Bytes(bytes),
        wall: Nanos(cpu_time::monotonic().0 - wall.0),
        cpu,
        repeats: 1,
        first_cpu: cpu,
    })
}

/// Understands a child's line; `Err` is the reason why there is no measurement.
pub(super) fn parse_line(line: &str) -> Result<Measured, String> {
    let line = line.trim();
    if let Some(error) = line.strip_prefix(ERROR) {
        return Err(error.to_owned());
    }
    let numbers: Option<Vec<u64>> = line.split(' ').map(|word| word.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[bytes, wall, cpu, repeats, first_cpu]) => Ok(Measured {
            bytes: Bytes(bytes),
            wall: Nanos(wall),
            cpu: Nanos(cpu),
            repeats: u32::try_from(repeats).unwrap_or(u32::MAX),
            first_cpu: Nanos(first_cpu),
        }),
        _ if line.is_empty() => Err("the reading process ended without an answer".to_owned()),
        _ => Err(format!("the reading process answered {line:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_measured_and_the_line_reads_back() {
        let line = read_file_child(Path::new("/proc/self/limits"), 3);
        let measured = parse_line(&line).unwrap();
        assert!(measured.bytes.0 > 100);
        assert!(measured.wall.0 > 0);
        assert!((1..=3).contains(&measured.repeats));
        assert!(measured.first_cpu.0 > 0);
    }

    #[test]
    fn an_unreadable_file_says_what_the_system_said() {
        let error = parse_line(&read_file_child(Path::new("/nowhere/at/all"), 1)).unwrap_err();
        assert_eq!(error, "No such file or directory (os error 2)");
    }

    #[test]
    fn a_child_that_says_nothing_or_nonsense_is_not_zero_nanoseconds() {
        assert!(parse_line("").unwrap_err().contains("without an answer"));
        assert!(parse_line("1 2 3").unwrap_err().contains("1 2 3"));
        assert!(parse_line("1 2 -3 4").is_err());
    }
}
