use super::*;
use crate::fake_node::FakeNode;
use nodesleuth_model::evidence::{Hierarchy, ReadOutcome, TimedRead};

const MOUNT: &str = "/sys/fs/cgroup/memory";

fn node(cgroups: usize) -> FakeNode {
    let mut fake = FakeNode::with_memory_v1("6.1.0", cgroups as u64);
    for number in 0..cgroups {
        let folder = format!("{MOUNT}/kubepods/pod{number}");
        fake = fake
            .file(&format!("{folder}/memory.stat"), "cache 1\n")
            .file(&format!("{folder}/memory.usage_in_bytes"), "1\n");
    }
    fake
}

fn memory() -> Hierarchy {
    Hierarchy {
        mount: MOUNT.to_owned(),
        controllers: vec!["memory".to_owned()],
        ..Hierarchy::default()
    }
}

#[test]
fn a_file_of_two_hierarchies_is_told_apart_and_cpu_time_fits_into_wall_time() {
    let mounts = "35 31 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                  36 31 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    let fake = FakeNode::with_memory_v1("6.1.0", 1)
        .file("/proc/self/mountinfo", mounts)
        .file("/sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n")
        .file("/sys/fs/cgroup/unified/cpu.stat", "usage_usec 1\n")
        .file("/sys/fs/cgroup/cpu/cpu.stat", "nr_periods 0\n");
    let scan = scan(&fake.node, ScanExtent::All(None), &Cancel::default()).unwrap();
    let mut names: Vec<&str> = scan.by_file.iter().map(|file| file.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cgroup2/cpu.stat", "cpu/cpu.stat"]);
    assert!((1..=scan.wall.0).contains(&scan.cpu.0), "{scan:?}");
    let by_file: u64 = scan.by_file.iter().map(|file| file.cpu.0).sum();
    assert!(by_file <= scan.wall.0, "{scan:?}");
}

#[test]
fn every_cgroup_is_read_and_absent_files_are_counted_as_failed() {
    let fake = node(5);
    let scan = scan(&fake.node, ScanExtent::All(None), &Cancel::default()).unwrap();
    // Five pods, kubepods and the root; six memory files each, of which the pods have two.
    assert_eq!((scan.cgroups, scan.files, scan.failed), (7, 10, 32));
    assert!(!scan.sampled);
    let names: Vec<&str> = scan.by_file.iter().map(|file| file.name.as_str()).collect();
    assert!(names.contains(&"memory.stat") && names.contains(&"memory.usage_in_bytes"));
    assert!(
        scan.by_file
            .iter()
            .all(|file| file.files == 5 && file.cpu.0 > 0)
    );
}

#[test]
fn a_sample_takes_some_leaves_and_says_that_it_is_one() {
    let scan = scan(&node(90).node, ScanExtent::Sample, &Cancel::default()).unwrap();
    assert!(scan.sampled);
    assert!(
        (1..=SAMPLE as u64).contains(&scan.cgroups),
        "{}",
        scan.cgroups
    );
}

#[test]
fn cgroups_that_hold_others_are_left_out_where_they_may_be_slow() {
    let fake = node(3);
    fake.write("/proc/sys/kernel/osrelease", "4.15.0\n");
    let table = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t20031\t1\n";
    fake.write("/proc/cgroups", table);
    let scan = scan(&fake.node, ScanExtent::All(None), &Cancel::default()).unwrap();
    assert_eq!(scan.cgroups, 3);
    assert!(scan.sampled);
}

#[test]
fn and_where_one_of_them_hung_when_it_was_timed() {
    let fake = node(3);
    let timed = TimedReads {
        reads: vec![TimedRead {
            path: format!("{MOUNT}/kubepods/memory.stat"),
            predicted: None,
            outcome: ReadOutcome::TimedOut {
                after: Nanos(1_000_000_000),
                stuck: None,
            },
        }],
        ..TimedReads::default()
    };
    let extent = ScanExtent::All(Some(&timed));
    let scan = scan(&fake.node, extent, &Cancel::default()).unwrap();
    assert_eq!((scan.cgroups, scan.sampled), (3, true));
}

#[test]
fn a_cgroup_removed_after_it_was_listed_is_passed_over() {
    let fake = node(2);
    let group = Group::open(&fake.node, &memory(), &[c"memory.stat"]).unwrap();
    fake.remove(&format!("{MOUNT}/kubepods/pod1"));
    let limits = Limits {
        wall: Nanos(u64::MAX),
        slow_file: Nanos(u64::MAX),
    };
    let cgroups = [c"kubepods/pod0".to_owned(), c"kubepods/pod1".to_owned()];
    let scan = Reader::new(vec![group]).read(&cgroups, &limits, &Cancel::default());
    assert_eq!((scan.cgroups, scan.files, scan.failed), (2, 1, 0));
}

#[test]
fn a_slow_file_ends_a_sample() {
    let fake = node(3);
    let group = Group::open(&fake.node, &memory(), &[c"memory.stat"]).unwrap();
    let limits = Limits {
        wall: Nanos(u64::MAX),
        slow_file: Nanos(0),
    };
    let cgroups = ["kubepods/pod0", "kubepods/pod1"].map(|path| CString::new(path).unwrap());
    let scan = Reader::new(vec![group]).read(&cgroups, &limits, &Cancel::default());
    assert_eq!((scan.cgroups, scan.sampled), (1, true));
}

#[test]
fn without_a_hierarchy_there_is_nothing_to_scan() {
    let fake = FakeNode::new().file(
        "/proc/self/mountinfo",
        "21 1 0:3 / /proc rw - proc proc rw\n",
    );
    let missing = scan(&fake.node, ScanExtent::All(None), &Cancel::default()).unwrap_err();
    assert_eq!(missing.kind, MissingKind::Absent);
}
