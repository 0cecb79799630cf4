use super::*;
use crate::Cancel;
use crate::census::census;
use crate::fake_node::{FakeClock, FakeNode, fifo, script};
use std::sync::atomic::Ordering;

const MOUNT: &str = "/sys/fs/cgroup/memory";
/// Answers as the binary's hidden command does, after really opening the file.
const READER: &str = r#"cat "$2" >/dev/null && echo 100 5000 4000 3 4000"#;

fn with_kubepods(release: &str, cgroups: u64) -> FakeNode {
    let mut fake = FakeNode::with_memory_v1(release, cgroups);
    for cgroup in [
        "",
        "/kubepods",
        "/kubepods/besteffort",
        "/kubepods/besteffort/pod1",
    ] {
        for file in ["memory.stat", "memory.numa_stat", "memory.usage_in_bytes"] {
            fake = fake.file(&format!("{MOUNT}{cgroup}/{file}"), "cache 1\n");
        }
    }
    fake
}

fn evidence_of(fake: &FakeNode) -> Evidence {
    let mut evidence = Evidence::default();
    evidence.cgroups = census(&fake.node, &FakeClock::new(), &Cancel::default()).into();
    evidence
}

fn timed(fake: &FakeNode, reader: Option<&str>, cancel: &Cancel) -> Evidence {
    let mut evidence = evidence_of(fake);
    let clock = FakeClock::new();
    let ctx = Ctx {
        read_child: reader.map(|body| script(fake.root(), "reader", body)),
        ..fake.ctx(&clock, cancel)
    };
    TimedReadsCollector.start(&ctx)(&mut evidence);
    evidence
}

#[test]
fn the_tree_is_climbed_and_each_file_read_in_a_child() {
    let evidence = timed(
        &with_kubepods("6.1.0", 30),
        Some(READER),
        &Cancel::default(),
    );
    let reads = &evidence.timed_reads.value().unwrap().reads;
    let paths: Vec<&str> = reads.iter().map(|read| &read.path[MOUNT.len()..]).collect();
    assert_eq!(paths[0], "/kubepods/besteffort/pod1/memory.stat");
    assert_eq!(paths.len(), 8, "{paths:?}");
    let place = |path: &str| paths.iter().position(|known| *known == path).unwrap();
    assert!(place("/kubepods/besteffort/memory.stat") < place("/kubepods/memory.stat"));
    assert!(place("/kubepods/memory.stat") < place("/memory.stat"));
    assert!(
        reads
            .iter()
            .all(|read| matches!(read.outcome, ReadOutcome::Read { .. }))
    );
}

#[test]
fn a_read_that_hangs_is_given_up_and_the_rest_left_alone() {
    let fake = FakeNode::with_memory_v1("6.1.0", 30);
    let fake = fake.folder(&format!("{MOUNT}/kubepods/pod1"));
    fifo(
        &fake.node.path(format!("{MOUNT}/kubepods/pod1")),
        "memory.stat",
    );
    let evidence = timed(&fake, Some(r#"exec cat "$2""#), &Cancel::default());
    let reads = &evidence.timed_reads.value().unwrap().reads;
    let ReadOutcome::TimedOut { after, stuck } = &reads[0].outcome else {
        panic!("{:?}", reads[0]);
    };
    assert!(after.0 >= 1_000_000_000 && stuck.is_none());
    assert!(reads.len() > 1);
    for read in &reads[1..] {
        let ReadOutcome::Skipped { reason } = &read.outcome else {
            panic!("{read:?}");
        };
        assert!(
            reason.contains("pod1/memory.stat had not ended"),
            "{reason}"
        );
    }
}

#[test]
fn files_that_are_not_there_fail_with_their_reason() {
    let reader = r#"cat "$2" >/dev/null 2>&1 || echo error No such file or directory"#;
    let fake = FakeNode::with_memory_v1("6.1.0", 3);
    let evidence = timed(&fake, Some(reader), &Cancel::default());
    let reads = &evidence.timed_reads.value().unwrap().reads;
    assert!(!reads.is_empty());
    for read in reads {
        assert!(
            matches!(&read.outcome, ReadOutcome::Failed { reason } if reason.contains("No such"))
        );
    }
}

#[test]
fn an_old_kernel_with_many_cgroups_is_read_at_the_leaf_only() {
    let fake = with_kubepods("4.15.0", 3_000_000);
    let evidence = timed(&fake, Some(READER), &Cancel::default());
    let reads = &evidence.timed_reads.value().unwrap().reads;
    assert!(matches!(reads[0].outcome, ReadOutcome::Read { .. }));
    let stat = reads
        .iter()
        .find(|read| read.path == format!("{MOUNT}/memory.stat"))
        .unwrap();
    assert!(matches!(&stat.outcome, ReadOutcome::Skipped { reason } if reason.contains("budget")));
}

#[test]
fn without_a_program_or_after_an_interrupt_nothing_is_read() {
    let fake = with_kubepods("6.1.0", 30);
    let evidence = timed(&fake, None, &Cancel::default());
    let reads = &evidence.timed_reads.value().unwrap().reads;
    assert!(
        reads
            .iter()
            .all(|read| matches!(read.outcome, ReadOutcome::Skipped { .. }))
    );
    let cancel = Cancel::default();
    cancel.flag().store(true, Ordering::Relaxed);
    let evidence = timed(&fake, Some(READER), &cancel);
    assert_eq!(
        evidence.timed_reads.missing().unwrap().kind,
        MissingKind::Interrupted
    );
}

#[test]
fn a_crowded_parent_is_timed_although_its_name_is_unknown() {
    let mut fake = FakeNode::with_memory_v1("6.1.0", 100);
    for number in 0..60 {
        fake = fake.folder(&format!("{MOUNT}/lab/leak-{number}"));
    }
    let chosen = candidates(&fake.node, &evidence_of(&fake));
    assert!(
        chosen
            .iter()
            .any(|file| file.path == format!("{MOUNT}/lab/memory.stat"))
    );
    assert!(chosen.len() <= MAX_READS);
}
