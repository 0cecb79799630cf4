//! Cgroups that are entered, pin one page of a file of their own, and are removed. Dropping takes
//! everything away.

use crate::support;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const MOUNT: &str = "/sys/fs/cgroup/memory";
/// Enters each cgroup, writes a page with what the shell has built in (so that it is charged to
/// the cgroup, and nothing else is), leaves it and removes it.
const WORKER: &str = r#"
set -e
i=0
while [ $i -lt $3 ]; do
    echo $$ > "$1/pod$i/cgroup.procs"
    printf '%4096s' x > "$2/page$i"
    echo $$ > "$4/cgroup.procs"
    rmdir "$1/pod$i"
    i=$((i + 1))
done
"#;

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Zombies {
    name: String,
    files: PathBuf,
}

impl Zombies {
    /// Under a parent of our own; `None`, loudly, where there is no v1 memory controller.
    pub(crate) fn on(folder: &str) -> Option<Self> {
        if !Path::new(MOUNT).join("memory.stat").exists() {
            eprintln!("SKIPPED: no v1 memory hierarchy at {MOUNT}");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("nodesleuth-test-{}-{number}", std::process::id());
        let zombies = Self {
            files: Path::new(folder).join(&name),
            name,
        };
        fs::create_dir(zombies.parent()).unwrap();
        fs::create_dir(&zombies.files).unwrap();
        Some(zombies)
    }

    pub(crate) fn cgroup_path(&self) -> String {
        format!("/{}", self.name)
    }

    pub(crate) fn parent(&self) -> PathBuf {
        Path::new(MOUNT).join(&self.name)
    }

    pub(crate) fn make(&mut self, count: u64) {
        // Made by ourselves: a `mkdir` would be gone before anybody asks for its name.
        for number in 0..count {
            fs::create_dir(self.parent().join(format!("pod{number}"))).unwrap();
        }
        support::must(
            Command::new("sh")
                .args(["-c", WORKER, "sh"])
                .arg(self.parent())
                .arg(&self.files)
                .arg(count.to_string())
                .arg(MOUNT),
        );
    }

    pub(crate) fn make_empty_scopes(&self, count: u64) {
        for number in 0..count {
            let scope = format!("run-r{number:032x}.scope");
            fs::create_dir(self.parent().join(scope)).unwrap();
        }
    }

    /// With their pages they let go of their cgroups.
    pub(crate) fn delete_files(&self) {
        for entry in fs::read_dir(&self.files).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }

    pub(crate) fn mount_holds(&self, beginning: &str) -> bool {
        let entries = fs::read_dir(MOUNT).unwrap();
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with(beginning))
    }
}

impl Drop for Zombies {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.files);
        // A cgroup whose process has just left says EBUSY for a moment.
        let began = Instant::now();
        let parent = self.parent();
        while parent.exists() && began.elapsed() < Duration::from_secs(5) {
            for child in fs::read_dir(&parent).into_iter().flatten().flatten() {
                let _ = fs::remove_dir(child.path());
            }
            let _ = fs::remove_dir(&parent);
            thread::sleep(Duration::from_millis(20));
        }
    }
}
