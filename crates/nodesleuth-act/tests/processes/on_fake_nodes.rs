//! Every way in which a demo ends, on nodes in temporary folders.

use crate::Case;
use crate::machine::{Machine, binary, is_running, soon};
use crate::parent::Parent;
use nix::sys::signal::{Signal, kill};
use nodesleuth_act::ActError;
use nodesleuth_act::demo::Demo;
use nodesleuth_act::guardian::Guardian;
use nodesleuth_model::Pid;
use std::fs;
use std::path::Path;

pub(crate) const CASES: &[Case] = &[
    (
        "a_normal_end_leaves_nothing",
        a_normal_end_leaves_nothing,
        None,
    ),
    (
        "a_dropped_demo_leaves_nothing",
        a_dropped_demo_leaves_nothing,
        None,
    ),
    (
        "kill_9_of_the_parent_leaves_no_cgroups",
        kill_9_leaves_no_cgroups,
        None,
    ),
    (
        "kill_9_of_the_parent_leaves_no_tree",
        kill_9_leaves_no_tree,
        None,
    ),
    (
        "kill_9_in_the_middle_of_making_leaves_nothing",
        kill_9_while_making,
        None,
    ),
    (
        "the_agent_dies_with_its_parent_also_without_a_guardian",
        no_guardian,
        None,
    ),
    (
        "the_parent_cleans_up_also_without_a_guardian",
        lost_guardian,
        None,
    ),
    (
        "nobody_inherits_the_guardians_pipe",
        nobody_inherits_the_pipe,
        None,
    ),
    (
        "sigterm_to_the_guardian_changes_nothing",
        sigterm_to_the_guardian,
        None,
    ),
    (
        "an_agent_that_was_killed_is_noticed",
        a_killed_agent_is_noticed,
        None,
    ),
    (
        "a_kubelet_forbids_the_demo_unless_forced",
        a_kubelet_forbids_the_demo,
        None,
    ),
    (
        "a_program_that_is_no_guardian_is_told_from_one",
        a_foreign_program,
        None,
    ),
];

fn signal(pid: Pid, signal: Signal) {
    kill(nix::unistd::Pid::from_raw(pid.0.cast_signed()), signal).unwrap();
}

fn demo_on(machine: &Machine) -> Demo {
    Demo::set_up_as(&machine.node(), &binary(), &machine.plan(), &|_| {}).unwrap()
}

fn assert_nothing_is_left(machine: &Machine, pids: &[Pid]) {
    soon("scratch is gone", || machine.scratch().is_empty());
    for &pid in pids {
        soon(&format!("process {pid} is gone"), || !is_running(pid));
    }
}

fn a_normal_end_leaves_nothing() {
    for (machine, made) in [
        (Machine::with_cgroups(), 700 + 2 + 1),
        (Machine::without_cgroups(), 500 + 5 + 1 + 1),
    ] {
        let demo = demo_on(&machine);
        let pids = [demo.agent_pid(), demo.guardian_pid().unwrap()];
        assert!(pids.iter().all(|&pid| is_running(pid)));
        assert_eq!(machine.scratch().len(), 1);
        let gone = demo.tear_down().unwrap();
        assert_eq!((gone.removed, gone.leftovers.len()), (made, 0));
        // At once, not only soon.
        assert!(machine.scratch().is_empty());
        assert!(!pids.iter().any(|&pid| is_running(pid)));
    }
}

fn a_dropped_demo_leaves_nothing() {
    let machine = Machine::with_cgroups();
    let demo = demo_on(&machine);
    let pids = [demo.agent_pid(), demo.guardian_pid().unwrap()];
    drop(demo);
    assert!(machine.scratch().is_empty());
    assert!(!pids.iter().any(|&pid| is_running(pid)));
}

fn kill_9_leaves_nothing(machine: &Machine) {
    let mut parent = Parent::start(machine.root(), 700, 500);
    let pids = [parent.hear_pid("agent"), parent.hear_pid("guardian")];
    assert_eq!(machine.scratch().len(), 1);
    assert!(pids.iter().all(|&pid| is_running(pid)));
    parent.kill_9();
    assert_nothing_is_left(machine, &pids);
}

fn kill_9_leaves_no_cgroups() {
    kill_9_leaves_nothing(&Machine::with_cgroups());
}

fn kill_9_leaves_no_tree() {
    kill_9_leaves_nothing(&Machine::without_cgroups());
}

fn kill_9_while_making() {
    let machine = Machine::without_cgroups();
    let mut parent = Parent::start(machine.root(), 0, 5_000_000);
    parent.hear("making ");
    soon("some files are made", || {
        machine
            .scratch()
            .first()
            .is_some_and(|tree| tree.join("layer-00/dir-09").exists())
    });
    parent.kill_9();
    assert_nothing_is_left(&machine, &[]);
}

fn no_guardian() {
    let machine = Machine::with_cgroups();
    let mut parent = Parent::start(machine.root(), 700, 500);
    let (agent, guardian) = (parent.hear_pid("agent"), parent.hear_pid("guardian"));
    signal(guardian, Signal::SIGKILL);
    parent.kill_9();
    soon("the agent is gone", || !is_running(agent));
    // What nobody could clean up is an orphan now: the fake node's /proc knows no owner.
    let search = nodesleuth_act::clean::find_orphans(&machine.node()).unwrap();
    assert_eq!(search.orphans.len(), 1);
    assert_eq!(
        nodesleuth_act::clean::remove(&search.orphans[0]).removed,
        700 + 2 + 1
    );
    assert_nothing_is_left(&machine, &[guardian]);
}

fn lost_guardian() {
    let machine = Machine::with_cgroups();
    let demo = demo_on(&machine);
    signal(demo.guardian_pid().unwrap(), Signal::SIGKILL);
    assert!(demo.tear_down().unwrap().leftovers.is_empty());
    assert!(machine.scratch().is_empty());
}

fn nobody_inherits_the_pipe() {
    let machine = Machine::with_cgroups();
    let demo = demo_on(&machine);
    let guardian = demo.guardian_pid().unwrap();
    let pipe = fs::read_link(format!("/proc/{guardian}/fd/0")).unwrap();
    let ends = |pid: Pid| {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        let links = descriptors.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        links.filter(|link| *link == pipe).count()
    };
    assert!(pipe.to_string_lossy().starts_with("pipe:"), "{pipe:?}");
    assert_eq!(ends(demo.agent_pid()), 0);
    assert_eq!(ends(guardian), 1, "the read end only");
    assert_eq!(ends(Pid(std::process::id())), 1, "the write end only");
    demo.tear_down().unwrap();
}

fn sigterm_to_the_guardian() {
    let machine = Machine::with_cgroups();
    let mut parent = Parent::start(machine.root(), 700, 500);
    let pids = [parent.hear_pid("agent"), parent.hear_pid("guardian")];
    for ignored in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        signal(pids[1], ignored);
    }
    assert!(is_running(pids[1]));
    parent.kill_9();
    assert_nothing_is_left(&machine, &pids);
}

fn a_killed_agent_is_noticed() {
    let machine = Machine::with_cgroups();
    let mut demo = demo_on(&machine);
    demo.check().unwrap();
    signal(demo.agent_pid(), Signal::SIGTERM);
    let pid = demo.agent_pid();
    soon("the agent obeys SIGTERM", || !is_running(pid));
    assert!(matches!(demo.check(), Err(ActError::AgentEnded { .. })));
    assert!(demo.tear_down().unwrap().leftovers.is_empty());
}

fn a_kubelet_forbids_the_demo() {
    let machine = Machine::with_cgroups();
    machine.add_process(77, "kubelet");
    let set_up = |force| {
        let plan = nodesleuth_act::demo::Plan {
            force,
            ..machine.plan()
        };
        Demo::set_up_as(&machine.node(), &binary(), &plan, &|_| {})
    };
    let refused = set_up(false).unwrap_err();
    assert!(
        matches!(refused, ActError::KubeletRunning { pid: Pid(77), .. }),
        "{refused}"
    );
    assert!(machine.scratch().is_empty());
    set_up(true).unwrap().tear_down().unwrap();
}

fn a_foreign_program() {
    for program in ["/bin/true", "/bin/echo"] {
        let refused = Guardian::start(Path::new(program)).unwrap_err();
        assert!(
            matches!(refused, ActError::GuardianNotReady { .. }),
            "{refused}"
        );
    }
    let refused = Guardian::start(Path::new("/nonexistent/nodesleuth")).unwrap_err();
    assert!(matches!(refused, ActError::Start { .. }), "{refused}");
}
