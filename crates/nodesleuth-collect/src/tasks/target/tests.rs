//! The target on fake nodes.

use super::*;
use crate::Cancel;
use crate::fake_node::{FakeClock, FakeNode};
use crate::tasks::fake_tasks::stat;
use nodesleuth_model::evidence::ChosenBy;

const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

fn socket(address: &str, state: &str, inode: u64) -> String {
    format!(
        "   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 x\n"
    )
}

fn node() -> FakeNode {
    FakeNode::new()
        .file("/proc/7/stat", &stat(7, "kubelet", 5, 6))
        .file(
            "/proc/7/status",
            "Name:\tkubelet\nTgid:\t7\nTracerPid:\t42\n",
        )
        .file("/proc/7/cmdline", "kubelet\0--max-pods=110\0--token=x\0")
        .file(
            "/proc/7/cgroup",
            "4:memory:/system.slice/kubelet.service\n0::/\n",
        )
        .file(
            "/proc/7/limits",
            "Max open files            1024                 unlimited            files\n",
        )
        .link("/proc/7/fd/3", "anon_inode:inotify")
        .link("/proc/7/fd/4", "socket:[100]")
        .link("/proc/7/fd/5", "socket:[101]")
        .link("/proc/7/fd/6", "socket:[102]")
        .file(
            "/proc/7/fdinfo/3",
            "pos:\t0\ninotify wd:2 ino:1\ninotify wd:1 ino:2\n",
        )
        .file(
            "/proc/7/net/tcp",
            &[
                TCP,
                &socket("0100007F:2823", "0A", 100),
                &socket("0500000A:1F90", "0A", 101),
                &socket("00000000:2802", "0A", 999),
                &socket("0100007F:9999", "01", 102),
            ]
            .concat(),
        )
}

fn collect(fake: &FakeNode, happens: impl FnOnce()) -> Target {
    let (clock, cancel) = (FakeClock::new(), Cancel::default());
    let ctx = Ctx {
        target: Some(Pid(7)),
        ..fake.ctx(&clock, &cancel)
    };
    let finish = TargetCollector.start(&ctx);
    happens();
    let chosen = Target {
        pid: Pid(7),
        chosen: ChosenBy::Name,
        start: Ticks(1000),
        ..Target::default()
    };
    let mut evidence = Evidence::default();
    evidence.target = Observed::Value(Target {
        comm: "kubelet".to_owned(),
        ..chosen
    });
    finish(&mut evidence);
    evidence.target.value().unwrap().clone()
}

#[test]
fn everything_about_the_target_is_found() {
    let target = collect(&node(), || {});
    assert_eq!(
        (target.chosen, target.comm.as_str()),
        (ChosenBy::Name, "kubelet")
    );
    assert_eq!(target.flags.value().unwrap().len(), 1);
    assert_eq!(
        target.cgroup.value().unwrap()["memory"],
        "/system.slice/kubelet.service"
    );
    assert_eq!(target.open_files_limit.value().unwrap().hard, None);
    assert_eq!(target.tracer.value(), Some(&Pid(42)));
    assert_eq!(target.open_fds.value(), Some(&4));
    assert_eq!(target.inotify_instances.value(), Some(&1));
    assert_eq!(target.inotify_watches.value(), Some(&2));
    assert_eq!(target.listening_ports.value().unwrap()[..], [10275]);
}

#[test]
fn a_binary_that_is_not_go_is_said_so() {
    let target = collect(&node().file("/proc/7/exe", "#!/bin/sh\n"), || {});
    let missing = target.go.missing().unwrap();
    assert_eq!(missing.kind, MissingKind::Unsupported);
    assert!(missing.reason.starts_with("not a Go binary"), "{missing}");
}

#[test]
fn of_a_target_that_ends_in_the_window_what_was_read_before_is_kept() {
    let fake = node();
    let target = collect(&fake, || fake.remove("/proc/7"));
    assert!(target.flags.value().is_some());
    assert_eq!(
        target.open_fds.missing().unwrap().kind,
        MissingKind::TargetGone
    );
    assert_eq!(
        target.listening_ports.missing().unwrap().kind,
        MissingKind::TargetGone
    );
}

#[test]
fn files_cut_short_are_malformed_not_zero() {
    let fake = node()
        .file("/proc/7/limits", "Limit")
        .file("/proc/7/net/tcp", "rubbish\n");
    let target = collect(&fake, || {});
    assert_eq!(
        target.open_files_limit.missing().unwrap().kind,
        MissingKind::Malformed
    );
    assert_eq!(
        target.listening_ports.missing().unwrap().kind,
        MissingKind::Malformed
    );
}

#[test]
fn without_a_target_nothing_is_made_up() {
    let fake = node();
    let (clock, cancel) = (FakeClock::new(), Cancel::default());
    let mut evidence = Evidence::default();
    TargetCollector.start(&fake.ctx(&clock, &cancel))(&mut evidence);
    assert_eq!(
        evidence.target.missing().unwrap().kind,
        MissingKind::NotRequested
    );
}
