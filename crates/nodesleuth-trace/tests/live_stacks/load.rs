//! The program whose stacks are taken, and what it says of itself.

use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The program's parts in the order in which it prints them.
pub(crate) const PARTS: usize = 4;
pub(crate) const READS: usize = 3;

/// Compiles the program with frame pointers.
pub(crate) fn compiled(folder: &Path) -> PathBuf {
    let source = format!("{}/tests/live_stacks/load.c", env!("CARGO_MANIFEST_DIR"));
    let program = folder.join("load");
    let mut cc = Command::new("cc");
    cc.args([
        "-O1",
        "-fno-omit-frame-pointer",
        "-fno-optimize-sibling-calls",
        "-pthread",
        "-o",
    ]);
    let status = cc.arg(&program).arg(source).status().unwrap();
    assert!(status.success());
    program
}

/// The program, ready and waiting; killed when dropped.
pub(crate) struct Load {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Where the code of each part is.
    pub(crate) parts: [Range<u64>; PARTS],
}

impl Load {
    pub(crate) fn start(program: &Path, words: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).unwrap();
        let limits: Vec<u64> = line.split_whitespace().map(address).collect();
        assert_eq!(limits.len(), 2 * PARTS, "{line}");
        let parts = std::array::from_fn(|part| limits[2 * part]..limits[2 * part + 1]);
        Self { child, out, parts }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn go(&mut self) {
        let mut stdin = self.child.stdin.take().unwrap();
        stdin.write_all(b"x").unwrap();
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// The CPU nanoseconds that each part took, as the program measured.
    pub(crate) fn told(&mut self) -> [u64; PARTS] {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        let numbers: Vec<u64> = line
            .split_whitespace()
            .map(|word| word.parse().unwrap())
            .collect();
        numbers.try_into().unwrap()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
