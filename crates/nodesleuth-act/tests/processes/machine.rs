//! Made-up nodes and questions to the real process table.

use nodesleuth_act::Identity;
use nodesleuth_act::demo::Plan;
use nodesleuth_collect::Node;
use nodesleuth_model::Pid;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take that should happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(10);

const CGROUPS: &str = "35 31 0:32 / /cg rw - cgroup cgroup rw,memory\n";
const NO_CGROUPS: &str = "1 0 8:1 / / rw - ext4 /dev/sda rw\n";

/// A node in a temporary folder; its cgroup filesystem is a plain folder.
pub(crate) struct Machine {
    folder: TempDir,
}

impl Machine {
    pub(crate) fn with_cgroups() -> Self {
        Self::with_mounts(CGROUPS)
    }

    pub(crate) fn without_cgroups() -> Self {
        Self::with_mounts(NO_CGROUPS)
    }

    /// Its v2 hierarchy is the real one.
    pub(crate) fn with_v2_at(mount: &Path) -> Self {
        let machine = Self::with_mounts("41 31 0:38 / /cg rw - cgroup2 cgroup2 rw\n");
        fs::remove_dir(machine.root().join("cg")).unwrap();
        symlink(mount, machine.root().join("cg")).unwrap();
        machine
    }

    fn with_mounts(mounts: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for directory in ["cg", "tmp", "proc/self", "proc/sys/kernel/random"] {
            fs::create_dir_all(folder.path().join(directory)).unwrap();
        }
        fs::write(folder.path().join("proc/self/mountinfo"), mounts).unwrap();
        let boot_id = "fe607dd2-44f7-4432-8719-f392a8f22699\n";
        fs::write(
            folder.path().join("proc/sys/kernel/random/boot_id"),
            boot_id,
        )
        .unwrap();
        Self { folder }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn node(&self) -> Node {
        Node::at(self.root())
    }

    /// A small demo that is quickly set up.
    pub(crate) fn plan(&self) -> Plan {
        Self::plan_at(self.root())
    }

    pub(crate) fn plan_at(root: &Path) -> Plan {
        Plan {
            force: false,
            cgroups: 700,
            files: 500,
            temporary_folder: root.join("tmp"),
            warm_up: Duration::from_millis(200),
        }
    }

    pub(crate) fn add_process(&self, pid: u32, comm: &str) {
        let process = self.root().join(format!("proc/{pid}"));
        fs::create_dir(&process).unwrap();
        fs::write(process.join("comm"), format!("{comm}\n")).unwrap();
    }

    /// Everything of ours on this machine.
    pub(crate) fn scratch(&self) -> Vec<PathBuf> {
        [
            ours_in(&self.root().join("cg")),
            ours_in(&self.root().join("tmp")),
        ]
        .concat()
    }
}

pub(crate) fn ours_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.to_string_lossy().contains("/nodesleuth-demo-"))
        .collect()
}

/// This program.
pub(crate) fn binary() -> PathBuf {
    std::env::current_exe().unwrap()
}

pub(crate) fn is_running(pid: Pid) -> bool {
    Identity::of(&Node::live(), pid).unwrap().is_some()
}

/// Waits until it is so, but not long.
pub(crate) fn soon(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !is_so() {
        assert!(
            Instant::now() < deadline,
            "after {} s not yet: {what}",
            SOON.as_secs()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
