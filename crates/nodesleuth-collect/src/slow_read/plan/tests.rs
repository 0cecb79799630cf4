use super::*;
use nodesleuth_model::{Bytes, Missing, Pid};

const MEMORY: &str = "/sys/fs/cgroup/memory";
const SECOND: u64 = 1_000_000_000;

fn candidate(cgroup: &str, file: &str, scope: Scope) -> Candidate {
    let kind = match file {
        "memory.numa_stat" => FileKind::NumaStat,
        "memory.usage_in_bytes" => FileKind::Usage,
        _ => FileKind::Stat,
    };
    Candidate {
        path: format!("{MEMORY}{cgroup}/{file}"),
        kind,
        scope,
    }
}

/// Root first, to show that the order given does not matter.
fn stats() -> Vec<Candidate> {
    vec![
        candidate("", "memory.stat", Scope::Subtree),
        candidate("/kubepods", "memory.stat", Scope::Subtree),
        candidate("/kubepods/besteffort", "memory.stat", Scope::Subtree),
        candidate("/kubepods/besteffort/pod1", "memory.stat", Scope::Leaf),
    ]
}

fn situation(release: &str, cgroups: u64, cpus: u32) -> Situation {
    Situation {
        size: NodeSize {
            kernel_release: release.to_owned(),
            memory_cgroups: cgroups,
            possible_cpus: cpus,
        },
        softlockup_panic: Observed::Value(false),
        budget: Nanos(2 * SECOND),
    }
}

fn took(nanos: u64) -> ReadOutcome {
    ReadOutcome::Read {
        bytes: Bytes(4000),
        wall: Nanos(nanos),
        cpu: Nanos(nanos),
        repeats: 1,
        first_cpu: None,
    }
}

/// A node whose files take this long; like the real reader it gives up at the deadline.
fn node(cost: impl Fn(&str) -> u64) -> impl FnMut(&Attempt<'_>) -> ReadOutcome {
    move |attempt| {
        let nanos = cost(attempt.path);
        let deadline = attempt.deadline.as_nanos() as u64;
        if nanos > deadline {
            return ReadOutcome::TimedOut {
                after: Nanos(deadline),
                stuck: Some(Pid(7)),
            };
        }
        took(nanos)
    }
}

fn skipped(read: &TimedRead) -> Option<&str> {
    match &read.outcome {
        ReadOutcome::Skipped { reason } => Some(reason),
        _ => None,
    }
}

#[test]
fn reads_climb_from_the_leaf_to_the_root() {
    let reads = plan(&situation("4.15.0", 1_000, 4), stats(), node(|_| 1_000)).reads;
    let paths: Vec<&str> = reads
        .iter()
        .map(|read| &read.path[MEMORY.len()..])
        .collect();
    assert_eq!(
        paths,
        [
            "/kubepods/besteffort/pod1/memory.stat",
            "/kubepods/besteffort/memory.stat",
            "/kubepods/memory.stat",
            "/memory.stat"
        ]
    );
    assert!(
        reads
            .iter()
            .all(|read| matches!(read.outcome, ReadOutcome::Read { .. }))
    );
}

#[test]
fn a_nine_second_file_that_is_predicted_is_not_touched() {
    let situation = situation("4.15.0", 70_000, 128);
    let reads = plan(&situation, stats(), node(|_| 40_000)).reads;
    assert!(
        matches!(reads[0].outcome, ReadOutcome::Read { .. }),
        "a leaf is flat"
    );
    assert_eq!(
        skipped(&reads[1]),
        Some("predicted to take 9.4 s of kernel time, over the 2.0 s left of the budget of 2.0 s")
    );
    assert!(reads[1..].iter().all(|read| skipped(read).is_some()));
}

#[test]
fn a_nine_second_file_that_nothing_foretold_is_begun_once_and_nothing_after_it() {
    let slow = |path: &str| {
        if path.contains("pod1") {
            40_000
        } else {
            9 * SECOND
        }
    };
    let mut begun = 0;
    let mut reader = node(slow);
    let reads = plan(&situation("5.10.0", 20_000, 64), stats(), |attempt| {
        begun += u32::from(!attempt.path.contains("pod1"));
        reader(attempt)
    })
    .reads;
    assert_eq!(begun, 1);
    assert!(matches!(
        reads[1].outcome,
        ReadOutcome::TimedOut {
            stuck: Some(Pid(7)),
            ..
        }
    ));
    let reason = skipped(&reads[2]).unwrap();
    assert!(
        reason.contains("/kubepods/besteffort/memory.stat had not ended after 1.0 s"),
        "{reason}"
    );
    assert!(skipped(&reads[3]).is_some());
}

#[test]
fn what_a_subtree_costs_its_parents_are_predicted_to_cost() {
    let slow = |path: &str| {
        if path.contains("pod1") {
            40_000
        } else {
            900_000_000
        }
    };
    let reads = plan(&situation("5.10.0", 20_000, 64), stats(), node(slow)).reads;
    assert_eq!(reads[1].predicted, Some(Nanos(50_000)));
    assert_eq!(reads[2].predicted, Some(Nanos(900_000_000)));
    assert!(matches!(reads[2].outcome, ReadOutcome::Read { .. }));
    let reason = skipped(&reads[3]).unwrap();
    assert!(
        reason.contains("900.0 ms of kernel time, over the 200.0 ms left"),
        "{reason}"
    );
}

#[test]
fn a_cheap_file_of_one_kind_says_nothing_about_another_kind() {
    let candidates = vec![
        candidate("/kubepods", "memory.stat", Scope::Subtree),
        candidate("", "memory.numa_stat", Scope::Subtree),
    ];
    let slow_stat = |path: &str| {
        if path.ends_with("/memory.stat") {
            SECOND / 2
        } else {
            10
        }
    };
    let reads = plan(
        &situation("5.10.0", 20_000, 64),
        candidates,
        node(slow_stat),
    )
    .reads;
    assert_eq!(reads[1].predicted, Some(Nanos(50_000)));
}

#[test]
fn where_a_lockup_panics_only_short_reads_are_risked() {
    let mut situation = situation("4.15.0", 10_000, 64);
    let short = plan(&situation, stats(), node(|_| 1_000)).reads;
    assert!(short.iter().all(|read| skipped(read).is_none()));
    let unknown = Observed::Unavailable(Missing::new(MissingKind::Permission, "refused"));
    for panics in [Observed::Value(true), unknown] {
        situation.softlockup_panic = panics;
        let reads = plan(&situation, stats(), node(|_| 1_000)).reads;
        assert!(skipped(&reads[0]).is_none());
        assert!(skipped(&reads[1]).unwrap().contains("softlockup_panic"));
    }
    let absent = Missing::new(MissingKind::Absent, "no such file");
    situation.softlockup_panic = Observed::Unavailable(absent);
    let reads = plan(&situation, stats(), node(|_| 1_000)).reads;
    assert!(reads.iter().all(|read| skipped(read).is_none()));
}

#[test]
fn deadlines_follow_the_prediction_within_bounds() {
    let deadline = |seconds: u64| {
        let leaf = candidate("/a", "memory.stat", Scope::Leaf);
        attempt(&leaf, Nanos(seconds * SECOND)).deadline.as_secs()
    };
    assert_eq!([deadline(0), deadline(2), deadline(9)], [1, 6, 10]);
}

#[test]
fn slow_files_are_read_once_and_fast_ones_repeated() {
    let leaf = candidate("/a", "memory.stat", Scope::Leaf);
    assert_eq!(attempt(&leaf, Nanos(50_000)).repeats, 3);
    assert_eq!(attempt(&leaf, Nanos(21_000_000)).repeats, 1);
    let slabinfo = Candidate {
        kind: FileKind::Slabinfo,
        ..leaf
    };
    assert_eq!(attempt(&slabinfo, Nanos(50_000)).repeats, 1);
}
