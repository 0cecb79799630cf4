//! Statistics of every cgroup, once a second, spread evenly: cAdvisor's housekeeping.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

const ROUND: Duration = Duration::from_secs(1);
/// A round is cut into slices so that the load is even, not one burst a second.
const SLICES: usize = 20;
/// Rest after a round that took too long (a slow kernel): never a whole core.
const REST_AFTER_OVERRUN: Duration = Duration::from_millis(100);

/// What statistics collectors read; those that exist are read. First v1's memory controller, as
/// runc's `GetStats` does, then v2, where cgroups without controllers still have the last ones.
const FILES: &[&str] = &[
    "memory.stat",
    "memory.numa_stat",
    "memory.use_hierarchy",
    "memory.usage_in_bytes",
    "memory.max_usage_in_bytes",
    "memory.failcnt",
    "memory.limit_in_bytes",
    "memory.memsw.usage_in_bytes",
    "memory.memsw.max_usage_in_bytes",
    "memory.memsw.failcnt",
    "memory.memsw.limit_in_bytes",
    "memory.kmem.usage_in_bytes",
    "memory.kmem.max_usage_in_bytes",
    "memory.kmem.failcnt",
    "memory.kmem.limit_in_bytes",
    "memory.kmem.tcp.usage_in_bytes",
    "memory.kmem.tcp.max_usage_in_bytes",
    "memory.kmem.tcp.failcnt",
    "memory.kmem.tcp.limit_in_bytes",
    "memory.current",
    "memory.peak",
    "memory.max",
    "memory.events",
    "memory.swap.current",
    "memory.swap.max",
    "io.stat",
    "pids.current",
    "pids.max",
    "cpu.stat",
    "cpu.stat.local",
    "cpu.pressure",
    "memory.pressure",
    "io.pressure",
    "cgroup.controllers",
    "cgroup.events",
    "cgroup.freeze",
    "cgroup.max.depth",
    "cgroup.max.descendants",
    "cgroup.procs",
    "cgroup.stat",
    "cgroup.stat.local",
    "cgroup.subtree_control",
    "cgroup.threads",
    "cgroup.type",
];

/// Works until `end`, or until the cgroups are gone.
pub(super) fn run(root: &Path, end: Instant) -> io::Result<()> {
    let mut text = Vec::new();
    loop {
        let begin = Instant::now();
        if begin >= end {
            return Ok(());
        }
        let cgroups = leaves(root)?;
        let files = existing_files(cgroups.first());
        for (slice, part) in cgroups
            .chunks(cgroups.len().div_ceil(SLICES).max(1))
            .enumerate()
        {
            sleep_until(begin + ROUND * slice as u32 / SLICES as u32);
            for cgroup in part {
                black_box(housekeeping(cgroup, &files, &mut text));
            }
        }
        match (begin + ROUND).checked_duration_since(Instant::now()) {
            Some(rest) => sleep(rest),
            None => sleep(REST_AFTER_OVERRUN),
        }
    }
}

fn sleep_until(moment: Instant) {
    sleep(moment.saturating_duration_since(Instant::now()));
}

/// Directories that have no directories in them.
fn leaves(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut leaves = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        let before = open.len();
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            }
        }
        if open.len() == before {
            leaves.push(directory);
        }
    }
    Ok(leaves)
}

/// Cgroups of one hierarchy have the same files: looked up once a round.
fn existing_files(cgroup: Option<&PathBuf>) -> Vec<&'static str> {
    let exists = |file: &&str| cgroup.is_some_and(|cgroup| cgroup.join(file).exists());
    FILES.iter().copied().filter(exists).collect()
}

/// The sum of all numbers: a stand-in for what an agent computes from them.
fn housekeeping(cgroup: &Path, files: &[&str], text: &mut Vec<u8>) -> u64 {
    let mut sum = 0u64;
    for file in files {
        text.clear();
        // A cgroup that is being removed has nothing to say.
        let read = File::open(cgroup.join(file)).and_then(|mut file| file.read_to_end(text));
        if read.is_ok() {
            sum = sum.wrapping_add(sum_of_numbers(&String::from_utf8_lossy(text)));
        }
    }
    sum
}

fn sum_of_numbers(text: &str) -> u64 {
    let words = text.lines().flat_map(|line| line.split([' ', '=', '\t']));
    words
        .filter_map(|word| word.parse().ok())
        .fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cgroup_tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for leaf in ["batch-00/a", "batch-00/b", "batch-01/c"] {
            let leaf = root.path().join(leaf);
            fs::create_dir_all(&leaf).unwrap();
            fs::write(leaf.join("memory.stat"), "cache 1\nrss 2\n").unwrap();
            fs::write(leaf.join("memory.numa_stat"), "total=4 N0=8\n").unwrap();
        }
        root
    }

    #[test]
    fn every_leaf_is_visited_and_no_parent() {
        let root = cgroup_tree();
        let mut names: Vec<_> = leaves(root.path()).unwrap();
        names.sort();
        assert!(
            names
                .iter()
                .map(|leaf| leaf.strip_prefix(root.path()).unwrap())
                .eq(["batch-00/a", "batch-00/b", "batch-01/c"].map(Path::new))
        );
    }

    #[test]
    fn only_files_that_exist_are_read_and_their_numbers_are_summed() {
        let root = cgroup_tree();
        let leaf = root.path().join("batch-01/c");
        let files = existing_files(Some(&leaf));
        assert_eq!(files, ["memory.stat", "memory.numa_stat"]);
        assert_eq!(housekeeping(&leaf, &files, &mut Vec::new()), 15);
        assert_eq!(
            housekeeping(Path::new("/nonexistent"), &files, &mut Vec::new()),
            0
        );
    }

    #[test]
    fn huge_numbers_wrap_and_words_count_nothing() {
        assert_eq!(sum_of_numbers("max\nlimit 18446744073709551615\nx 2"), 1);
    }

    #[test]
    fn its_time_is_over_at_the_end() {
        let root = cgroup_tree();
        run(root.path(), Instant::now()).unwrap();
    }
}
