//! Whether a stream keeps up: a read loop that is held to a rate, and one that is not.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::bench::syscalls::load::Programs;
use crate::bench::syscalls::tracer::{Kind, Output, Tracer};
use crate::failure::{Failure, Result, While};

const SECONDS: u32 = 3;
/// A little more than the 200,000 a second that are asked for.
const RATE: u32 = 220_000;
const STREAM: Tracer = Tracer {
    kind: Kind::Stream,
    typed: "nodesleuth trace --engine bpf-ring -e read",
};
const OVERLOADED: Tracer = Tracer {
    kind: Kind::Stream,
    typed: "nodesleuth trace --engine bpf-ring -e read --buffer 4",
};

/// What came of a stream.
struct Stream {
    made: u64,
    read: u64,
    lost: u64,
    /// CPU of the watcher, from its start to its end.
    own_cpu: Option<f64>,
}

pub(super) fn measure(binary: &Path, programs: &Programs) -> Result<String> {
    let held = stream(STREAM, binary, programs, RATE)?;
    let free = stream(OVERLOADED, binary, programs, 0)?;
    Ok(format!(
        "A read loop held to {RATE} reads a second for {SECONDS} s, streamed: {} made, {} read, \
         **{} lost** (wanted: 0). One that is not held, with a buffer of 4 KiB: {} made, {} read, \
         {} said to be lost; **made - read - lost = {}** (wanted: 0). To read, decode and write a \
         call took nodesleuth {} of its own CPU (the held loop, its beginning included).\n",
        held.made,
        held.read,
        held.lost,
        free.made,
        free.read,
        free.lost,
        i128::from(free.made) - i128::from(free.read) - i128::from(free.lost),
        each(&held),
    ))
}

fn each(stream: &Stream) -> String {
    stream.own_cpu.map_or_else(
        || "an unknown part".to_owned(),
        |cpu| format!("{:.0} ns", cpu * 1e9 / stream.read.max(1) as f64),
    )
}

fn stream(tracer: Tracer, binary: &Path, programs: &Programs, rate: u32) -> Result<Stream> {
    let out = programs.path("stream");
    let load = programs.reads(SECONDS, rate);
    let watched = tracer.watch(binary, load, &Output::To(&out))?;
    let file = File::open(&out).doing(|| format!("reading {}", out.display()))?;
    let mut read = 0;
    let mut lost = 0;
    for line in BufReader::new(file).split(b'\n') {
        let line = line.doing(|| format!("reading {}", out.display()))?;
        let text = String::from_utf8_lossy(&line);
        if is_of_the_load(&text) {
            read += 1;
        } else if let Some((_, told)) = text.split_once("INCOMPLETE: ") {
            lost += dropped(told)?;
        }
    }
    Ok(Stream {
        made: watched.load.operations,
        read,
        lost,
        own_cpu: watched.own.map(crate::bench::usage::Usage::cpu),
    })
}

/// It reads from a file; from standard input only to be let go.
fn is_of_the_load(line: &str) -> bool {
    line.contains("read(") && !line.contains("read(0")
        || line.contains("read(0x") && !line.contains("read(0x0,")
}

fn dropped(told: &str) -> Result<u64> {
    let number = told.split_whitespace().next().unwrap_or_default();
    let number = number.replace(',', "").parse();
    number.map_err(|_| Failure::new("counting losses", format!("cannot read {told:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_of_the_load_count() {
        assert!(is_of_the_load("[pid 7] read(3</dev/zero>, \"\\0\", 1) = 1"));
        assert!(is_of_the_load("[pid 7] read(0x3, 0x7ffd, 0x1) = 1"));
        assert!(!is_of_the_load("[pid 7] read(0</dev/pts/1>, \"x\", 1) = 1"));
        assert!(!is_of_the_load("[pid 7] read(0x0, 0x7ffd, 0x1) = 1"));
        assert!(!is_of_the_load("INCOMPLETE: 7 of 9 events"));
    }

    #[test]
    fn losses_are_read_with_their_commas() {
        assert_eq!(dropped("1,234 of 5,678 events").unwrap(), 1234);
        assert!(dropped("many").is_err());
    }
}
