//! Removed memory cgroups, each pinned by one page of its own.

use super::support::must;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const COUNT: usize = 300;
pub(crate) const PAGE: u64 = 4096;
const MEMORY: &str = "/sys/fs/cgroup/memory";
/// The kernel counts every two seconds what is less than 64 pages a CPU; a sum that stays the same
/// for longer is counted.
const STATISTICS_LAG: Duration = Duration::from_millis(2_500);

/// What pins them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pin {
    /// Clean pages of files.
    Read,
    /// Pages that are dirty.
    Written,
    /// Pages of a tmpfs.
    Tmpfs,
}

/// Zombies below a cgroup of their own; dropping lets them go.
pub(crate) struct Zombies {
    pub(crate) parent: PathBuf,
    files: tempfile::TempDir,
}

impl Zombies {
    pub(crate) fn make(pin: Pin) -> Self {
        let files = match pin {
            Pin::Tmpfs => tempfile::tempdir_in("/dev/shm").unwrap(),
            Pin::Read | Pin::Written => tempfile::tempdir_in("/var/tmp").unwrap(),
        };
        let name = format!("nodesleuth-live-fix-{}", std::process::id());
        let zombies = Self {
            parent: Path::new(MEMORY).join(name),
            files,
        };
        fs::create_dir(&zombies.parent).unwrap();
        zombies.prepare(pin);
        zombies.run_worker(pin);
        zombies
    }

    /// Its path below the mount.
    pub(crate) fn subtree(&self) -> String {
        let path = self.parent.strip_prefix(MEMORY).unwrap();
        format!("/{}", path.display())
    }

    /// Bytes charged below the parent that no visible cgroup explains, once the kernel has counted
    /// them.
    pub(crate) fn held(&self) -> u64 {
        let began = Instant::now();
        let (mut bytes, mut since) = (self.shown(), Instant::now());
        while since.elapsed() < STATISTICS_LAG {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "what is held does not settle: {bytes}"
            );
            thread::sleep(Duration::from_millis(50));
            let now = self.shown();
            if now != bytes {
                (bytes, since) = (now, Instant::now());
            }
        }
        bytes
    }

    /// What `memory.stat` shows of it now.
    fn shown(&self) -> u64 {
        let text = fs::read_to_string(self.parent.join("memory.stat")).unwrap();
        let value = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().parse().unwrap()
        };
        value("total_cache ") - value("cache ")
    }

    pub(crate) fn remove_files(&self) {
        for entry in fs::read_dir(self.files.path()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }

    /// Files to read are holes: what was written may stay in the page cache, charged to who wrote it,
    /// whatever is advised (two files of 300 did), and reading it then charges nobody.
    fn prepare(&self, pin: Pin) {
        let length = match pin {
            Pin::Read => PAGE,
            Pin::Written | Pin::Tmpfs => 0,
        };
        for index in 0..COUNT {
            let file = fs::File::create(self.files.path().join(index.to_string())).unwrap();
            file.set_len(length).unwrap();
        }
    }

    /// One shell that moves from cgroup to cgroup with builtins alone, so that nothing but the
    /// page is charged to them in the end.
    fn run_worker(&self, pin: Pin) {
        let touch = match pin {
            Pin::Read => "read line < \"$FILES/$i\" || :",
            Pin::Written | Pin::Tmpfs => "echo x >> \"$FILES/$i\"",
        };
        let script = format!(
            "set -e; i=0\n\
             while [ $i -lt {COUNT} ]; do\n\
             mkdir $PARENT/z$i; echo $$ > $PARENT/z$i/cgroup.procs\n\
             {touch}\n\
             echo $$ > $PARENT/cgroup.procs; rmdir $PARENT/z$i; i=$((i+1))\n\
             done\n\
             echo $$ > {MEMORY}/cgroup.procs"
        );
        must(
            Command::new("sh")
                .args(["-c", &script])
                .env("PARENT", &self.parent)
                .env("FILES", self.files.path()),
        );
    }
}

impl Drop for Zombies {
    fn drop(&mut self) {
        self.remove_files();
        let begin = Instant::now();
        while fs::remove_dir(&self.parent).is_err() && begin.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(10));
        }
    }
}
