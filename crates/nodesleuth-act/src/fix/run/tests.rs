use super::*;
use crate::fix::{Plan, Subtree};
use nodesleuth_collect::{Cancel, Clock, Node, Quiet};
use nodesleuth_model::evidence::CgroupVersion;
use nodesleuth_model::{BootNanos, Bytes, Nanos};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering};

const MEMORY: &str = "/sys/fs/cgroup/memory";
const PAGE: u64 = 4096;

/// A node with a v1 memory hierarchy on which nine cgroups are dying below `/leak`.
fn node() -> (tempfile::TempDir, Node) {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::at(folder.path());
    for (path, text) in [
        ("/proc/sys/kernel/osrelease", "6.18.44\n"),
        ("/proc/sys/kernel/softlockup_panic", "0\n"),
        (
            "/proc/sys/kernel/random/boot_id",
            "fe607dd2-44f7-4432-8719-f392a8f22699\n",
        ),
        ("/sys/devices/system/cpu/possible", "0-1\n"),
        (
            "/proc/self/mountinfo",
            "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
        ),
        (
            "/proc/cgroups",
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t11\t1\n",
        ),
    ] {
        write(&node, path, text);
    }
    let namespace = node.path("/proc/self/ns/cgroup");
    fs::create_dir_all(namespace.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("cgroup:[4026531835]", namespace).unwrap();
    fs::create_dir_all(node.path("/tmp")).unwrap();
    (folder, node)
}

fn write(node: &Node, path: &str, text: &str) {
    let path = node.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Pages that dying cgroups below `/leak` hold, as the `memory.stat` of these cgroups shows them.
fn hold(node: &Node, cgroups: &[&str], pages: u64) {
    let bytes = pages * PAGE;
    let text = format!(
        "cache 0\nrss 0\nshmem 0\ndirty 0\ntotal_cache {bytes}\ntotal_rss 0\n\
         total_shmem 0\ntotal_dirty 0\n"
    );
    for cgroup in cgroups {
        write(node, &format!("{MEMORY}{cgroup}/memory.stat"), &text);
    }
}

/// Answers a timed read as our binary does, at once.
fn reading_child(folder: &std::path::Path) -> std::path::PathBuf {
    let program = folder.join("reads");
    fs::write(&program, "#!/bin/sh\necho 900 1000 1000 1 1000\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

/// Time that passes while somebody waits, and what the kernel does meanwhile.
struct Waited<F> {
    now: AtomicU64,
    /// Told the time before and after.
    kernel: F,
}

impl<F: Fn(u64, u64) + Send + Sync> Waited<F> {
    fn new(kernel: F) -> Self {
        Self {
            now: AtomicU64::new(0),
            kernel,
        }
    }
}

impl<F: Fn(u64, u64) + Send + Sync> Clock for Waited<F> {
    fn boot(&self) -> BootNanos {
        BootNanos(self.now.load(Ordering::Relaxed))
    }

    fn utc_unix_nanos(&self) -> u64 {
        1_700_000_000_000_000_000
    }

    fn wait(&self, time: Duration) {
        let step = u64::try_from(time.as_nanos()).unwrap();
        let before = self.now.fetch_add(step, Ordering::Relaxed);
        (self.kernel)(before, before + step);
    }
}

/// Beside the root and `/leak`, which are there.
fn dying(node: &Node, count: u64) {
    let all = count + 2;
    let text = format!("#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t{all}\t1\n");
    write(node, "/proc/cgroups", &text);
}

fn fix<'a>(
    plan: Plan,
    binary: std::path::PathBuf,
    (node, clock, cancel): (&'a Node, &'a dyn Clock, &'a Cancel),
) -> Fix<'a> {
    Fix {
        looker: Looker {
            node,
            clock,
            cancel,
            binary,
            read_budget: Duration::from_secs(2),
        },
        limits: Limits {
            pressure_percent: 100.0,
            available_share: 0.0,
            fast_read: Nanos(1_000_000),
            although_fast: true,
        },
        request: Request {
            plan,
            subtree: None,
            include_live: false,
            pattern: String::new(),
            settle: Duration::ZERO,
        },
        state_folder: "/tmp/state".to_owned(),
    }
}

#[test]
fn the_verdict_waits_as_long_as_cgroups_are_being_released() {
    let (folder, node) = node();
    hold(&node, &["", "/leak"], 0);
    // One of nine is released every other second.
    let clock = Waited::new(|_, now| dying(&node, 9_u64.saturating_sub(now / 2_000_000_000)));
    let cancel = Cancel::default();
    let binary = reading_child(folder.path());
    let fix = fix(Plan::DropAll, binary, (&node, &clock, &cancel));
    let done = fix.carry_out(&Prepared::default(), None, &Quiet).unwrap();
    assert_eq!(done.after.dying, Some(0), "{:?}", done.after);
    let waited = clock.boot().0 / 1_000_000_000;
    assert!((18..25).contains(&waited), "{waited} s");
}

/// What is left below `/leak` once a plan of no step was carried out.
fn done(folder: &std::path::Path, node: &Node, cgroups: &[&str]) -> Done {
    // 300 pages were freed; less than 64 a CPU of them do not make the kernel count.
    hold(node, cgroups, 100);
    // What was freed is shown only when two seconds have passed.
    let flush = 2_000_000_000;
    let clock = Waited::new(|before, now| {
        if before < flush && now >= flush {
            hold(node, cgroups, 0);
        }
    });
    let cancel = Cancel::default();
    let binary = reading_child(folder);
    let fix = fix(Plan::ReclaimSubtree, binary, (node, &clock, &cancel));
    let prepared = Prepared {
        subtree: Some(Subtree {
            mount: MEMORY.to_owned(),
            path: "/leak".to_owned(),
            version: CgroupVersion::V1,
        }),
        ..Prepared::default()
    };
    fix.carry_out(&prepared, None, &Quiet).unwrap()
}

#[test]
fn bytes_are_compared_when_the_kernel_has_counted_what_was_freed() {
    let (folder, node) = node();
    let done = done(folder.path(), &node, &["", "/leak"]);
    let below = done.after.subtree.as_ref().unwrap();
    assert_eq!(below.held, Some(Bytes(0)), "{:?}", done.after);
}

/// The rest of the tree may be large and slow, and says nothing of the plan.
#[test]
fn afterwards_only_the_plans_subtree_is_asked_for_bytes() {
    let (folder, node) = node();
    // A search of the whole tree begins at the root, which has no memory.stat here.
    let done = done(folder.path(), &node, &["/leak"]);
    let below = done.after.subtree.as_ref().unwrap();
    assert_eq!(below.held, Some(Bytes(0)), "{:?}", done.after);
    let asked = |why: &String| why.contains(&format!("{MEMORY}/memory.stat"));
    assert!(!done.after.missing.iter().any(asked), "{:?}", done.after);
}
