//! `diagnose --nodes`: many nodes of which some are sick and some fail in every way.

use crate::kubelet::{Kubelet, REVIEWS, granted};
use crate::run::{command, ended, run};
use crate::support::{LIMIT, finish, start};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nodesleuth_fake_cluster::{Asked, FakeCluster, Reply};
use nodesleuth_model::fleet::FleetReport;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Nodes of three kinds by their number: of each ten, two are sick and one fails.
struct Fleet {
    count: usize,
    sick: Kubelet,
    well: Kubelet,
}

impl Fleet {
    fn of(count: usize) -> Self {
        Self {
            count,
            sick: Kubelet::sick(),
            well: Kubelet {
                cores: 0.02,
                leaked: 0,
                ..Kubelet::sick()
            },
        }
    }

    fn start(self) -> FakeCluster {
        FakeCluster::start(move |asked| self.answer(asked)).unwrap()
    }

    fn answer(&self, asked: &Asked) -> Option<Reply> {
        match asked.path.as_str() {
            REVIEWS => return Some(granted(true)),
            "/api/v1/nodes" => return Some(self.list(asked)),
            "/api/v1/pods" => return self.well.pods(),
            _ => {}
        }
        let (node, page) = asked.of_node()?;
        let number: usize = node.strip_prefix("node-")?.parse().ok()?;
        match number % 10 {
            1 | 2 => self.sick.page(page, asked),
            3 => failing(number / 10).or_else(|| self.well.page(page, asked)),
            _ => self.well.page(page, asked),
        }
    }

    /// In pages, as the API server gives them.
    fn list(&self, asked: &Asked) -> Reply {
        let limit: usize = asked.parameter("limit").unwrap().parse().unwrap();
        let from: usize = asked.parameter("continue").unwrap_or("0").parse().unwrap();
        let to = self.count.min(from + limit);
        let nodes: Vec<String> = (from..to).map(object).collect();
        let more = if to < self.count {
            to.to_string()
        } else {
            String::new()
        };
        Reply::json(format!(
            "{{\"kind\":\"NodeList\",\"metadata\":{{\"continue\":\"{more}\"}},\"items\":[{}]}}",
            nodes.join(",")
        ))
    }
}

/// The sick ones have an old kernel; so has one of the others in ten.
fn object(number: usize) -> String {
    let kernel = match number % 10 {
        1 | 2 | 9 => "4.15.0-1057-aws",
        _ => "5.15.0-100-generic",
    };
    format!(
        "{{\"metadata\":{{\"name\":\"node-{number}\"}},\"status\":{{\"capacity\":{{\"cpu\":\"4\"}},\
         \"nodeInfo\":{{\"kernelVersion\":\"{kernel}\",\"kubeletVersion\":\"v1.20.2\"}}}}}}"
    )
}

/// Every way of failing in turn.
fn failing(way: usize) -> Option<Reply> {
    let unreachable = |why: &str| {
        let message = format!("error trying to reach service: dial tcp 10.0.0.1:10250: {why}");
        Reply::status(500, "", &message)
    };
    Some(match way % 6 {
        0 => unreachable("connect: connection refused"),
        1 => unreachable("i/o timeout").after(Duration::from_secs(2)),
        2 => Reply::never(),
        3 => Reply::hang_up(),
        4 => Reply::text(401, "Unauthorized"),
        _ => Reply::status(429, "TooManyRequests", "later").header("retry-after", "1"),
    })
}

fn report(text: &str) -> FleetReport {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn no_node_is_lost_and_the_sick_are_told_from_the_others() {
    let cluster = Fleet::of(60).start();
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let args = [
        "diagnose",
        "--nodes",
        "all",
        "--in-flight",
        "60",
        "--window",
        "12s",
        // What comes late on a busy machine is not what this is about.
        "--timeout",
        "50s",
        "-o",
        "json",
    ];
    let mut command = command(&cluster, &folder, &args);
    let ran = ended(command.arg("--save-to").arg(&saved));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let report = report(&ran.out);
    assert_eq!(report.nodes.len() + report.failed.len(), 60, "{}", ran.err);
    assert_eq!(report.failed.len(), 6, "{:?}", report.failed);
    assert_eq!(report.groups.len(), 1, "{:?}", report.groups);
    assert_eq!(report.groups[0].id, "many-live-cgroups");
    assert_eq!(report.groups[0].nodes.len(), 12);
    let difference = |name: &str| {
        let mut differences = report.differences.iter();
        differences
            .find(|difference| difference.name == name)
            .unwrap()
    };
    let kernel = difference("kernel");
    assert_eq!(
        (kernel.hot.as_str(), kernel.hot_count),
        ("4.15.0-1057-aws", 12)
    );
    assert_eq!((kernel.other_count, kernel.other_of), (6, 42));
    assert_eq!(difference("cgroups that cAdvisor follows").hot_count, 12);
    let files = std::fs::read_dir(&saved).unwrap().count();
    assert_eq!(files, 54 + 3, "a bundle a node, two profiles and a picture");
    let bundle = saved.join("node-1.tar.gz").display().to_string();
    assert!(
        crate::support::run(&["analyze", &bundle])
            .out
            .contains("kubelet on node-1 burns")
    );
}

#[test]
fn a_report_for_people_says_what_differs() {
    let cluster = Fleet::of(20).start();
    let names = "node-1,node-2,node-4,node-13";
    let ran = run(&cluster, &["diagnose", "--nodes", names, "--window", "1s"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for words in [
        "2 of 3 kubelets are hot",
        "BY CAUSE",
        "kernel 4.15.0-1057-aws: 2 of 2 hot nodes, 0 of 1 others",
        "node-13: the API server does not reach the node",
    ] {
        assert!(ran.out.contains(words), "{words:?} is not in {}", ran.out);
    }
}

#[test]
fn so_many_nodes_as_wanted_are_in_flight() {
    let cluster = Fleet::of(9).start();
    let args = [
        "diagnose",
        "--nodes",
        "all",
        "--window",
        "1s",
        "--in-flight",
        "2",
        "-o",
        "json",
    ];
    let ran = run(&cluster, &args);
    let report = report(&ran.out);
    assert_eq!(report.nodes.len() + report.failed.len(), 9);
    // A node whose window is over is asked for its counters while its profile is still to come.
    let most = cluster.most_at_once();
    assert!((2..=4).contains(&most), "{most}");
}

#[test]
fn a_crowd_begins_with_counters_and_none_is_without_its_cpu() {
    let cluster = Fleet::of(120).start();
    // Those that fail are another test's.
    let answering = (0..120).filter(|number| number % 10 != 3);
    let names: Vec<String> = answering.map(|number| format!("node-{number}")).collect();
    let args = [
        "diagnose",
        "--nodes",
        &names.join(","),
        "--in-flight",
        "200",
        "--window",
        "4s",
        // What comes late on a busy machine is not what this is about.
        "--timeout",
        "90s",
        "-o",
        "json",
    ];
    let report = report(&run(&cluster, &args).out);
    assert_eq!(report.nodes.len(), names.len(), "{:?}", report.failed);
    let unknown = report.nodes.iter().filter(|node| node.cores.is_none());
    assert_eq!(unknown.count(), 0);
    assert_eq!(report.groups[0].id, "many-live-cgroups");
    assert_eq!(report.groups[0].nodes.len(), 24);
    let of_node_1 = "GET /api/v1/nodes/node-1/proxy";
    let asked = cluster.asked();
    let asked: Vec<&str> = asked
        .iter()
        .filter_map(|line| line.strip_prefix(of_node_1))
        .collect();
    let at = |page: &str| asked.iter().position(|asked| asked.starts_with(page));
    assert_eq!(at("/metrics"), Some(0), "{asked:?}");
    assert!(
        at("/debug/pprof/profile") < at("/metrics/cadvisor"),
        "{asked:?}"
    );
    let times = |page: &str| asked.iter().filter(|asked| **asked == page).count();
    let asked_for = (times("/metrics"), times("/metrics/cadvisor"));
    assert_eq!(asked_for, (2, 1), "{asked:?}");
}

#[test]
fn a_sample_and_a_selector_choose_fewer() {
    let cluster = Fleet::of(40).start();
    let args = [
        "diagnose",
        "-l",
        "pool=a,zone in (x)",
        "--sample",
        "4",
        "--window",
        "1s",
        "-o",
        "json",
    ];
    let report = report(&run(&cluster, &args).out);
    assert_eq!(report.nodes.len() + report.failed.len(), 4);
    let listed = cluster
        .asked()
        .into_iter()
        .find(|line| line.contains("/nodes?"))
        .unwrap();
    assert!(
        listed.contains("labelSelector=pool%3Da%2Czone%20in%20%28x%29"),
        "{listed}"
    );
}

#[test]
fn an_interrupt_gives_what_is_there() {
    let cluster = Fleet::of(10).start();
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "diagnose",
        "--nodes",
        "all",
        "--in-flight",
        "3",
        "--window",
        "30s",
        "-o",
        "json",
    ];
    let child = start(&mut command(&cluster, &folder, &args));
    let profiles = || {
        cluster
            .asked()
            .iter()
            .filter(|line| line.contains("/profile"))
            .count()
    };
    let begun = Instant::now();
    while profiles() < 3 && begun.elapsed() < LIMIT {
        sleep(Duration::from_millis(50));
    }
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let ran = finish(child);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let report = report(&ran.out);
    assert_eq!(report.nodes.len() + report.failed.len(), 10);
    assert!(report.nodes.len() >= 2, "{}", ran.out);
    assert!(
        report
            .failed
            .iter()
            .any(|failed| failed.why.contains("interrupted"))
    );
}

#[test]
fn names_that_are_unknown_and_choices_of_nobody_are_refused() {
    let cluster = Fleet::of(3).start();
    for (nodes, words) in [
        ("node-1,node-77", "there is no node node-77"),
        ("a/b", "not the name"),
    ] {
        let ran = run(&cluster, &["diagnose", "--nodes", nodes, "--window", "1s"]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    let cluster = Fleet::of(0).start();
    let ran = run(&cluster, &["diagnose", "--nodes", "all", "--window", "1s"]);
    assert!(ran.err.contains("no node is chosen"), "{}", ran.err);
}

/// Stand-ins for a large cluster, all in flight at once:
/// `cargo test --release -p nodesleuth --test cluster at_once -- --ignored --nocapture`, or with the
/// release's binary in `NODESLEUTH_TEST_BINARY` beside a quick build of the stand-ins.
fn watched_at_once(nodes: usize, in_flight: usize, window: f64) -> String {
    const ROOM: f64 = 1.25;
    let cluster = Fleet::of(nodes).start();
    let folder = tempfile::tempdir().unwrap();
    let (in_flight_text, window_text) = (in_flight.to_string(), format!("{window}s"));
    let args = [
        "diagnose",
        "--nodes",
        "all",
        "--in-flight",
        &in_flight_text,
        "--window",
        &window_text,
        "-o",
        "json",
    ];
    let (ours, begun) = (cpu(UsageWho::RUSAGE_SELF), Instant::now());
    let output = start(&mut command(&cluster, &folder, &args))
        .wait_with_output()
        .unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() >> 10;
    let rounds = nodes.div_ceil(in_flight) as f64;
    let said = String::from_utf8(output.stdout).unwrap();
    let report = report(&said);
    let unknown = report
        .nodes
        .iter()
        .filter(|node| node.cores.is_none())
        .count();
    let mut told = format!(
        "{nodes} nodes, {in_flight} at once: {seconds:.1} s for {rounds} x {window} s (wanted: {:.1} s), {peak} MiB at most; \
         {} failed, of {unknown} others the CPU is not known; CPU {:.1} s, of the stand-ins {:.1} s",
        rounds * window * ROOM,
        report.failed.len(),
        cpu(UsageWho::RUSAGE_CHILDREN),
        cpu(UsageWho::RUSAGE_SELF) - ours,
    );
    for group in &report.groups {
        told.push_str(&format!("\n  {:?}: {} nodes", group.id, group.nodes.len()));
    }
    let counted = report.nodes.len() + report.failed.len();
    assert_eq!(counted, nodes, "{told}");
    assert!(peak < 300, "{told}");
    told
}

/// User and kernel time in seconds.
fn cpu(who: UsageWho) -> f64 {
    let usage = getrusage(who).unwrap();
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

#[test]
#[ignore = "its figures only count on a quiet machine"]
fn hundreds_of_nodes_at_once_take_little_longer_than_one() {
    println!("{}", watched_at_once(300, 300, 20.0));
}

#[test]
#[ignore = "minutes; its figures only count on a quiet machine"]
fn hundreds_of_nodes_in_turns_take_little_longer_than_their_windows() {
    println!("{}", watched_at_once(300, 50, 20.0));
}

#[test]
#[ignore = "its figures only count on a quiet machine"]
fn thousands_of_nodes_at_once_take_little_longer_than_one() {
    println!("{}", watched_at_once(2_000, 2_000, 30.0));
}
