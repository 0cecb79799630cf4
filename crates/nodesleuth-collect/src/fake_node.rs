//! A node made of a temporary folder, a clock that only tests move, and small programs.
#![expect(
    clippy::disallowed_methods,
    reason = "tests build their node; collectors only read it"
)]

use crate::{Cancel, Clock, Ctx, Node, TracePlan};
use nodesleuth_model::BootNanos;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A node in a temporary folder.
pub(crate) struct FakeNode {
    folder: tempfile::TempDir,
    pub(crate) node: Node,
}

impl FakeNode {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            node: Node::at(folder.path()),
            folder,
        }
    }

    /// A node with this kernel, two CPUs and a v1 memory hierarchy of which the kernel counts so
    /// many cgroups.
    pub(crate) fn with_memory_v1(release: &str, cgroups: u64) -> Self {
        let table = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4";
        let mount = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        Self::new()
            .file("/proc/sys/kernel/osrelease", &format!("{release}\n"))
            .file("/proc/sys/kernel/softlockup_panic", "0\n")
            .file("/sys/devices/system/cpu/possible", "0-1\n")
            .file("/proc/self/mountinfo", mount)
            .file("/proc/cgroups", &format!("{table}\t{cgroups}\t1\n"))
            .link("/proc/self/ns/cgroup", "cgroup:[4026531835]")
            .folder("/sys/fs/cgroup/memory")
    }

    /// The same with one more file.
    pub(crate) fn file(self, node_path: &str, text: &str) -> Self {
        self.write(node_path, text);
        self
    }

    /// The same with one more folder.
    pub(crate) fn folder(self, node_path: &str) -> Self {
        self.add_folder(node_path);
        self
    }

    /// A folder that comes while the node is watched.
    pub(crate) fn add_folder(&self, node_path: &str) {
        fs::create_dir_all(self.node.path(node_path)).unwrap();
    }

    /// The same with one more symbolic link.
    pub(crate) fn link(self, node_path: &str, target: &str) -> Self {
        let path = self.node.path(node_path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    pub(crate) fn write(&self, node_path: &str, text: &str) {
        self.write_bytes(node_path, text.as_bytes());
    }

    pub(crate) fn write_bytes(&self, node_path: &str, bytes: &[u8]) {
        let path = self.node.path(node_path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn remove(&self, node_path: &str) {
        fs::remove_dir_all(self.node.path(node_path)).unwrap();
    }

    /// Nobody but root may read it.
    pub(crate) fn forbid(&self, node_path: &str) {
        let nobody = fs::Permissions::from_mode(0o000);
        fs::set_permissions(self.node.path(node_path), nobody).unwrap();
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A context on this node, without a program for slow reads.
    pub(crate) fn ctx<'a>(&'a self, clock: &'a dyn Clock, cancel: &'a Cancel) -> Ctx<'a> {
        Ctx {
            node: &self.node,
            clock,
            target: None,
            window: Duration::from_secs(15),
            cancel,
            read_child: None,
            slow_read_budget: Duration::from_secs(2),
            stacks_hz: None,
            trace: TracePlan::Never,
        }
    }
}

/// What happens to the node while a clock's time passes.
type Event<'a> = Box<dyn FnMut() + Send + 'a>;

/// A clock that moves only when somebody waits; things can be made to happen at a moment.
pub(crate) struct FakeClock<'a> {
    now: AtomicU64,
    events: Mutex<Vec<(Duration, Event<'a>)>>,
}

impl<'a> FakeClock<'a> {
    pub(crate) fn new() -> Self {
        Self {
            now: AtomicU64::new(0),
            events: Mutex::new(Vec::new()),
        }
    }

    /// Once this much time has passed, this happens.
    pub(crate) fn at(self, after: Duration, event: impl FnMut() + Send + 'a) -> Self {
        self.events.lock().unwrap().push((after, Box::new(event)));
        self
    }
}

impl Clock for FakeClock<'_> {
    fn boot(&self) -> BootNanos {
        BootNanos(self.now.load(Ordering::Relaxed))
    }

    fn utc_unix_nanos(&self) -> u64 {
        1_700_000_000_000_000_000 + self.boot().0
    }

    fn wait(&self, time: Duration) {
        let step = u64::try_from(time.as_nanos()).unwrap();
        let now = Duration::from_nanos(self.now.fetch_add(step, Ordering::Relaxed) + step);
        let mut events = self.events.lock().unwrap();
        events.retain_mut(|(after, event)| {
            let due = now >= *after;
            if due {
                event();
            }
            !due
        });
    }
}

/// An executable shell script.
pub(crate) fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    let (source, path) = (folder.join(format!("{name}.source")), folder.join(name));
    fs::write(&source, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&source, fs::Permissions::from_mode(0o755)).unwrap();
    // Copied by another process: a test thread that forks meanwhile would inherit our descriptor
    // open for writing, and executing the file would then fail with "text file busy".
    assert!(
        Command::new("cp")
            .arg(&source)
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    path
}

/// A named pipe that nobody writes to: opening it for reading hangs.
pub(crate) fn fifo(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    path
}
