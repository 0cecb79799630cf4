//! The demo in its full size on the machine that runs the test.

use crate::Case;
use crate::machine::{Machine, binary, is_running, ours_in, soon};
use crate::parent::Parent;
use nodesleuth_act::demo::{Demo, Plan};
use nodesleuth_collect::Node;
use nodesleuth_model::Pid;
use nodesleuth_model::evidence::CgroupVersion;
use nodesleuth_parse::cgroup::hierarchies;
use nodesleuth_parse::proc::{mountinfo, pid_stat};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) const CASES: &[Case] = &[
    (
        "two_thousand_cgroups_keep_the_agent_busy",
        cgroups_burn,
        Some(NEEDS_ROOT),
    ),
    (
        "two_thousand_v2_cgroups_keep_the_agent_busy",
        v2_burns,
        Some(NEEDS_ROOT),
    ),
    (
        "fifty_thousand_files_keep_the_agent_busy",
        tree_burns,
        Some("takes seconds"),
    ),
    (
        "kill_9_leaves_no_real_cgroups",
        kill_9_leaves_no_real_cgroups,
        Some(NEEDS_ROOT),
    ),
];

const NEEDS_ROOT: &str = "needs root and writable cgroups";
const OBSERVED: Duration = Duration::from_secs(5);

fn ours_on_this_node() -> Vec<PathBuf> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts = hierarchies(&mountinfo::parse(&text).unwrap(), &[]);
    let found: Vec<_> = mounts
        .iter()
        .map(|mount| ours_in(Path::new(&mount.mount)))
        .collect();
    [found.concat(), ours_in(&std::env::temp_dir())].concat()
}

/// Cores that a process burns over a few seconds: user, kernel.
fn burn(pid: Pid) -> (f64, f64) {
    let ticks = || {
        let line = fs::read(format!("/proc/{pid}/stat")).unwrap();
        let task = pid_stat::times(&line).unwrap();
        (task.utime as f64, task.stime as f64)
    };
    let (before, begin) = (ticks(), Instant::now());
    std::thread::sleep(OBSERVED);
    let (after, seconds) = (ticks(), begin.elapsed().as_secs_f64());
    (
        (after.0 - before.0) / 100.0 / seconds,
        (after.1 - before.1) / 100.0 / seconds,
    )
}

fn observed(node: &Node, plan: &Plan) -> f64 {
    let begin = Instant::now();
    let step = |text: &str| println!("  {:5.2} s {text}", begin.elapsed().as_secs_f64());
    let demo = Demo::set_up_as(node, &binary(), plan, &step).unwrap();
    step(&demo.describe());
    let pids = [demo.agent_pid(), demo.guardian_pid().unwrap()];
    let (user, kernel) = burn(pids[0]);
    println!("  burns {user:.2} user + {kernel:.2} kernel cores");
    let gone = demo.tear_down().unwrap();
    println!(
        "  removed {} in {:.2} s",
        gone.removed,
        gone.took.as_secs_f64()
    );
    assert!(gone.leftovers.is_empty(), "{:?}", gone.leftovers);
    assert_eq!(ours_on_this_node(), <[PathBuf; 0]>::default());
    assert!(!pids.iter().any(|&pid| is_running(pid)));
    user + kernel
}

/// How busy depends on what else the machine does (0.4 to 0.8 cores when it is quiet); that it
/// works at all does not.
fn assert_busy(cores: f64) {
    assert!(cores > 0.02, "{cores}");
}

fn cgroups_burn() {
    let cores = observed(
        &Node::live(),
        &Plan {
            force: true,
            files: 0,
            ..Plan::default()
        },
    );
    assert_busy(cores);
}

/// On a made-up node whose only hierarchy is this machine's v2.
fn v2_burns() {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts = hierarchies(&mountinfo::parse(&text).unwrap(), &[]);
    let Some(v2) = mounts
        .iter()
        .find(|mount| mount.version == CgroupVersion::V2)
    else {
        return println!("  no v2 hierarchy is mounted here");
    };
    let machine = Machine::with_v2_at(Path::new(&v2.mount));
    let cores = observed(
        &machine.node(),
        &Plan {
            files: 0,
            ..Plan::default()
        },
    );
    assert_busy(cores);
}

fn tree_burns() {
    let cores = observed(
        &Node::live(),
        &Plan {
            force: true,
            cgroups: 0,
            ..Plan::default()
        },
    );
    assert_busy(cores);
}

fn kill_9_leaves_no_real_cgroups() {
    let mut parent = Parent::start(Path::new("/"), 2_000, 0);
    let pids = [parent.hear_pid("agent"), parent.hear_pid("guardian")];
    assert_eq!(ours_on_this_node().len(), 1);
    parent.kill_9();
    let begin = Instant::now();
    soon("scratch cgroups are gone", || {
        ours_on_this_node().is_empty()
    });
    println!(
        "  gone {:.2} s after kill -9",
        begin.elapsed().as_secs_f64()
    );
    for pid in pids {
        soon(&format!("process {pid} is gone"), || !is_running(pid));
    }
}
