//! A tree walked again and again, every file looked at: a disk-usage collector.

use std::collections::HashSet;
use std::fs;
use std::hint::black_box;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Rest between two walks, as a part of the walk's length: about 0.8 cores in all.
const REST_DIVISOR: u32 = 4;
const SHORTEST_REST: Duration = Duration::from_millis(10);

/// What a tree takes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Usage {
    bytes: u64,
    /// Files with several names count once.
    inodes: HashSet<u64>,
}

/// Works until `end`, or until the tree is gone.
pub(super) fn run(root: &Path, end: Instant) -> io::Result<()> {
    loop {
        let begin = Instant::now();
        if begin >= end {
            return Ok(());
        }
        let mut usage = Usage::default();
        walk(root, &mut usage)?;
        black_box(usage.bytes);
        sleep((begin.elapsed() / REST_DIVISOR).max(SHORTEST_REST));
    }
}

fn walk(folder: &Path, usage: &mut Usage) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let status = fs::symlink_metadata(&path)?;
        if usage.inodes.insert(status.ino()) {
            usage.bytes += status.size();
        }
        if status.is_dir() {
            walk(&path, usage)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_two_names_counts_once() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/one"), "12345").unwrap();
        fs::hard_link(root.path().join("a/one"), root.path().join("a/two")).unwrap();
        let mut usage = Usage::default();
        walk(root.path(), &mut usage).unwrap();
        let folder = fs::symlink_metadata(root.path().join("a")).unwrap().size();
        assert_eq!((usage.bytes - folder, usage.inodes.len()), (5, 2));
    }
}
