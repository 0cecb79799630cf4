use super::*;
use crate::fake_node::{FakeClock, FakeNode, fifo};
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{DyingMemoryMethod, ReadOutcome, TimedRead};

const PAGE: u64 = 4096;
const MOUNT: &str = "/sys/fs/cgroup/memory";

fn stat(own: u64, total: u64, total_shmem: u64) -> String {
    format!(
        "cache {own}\nrss 0\nshmem 0\ndirty 0\ntotal_cache {total}\ntotal_rss 0\n\
         total_shmem {total_shmem}\ntotal_dirty 0\n"
    )
}

/// 26 pages in dying children of besteffort, 2 in those of a leaf without visible children, and
/// live cgroups with pages of their own.
fn v1() -> FakeNode {
    let file = |fake: FakeNode, path: &str, text: String| {
        fake.file(&format!("{MOUNT}{path}/memory.stat"), &text)
    };
    let mut fake = FakeNode::with_memory_v1("6.18.44", 20_031);
    for (path, own, total, shmem) in [
        ("", 5 * PAGE, 46 * PAGE, 7 * PAGE),
        ("/kubepods", 0, 37 * PAGE, 7 * PAGE),
        ("/kubepods/besteffort", 0, 30 * PAGE, 7 * PAGE),
        ("/kubepods/besteffort/pod1", 4 * PAGE, 4 * PAGE, 0),
        ("/kubepods/burstable", 0, 7 * PAGE, 0),
        ("/kubepods/burstable/pod2", 5 * PAGE, 7 * PAGE, 0),
        ("/system.slice", 4 * PAGE, 4 * PAGE, 0),
    ] {
        fake = file(fake, path, stat(own, total, shmem));
    }
    fake
}

fn census_of(fake: &FakeNode) -> CgroupCensus {
    crate::census(&fake.node, &FakeClock::new(), &Cancel::default()).unwrap()
}

fn timed(path: &str, outcome: ReadOutcome) -> TimedReads {
    TimedReads {
        reads: vec![TimedRead {
            path: path.to_owned(),
            predicted: None,
            outcome,
        }],
        ..TimedReads::default()
    }
}

fn root_took(wall: Nanos) -> TimedReads {
    let outcome = ReadOutcome::Read {
        bytes: Bytes(900),
        wall,
        cpu: wall,
        repeats: 1,
        first_cpu: None,
    };
    timed(&format!("{MOUNT}/memory.stat"), outcome)
}

fn found(fake: &FakeNode, timed: Option<&TimedReads>) -> Result<DyingMemory, Missing> {
    let census = census_of(fake);
    let search = DyingMemorySearch {
        census: &census,
        timed_reads: timed,
        budget: Nanos(2_000_000_000),
        below: "",
    };
    dying_memory(&fake.node, search, &Cancel::default())
}

fn told(memory: &DyingMemory) -> Vec<(&str, u64)> {
    let holders = memory.holders.iter();
    holders
        .map(|holder| (holder.path.as_str(), holder.bytes.unwrap().0 / PAGE))
        .collect()
}

#[test]
fn what_neither_a_cgroup_nor_its_children_explain_is_held_by_dying_ones() {
    let memory = found(&v1(), None).unwrap();
    assert_eq!(memory.method, DyingMemoryMethod::MemoryStat);
    assert_eq!(
        told(&memory),
        [
            ("/kubepods/besteffort", 26),
            ("/kubepods/burstable/pod2", 2)
        ]
    );
    assert_eq!(memory.total, Bytes(28 * PAGE));
    assert_eq!(memory.holders[0].shmem, Some(Bytes(7 * PAGE)));
    assert_eq!(memory.holders[0].spread, Some(Bytes(0)));
    assert_eq!(memory.holders[0].live_children, 1);
    assert!(!memory.partial);
    assert_eq!(
        memory.lowest_holding(0.9),
        Some(("/kubepods/besteffort", Bytes(26 * PAGE)))
    );
}

#[test]
fn one_subtree_is_asked_by_itself_however_dear_the_whole_tree_would_be() {
    let fake = v1();
    let census = census_of(&fake);
    // Seven directories are too many for this budget, the two of the subtree are not.
    let timed = root_took(Nanos(15_000_000));
    let of = |below| {
        let search = DyingMemorySearch {
            census: &census,
            timed_reads: Some(&timed),
            budget: Nanos(60_000_000),
            below,
        };
        dying_memory(&fake.node, search, &Cancel::default())
    };
    let subtree = of("/kubepods/burstable").unwrap();
    assert_eq!(subtree.method, DyingMemoryMethod::MemoryStat);
    assert_eq!(told(&subtree), [("/kubepods/burstable/pod2", 2)]);
    assert_eq!(subtree.total, Bytes(2 * PAGE));
    // Counters are asked instead, which this node does not have.
    let missing = of("/kubepods").unwrap_err();
    assert!(
        missing.reason.contains("memory.usage_in_bytes"),
        "{missing}"
    );
}

#[test]
fn a_hierarchy_mounted_elsewhere_and_shared_with_other_controllers_is_searched_too() {
    let fake = FakeNode::with_memory_v1("6.18.44", 9)
        .file(
            "/proc/self/mountinfo",
            "35 31 0:32 / /dev/cg rw - cgroup cgroup rw,cpu,cpuacct,memory\n",
        )
        .file(
            "/proc/cgroups",
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t4\t9\t1\ncpuacct\t4\t9\t1\n\
             memory\t4\t9\t1\n",
        )
        .file("/dev/cg/memory.stat", &stat(PAGE, 9 * PAGE, 0))
        .file("/dev/cg/a/memory.stat", &stat(PAGE, 6 * PAGE, 0));
    let memory = found(&fake, None).unwrap();
    assert_eq!(told(&memory), [("/a", 5), ("", 2)]);
    assert_eq!(memory.cgroups_read, 2);
}

#[test]
fn where_nothing_is_dying_nothing_is_looked_for() {
    let fake = v1();
    fake.write(
        "/proc/cgroups",
        "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t7\t1\n",
    );
    let memory = found(&fake, None).unwrap();
    assert_eq!((memory.cgroups_read, memory.holders.len()), (0, 0));
}

/// A kernel on which memory.stat walks and the root's hangs: reading any of them would hang this
/// test, as would the root's usage.
fn walking() -> FakeNode {
    walking_as("4.15.0-112-generic")
}

fn walking_as(release: &str) -> FakeNode {
    let mut fake = FakeNode::with_memory_v1(release, 20_031);
    for (path, usage, processes) in [
        ("/kubepods", 900 * PAGE, ""),
        ("/kubepods/besteffort", 800 * PAGE, ""),
        ("/kubepods/besteffort/pod1", 100 * PAGE, "4711\n"),
        ("/kubepods/burstable", 100 * PAGE, ""),
        ("/system.slice", 500 * PAGE, "1\n"),
        ("/init.scope", 300 * PAGE, ""),
    ] {
        let folder = format!("{MOUNT}{path}");
        fake = fake
            .file(
                &format!("{folder}/memory.usage_in_bytes"),
                &format!("{usage}\n"),
            )
            .file(&format!("{folder}/cgroup.procs"), processes);
        fifo(&fake.node.path(&folder), "memory.stat");
    }
    fifo(&fake.node.path(MOUNT), "memory.stat");
    fifo(&fake.node.path(MOUNT), "memory.usage_in_bytes");
    fake
}

#[test]
fn on_a_kernel_that_walks_counters_below_the_root_tell_and_nothing_slow_is_touched() {
    let fake = walking();
    let slow = root_took(Nanos(1_300_000_000));
    let hung = timed(
        &format!("{MOUNT}/memory.stat"),
        ReadOutcome::TimedOut {
            after: Nanos(9_000_000_000),
            stuck: None,
        },
    );
    for timed in [Some(&slow), Some(&hung), None] {
        let memory = found(&fake, timed).unwrap();
        assert_eq!(memory.method, DyingMemoryMethod::UsageInBytes);
        // A cgroup with processes, and a leaf that is not there for others, say nothing.
        assert_eq!(
            told(&memory),
            [("/kubepods/besteffort", 700), ("/kubepods/burstable", 100)]
        );
    }
}

#[test]
fn a_kernel_that_should_not_walk_and_hung_further_down_is_not_asked_for_a_memory_stat() {
    let fake = walking_as("6.18.44");
    let read = |cgroup: &str, outcome| TimedRead {
        path: format!("{MOUNT}{cgroup}/memory.stat"),
        predicted: None,
        outcome,
    };
    let skipped = ReadOutcome::Skipped {
        reason: "this one could hang too".to_owned(),
    };
    let hung = ReadOutcome::TimedOut {
        after: Nanos(1_000_000_000),
        stuck: None,
    };
    let slow = ReadOutcome::Read {
        bytes: Bytes(900),
        wall: Nanos(900_000_000),
        cpu: Nanos(900_000_000),
        repeats: 1,
        first_cpu: None,
    };
    for below in [hung, slow] {
        let timed = TimedReads {
            reads: vec![
                read("/kubepods/besteffort", below),
                read("", skipped.clone()),
            ],
            ..TimedReads::default()
        };
        let memory = found(&fake, Some(&timed)).unwrap();
        assert_eq!(memory.method, DyingMemoryMethod::UsageInBytes);
    }
}

#[test]
fn a_spent_budget_is_a_reason_not_a_zero() {
    let fake = v1();
    let census = census_of(&fake);
    let search = |budget| DyingMemorySearch {
        census: &census,
        timed_reads: None,
        budget: Nanos(budget),
        below: "",
    };
    for budget in [0, 1] {
        let missing = dying_memory(&fake.node, search(budget), &Cancel::default()).unwrap_err();
        assert_eq!(missing.kind, MissingKind::OverBudget, "{missing}");
    }
}

#[test]
fn without_hierarchical_totals_nothing_can_be_said() {
    let fake = v1().file(&format!("{MOUNT}/memory.use_hierarchy"), "0\n");
    let missing = found(&fake, None).unwrap_err();
    assert_eq!(missing.kind, MissingKind::Unsupported);
    assert!(missing.reason.contains("use_hierarchy is 0"), "{missing}");
}

#[test]
fn a_cgroup_removed_between_listing_and_reading_is_one_of_the_dying() {
    let pod = format!("{MOUNT}/kubepods/burstable/pod2");
    let fake = v1();
    fake.remove(&pod);
    // Still listed, and its files are gone.
    let fake = fake.folder(&pod);
    let memory = found(&fake, None).unwrap();
    assert_eq!(
        told(&memory),
        [("/kubepods/besteffort", 26), ("/kubepods/burstable", 7)]
    );
}

#[test]
fn a_cut_file_makes_the_answer_partial() {
    let fake = v1();
    fake.write(&format!("{MOUNT}/system.slice/memory.stat"), "cache 1\nrs");
    let memory = found(&fake, None).unwrap();
    assert!(memory.partial);
}

fn v2(release: &str) -> FakeNode {
    let mut fake = FakeNode::new()
        .file("/proc/sys/kernel/osrelease", release)
        .file("/sys/devices/system/cpu/possible", "0-63\n")
        .link("/proc/self/ns/cgroup", "cgroup:[4026531835]")
        .file(
            "/proc/self/mountinfo",
            "41 31 0:38 / /cg rw - cgroup2 cgroup2 rw\n",
        )
        .file(
            "/proc/cgroups",
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\n",
        )
        .file("/cg/cgroup.controllers", "memory pids\n");
    for (path, dying, anon, file) in [
        ("", 20_007, 0, 0),
        ("/kubepods.slice", 20_005, 2 * PAGE, 40 * PAGE),
        ("/kubepods.slice/pod1", 5, 2 * PAGE, 8 * PAGE),
        ("/kubepods.slice/pod2", 0, 0, PAGE),
        ("/system.slice", 0, 50 * PAGE, 0),
    ] {
        let stat = format!("anon {anon}\nfile {file}\nkernel {PAGE}\nshmem 0\nfile_dirty 0\n");
        fake = fake
            .file(&format!("/cg{path}/memory.stat"), &stat)
            .file(
                &format!("/cg{path}/memory.current"),
                &format!("{}\n", anon + file + PAGE),
            )
            .file(
                &format!("/cg{path}/cgroup.stat"),
                &format!("nr_descendants 4\nnr_dying_descendants {dying}\n"),
            );
    }
    fake
}

#[test]
fn on_v2_the_counts_of_dying_ones_lead_to_the_bytes() {
    let memory = found(&v2("6.1.0-56-cloud-amd64\n"), None).unwrap();
    assert_eq!(memory.method, DyingMemoryMethod::MemoryStatV2);
    let holders: Vec<_> = memory
        .holders
        .iter()
        .map(|holder| (holder.path.as_str(), holder.dying, holder.bytes))
        .collect();
    assert_eq!(
        holders,
        [
            ("/kubepods.slice", Some(20_000), Some(Bytes(31 * PAGE))),
            ("/kubepods.slice/pod1", Some(5), Some(Bytes(10 * PAGE))),
            // The root has processes of its own: what its dying children hold is not told.
            ("", Some(2), None),
        ]
    );
    assert_eq!(memory.total, Bytes(41 * PAGE));
}

#[test]
fn on_an_old_v2_memory_current_tells() {
    let memory = found(&v2("4.15.0-20-generic\n"), None).unwrap();
    assert_eq!(memory.method, DyingMemoryMethod::MemoryCurrent);
    // A page of kernel memory each: 43 − 11 − 2.
    assert_eq!(memory.holders[0].bytes, Some(Bytes(30 * PAGE)));
}
