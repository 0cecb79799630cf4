use super::tally::Tally;
use super::*;
use crate::Quiet;
use crate::fake_node::{FakeClock, FakeNode};
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{ReadOutcome, TimedRead};
use nodesleuth_trace::{CgroupChange, CgroupEvent};

const TABLE: &str = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t";

fn event(change: CgroupChange, id: u64, time_ms: u64, path: &str) -> CgroupEvent {
    CgroupEvent {
        time_ns: time_ms * 1_000_000,
        pid: 7,
        change,
        hierarchy: 4,
        id,
        path: path.to_owned(),
    }
}

#[test]
fn births_deaths_and_lags_are_told_by_pattern_with_who_made_them() {
    let fake = FakeNode::new().file("/proc/7/comm", "systemd\n");
    let mut tally = Tally::default();
    let scope = |n: u64| format!("/system.slice/run-r{n:032x}.scope");
    for n in 0..4 {
        tally.add(&fake.node, event(CgroupChange::Made, n, n, &scope(n)));
    }
    for n in 0..3 {
        tally.add(&fake.node, event(CgroupChange::Removed, n, 10, &scope(n)));
    }
    tally.add(&fake.node, event(CgroupChange::Released, 0, 15, &scope(0)));
    tally.add(&fake.node, event(CgroupChange::Released, 1, 40, &scope(1)));
    // Removed before the watch began.
    tally.add(&fake.node, event(CgroupChange::Released, 99, 41, "/old"));
    let growth = tally.growth(9);
    assert_eq!(
        (growth.made, growth.removed, growth.released),
        (Some(4), Some(3), Some(3))
    );
    assert_eq!(growth.waiting, Some(1));
    let lag = growth.lag.unwrap();
    assert_eq!(
        (lag.cgroups, lag.median, lag.longest),
        (2, Nanos(5_000_000), Nanos(30_000_000))
    );
    assert_eq!(growth.groups[0].pattern, "/system.slice/run-r*.scope");
    assert_eq!(growth.groups[0].maker.as_deref(), Some("systemd"));
    assert_eq!(growth.groups[1].released, 1);
}

fn root_takes(wall: u64) -> TimedReads {
    TimedReads {
        reads: vec![TimedRead {
            path: "/sys/fs/cgroup/memory/memory.stat".to_owned(),
            predicted: None,
            outcome: ReadOutcome::Read {
                bytes: Bytes(900),
                wall: Nanos(wall),
                cpu: Nanos(wall),
                repeats: 3,
                first_cpu: None,
            },
        }],
        ..TimedReads::default()
    }
}

/// Ten minutes in which the kernel's count grows from 1,031 to 1,131.
fn watched(release: &str, timed: Option<&TimedReads>) -> CgroupGrowth {
    let fake = FakeNode::with_memory_v1(release, 1_031)
        .folder("/sys/fs/cgroup/memory/system.slice/run-r00000001.scope");
    let length = Duration::from_secs(600);
    let clock = FakeClock::new().at(Duration::from_secs(300), || {
        fake.write("/proc/cgroups", &format!("{TABLE}1131\t1\n"));
        for n in 2..5 {
            let scope = format!("/sys/fs/cgroup/memory/system.slice/run-r0000000{n}.scope");
            fake.add_folder(&scope);
        }
    });
    let watch = GrowthWatch {
        length,
        timed,
        progress: &Quiet,
    };
    let cancel = Cancel::default();
    let before = census(&fake.node, &clock, &cancel).unwrap();
    let way = Way::TwoCounts("refused".to_owned());
    let memory = before.memory().unwrap();
    watch_by(way, &fake.node, &clock, &cancel, watch, memory).unwrap()
}

#[test]
fn without_tracepoints_names_tell_what_came_and_went_and_counts_how_many_stay() {
    let fake = FakeNode::with_memory_v1("6.1.0-56-cloud-amd64", 1_031)
        .folder("/sys/fs/cgroup/memory/system.slice/cron.service");
    let clock = FakeClock::new().at(Duration::from_secs(3), || {
        fake.write("/proc/cgroups", &format!("{TABLE}1131\t1\n"));
        fake.add_folder("/sys/fs/cgroup/memory/system.slice/run-r00000001.scope");
        fake.remove("/sys/fs/cgroup/memory/system.slice/run-r00000001.scope");
    });
    let watch = GrowthWatch {
        length: Duration::from_secs(60),
        timed: None,
        progress: &Quiet,
    };
    let growth = watch_growth(&fake.node, &clock, &Cancel::default(), watch).unwrap();
    let GrowthMethod::Names { because, .. } = &growth.method else {
        panic!("{growth:?}");
    };
    assert!(
        because.contains("only this machine's own kernel"),
        "{because}"
    );
    assert_eq!((growth.made, growth.removed), (Some(1), Some(1)));
    assert_eq!((growth.released, growth.waiting), (None, None));
    let group = &growth.groups[0];
    assert_eq!(group.pattern, "/system.slice/run-r*.scope");
    assert_eq!(group.unit.as_deref(), Some("run-r00000001.scope"));
    // Only counts say how many are dying.
    assert_eq!(growth.dying_a_day(), Ok(144_000.0));
}

#[test]
fn without_either_two_counts_are_compared() {
    let growth = watched("4.15.0-112-generic", Some(&root_takes(11_310_000)));
    assert!(matches!(growth.method, GrowthMethod::TwoCounts { .. }));
    assert_eq!(growth.made, None);
    assert_eq!(growth.live, Observed::Value((3, 6)));
    assert_eq!(growth.dying, Observed::Value((1_028, 1_125)));
    assert_eq!(
        (growth.groups[0].pattern.as_str(), growth.groups[0].made),
        ("/system.slice/run-r*.scope", 3)
    );
    let forecast = growth.forecast.value().unwrap();
    assert!(forecast.measured);
    // 97 in ten minutes, 10 µs each: 140 ms more a day.
    assert!((13_900.0..14_000.0).contains(&forecast.dying_a_day));
    assert_eq!(forecast.passes[0].1, Some(0.0));
    assert!(
        (0.62..0.65).contains(&forecast.passes[1].1.unwrap()),
        "{forecast:?}"
    );
}

#[test]
fn a_kernel_without_the_walk_never_gets_slow() {
    let growth = watched("6.1.0-56-cloud-amd64", None);
    assert!(
        growth
            .forecast
            .missing()
            .unwrap()
            .reason
            .contains("costs the same")
    );
    // And a fast read wins over what the release says.
    let backported = watched("4.15.0-112-generic", Some(&root_takes(50_000)));
    assert!(backported.forecast.missing().is_some());
}

#[test]
fn untimed_the_table_of_kernels_tells_the_price() {
    let growth = watched("4.15.0-112-generic", None);
    let forecast = growth.forecast.value().unwrap();
    assert!(!forecast.measured);
    // Two possible CPUs count as three: 3.15 µs.
    assert!(
        (3_140.0..3_160.0).contains(&forecast.nanos_each),
        "{forecast:?}"
    );
}
