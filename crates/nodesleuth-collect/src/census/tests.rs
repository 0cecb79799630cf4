use super::*;
use crate::fake_node::{FakeClock, FakeNode};
use nodesleuth_model::evidence::{CgroupVersion, Hierarchy};
use nodesleuth_model::{MissingKind, Observed};

const HEAD: &str = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n";
const MEMORY: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
const V2: &str = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

fn node(mounts: &str, table: &str) -> FakeNode {
    FakeNode::new()
        .file("/proc/self/mountinfo", mounts)
        .file("/proc/cgroups", &format!("{HEAD}{table}"))
        .link("/proc/self/ns/cgroup", "cgroup:[4026531835]")
}

fn count(fake: &FakeNode) -> CgroupCensus {
    census(&fake.node, &FakeClock::new(), &Cancel::default()).unwrap()
}

fn only(fake: &FakeNode) -> Hierarchy {
    let mut census = count(fake);
    assert_eq!(census.hierarchies.len(), 1);
    census.hierarchies.remove(0)
}

#[test]
fn v1_dying_is_the_kernels_count_without_the_directories() {
    let fake = node(MEMORY, "memory\t4\t20005\t1\n")
        .folder("/sys/fs/cgroup/memory/kubepods/besteffort")
        .folder("/sys/fs/cgroup/memory/system.slice/cron.service");
    let memory = only(&fake);
    assert_eq!(memory.live, Observed::Value(5));
    assert_eq!(memory.kernel_count, Observed::Value(20_005));
    let dying = memory.dying.value().unwrap();
    assert_eq!(dying.count, 20_000);
    assert_eq!(
        dying.how,
        "20,005 counted by the kernel (/proc/cgroups) − 5 directories"
    );
    assert_eq!((memory.max_depth, memory.partial), (2, false));
}

#[test]
fn a_removal_that_the_kernel_counts_late_is_evened_out() {
    let fake = node(MEMORY, "memory\t4\t9\t1\n").folder("/sys/fs/cgroup/memory/a");
    let later = format!("{HEAD}memory\t4\t3\t1\n");
    let clock = FakeClock::new().at(SECOND_COUNT_AFTER, || fake.write("/proc/cgroups", &later));
    let census = census(&fake.node, &clock, &Cancel::default()).unwrap();
    assert_eq!(census.hierarchies[0].dying.value().unwrap().count, 1);
    assert_eq!(census.hierarchies[0].kernel_count, Observed::Value(3));
}

#[test]
fn directories_are_counted_by_pattern_below_their_parents_pattern() {
    let mut fake = node(MEMORY, "memory\t4\t40\t1\n");
    for number in 0..30 {
        let scope = format!("/sys/fs/cgroup/memory/system.slice/run-r{number:032x}.scope");
        fake = fake.folder(&scope);
    }
    let patterns = only(&fake).patterns;
    assert_eq!(patterns[0].pattern, "/system.slice/run-r*.scope");
    assert_eq!(patterns[0].count, 30);
    assert!(patterns[0].example.starts_with("/system.slice/run-r0000"));
    assert_eq!(patterns[1].pattern, "/system.slice");
}

#[test]
fn hybrid_lists_both_kinds_and_each_is_counted_its_own_way() {
    let fake = node(&format!("{MEMORY}{V2}"), "memory\t4\t12\t1\n")
        .folder("/sys/fs/cgroup/memory/a")
        .folder("/sys/fs/cgroup/unified/b")
        .file("/sys/fs/cgroup/unified/cgroup.controllers", "\n")
        .file(
            "/sys/fs/cgroup/unified/cgroup.stat",
            "nr_descendants 1\nnr_dying_descendants 7\nnr_dying_subsys_memory 6\n",
        );
    let census = count(&fake);
    let [v1, v2] = census.hierarchies.as_slice() else {
        panic!("{census:?}");
    };
    assert_eq!(
        (v1.version, v1.dying.value().unwrap().count),
        (CgroupVersion::V1, 10)
    );
    assert_eq!(
        (v2.version, v2.dying.value().unwrap().count),
        (CgroupVersion::V2, 7)
    );
    assert!(
        v2.dying
            .value()
            .unwrap()
            .how
            .contains("nr_dying_subsys_memory 6")
    );
    assert_eq!(v2.kernel_count, Observed::Value(9));
    assert_eq!(census.memory().unwrap().mount, "/sys/fs/cgroup/memory");
}

#[test]
fn on_v2_the_memory_controller_is_where_it_is_listed() {
    let fake = node(V2, "")
        .file(
            "/sys/fs/cgroup/unified/cgroup.controllers",
            "cpu io memory pids\n",
        )
        .file(
            "/sys/fs/cgroup/unified/cgroup.stat",
            "nr_descendants 0\nnr_dying_descendants 3\n",
        );
    let census = count(&fake);
    assert_eq!(census.memory().unwrap().dying.value().unwrap().count, 3);
}

#[test]
fn co_mounted_controllers_are_one_hierarchy() {
    let mount = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
    let fake =
        node(mount, "cpu\t1\t2\t1\ncpuacct\t1\t2\t1\n").folder("/sys/fs/cgroup/cpu,cpuacct/a");
    let hierarchy = only(&fake);
    assert_eq!(hierarchy.controllers, ["cpu", "cpuacct"]);
    assert_eq!(hierarchy.dying.value().unwrap().count, 0);
}

#[test]
fn without_a_memory_row_dying_is_unknown_not_zero() {
    let fake = node(MEMORY, "cpu\t1\t2\t1\n").folder("/sys/fs/cgroup/memory/a");
    let census = count(&fake);
    let hierarchy = &census.hierarchies[0];
    assert_eq!(hierarchy.live, Observed::Value(2));
    let missing = hierarchy.dying.missing().unwrap();
    assert_eq!(missing.kind, MissingKind::Unsupported);
    assert_eq!(missing.reason, "/proc/cgroups has no row for memory");
}

#[test]
fn a_part_of_the_tree_gives_no_dying_count() {
    let part = MEMORY.replace("0:32 / ", "0:32 /docker/abc ");
    let fake = node(&part, "memory\t4\t500\t1\n").folder("/sys/fs/cgroup/memory/a");
    let memory = only(&fake);
    assert_eq!(memory.live, Observed::Value(2));
    assert!(
        memory
            .dying
            .missing()
            .unwrap()
            .reason
            .contains("only a part")
    );
}

#[test]
fn a_cgroup_namespace_hides_the_rest_even_where_the_mount_says_root() {
    let fake = FakeNode::new()
        .file("/proc/self/mountinfo", MEMORY)
        .file("/proc/cgroups", &format!("{HEAD}memory\t4\t500\t1\n"))
        .folder("/sys/fs/cgroup/memory")
        .link("/proc/self/ns/cgroup", "cgroup:[4026532999]");
    assert!(only(&fake).dying.missing().is_some());
}

#[test]
fn no_hierarchy_is_an_absence_and_a_cut_mount_table_is_malformed() {
    let fake = FakeNode::new().file(
        "/proc/self/mountinfo",
        "21 1 0:3 / /proc rw - proc proc rw\n",
    );
    let nothing = census(&fake.node, &FakeClock::new(), &Cancel::default()).unwrap_err();
    assert_eq!(nothing.kind, MissingKind::Absent);
    fake.write("/proc/self/mountinfo", "21 1 0:3 / /proc");
    let cut = census(&fake.node, &FakeClock::new(), &Cancel::default()).unwrap_err();
    assert_eq!(cut.kind, MissingKind::Malformed);
}

#[test]
fn a_mount_that_cannot_be_listed_stands_in_its_entry() {
    let fake = node(MEMORY, "memory\t4\t500\t1\n");
    let memory = only(&fake);
    assert_eq!(memory.live.missing().unwrap().kind, MissingKind::Absent);
    assert_eq!(memory.dying.missing().unwrap().kind, MissingKind::Absent);
}
