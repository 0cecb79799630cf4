//! A kubelet that is too slow for some of its own pages: what comes is reported, what does not is a
//! fact, and the run ends in time.

use crate::kubelet::{Kubelet, metrics_page};
use crate::run::run;
use crate::support::Run;
use nodesleuth_fake_cluster::{Asked, FakeCluster, Reply};
use nodesleuth_model::{Diagnosis, FactValue, Outcome};
use std::time::{Duration, Instant};

/// Seconds of the window, and in all.
const DIAGNOSE: &[&str] = &[
    "diagnose",
    "--node",
    "node-a",
    "--window",
    "2s",
    "--timeout",
    "14s",
    "-o",
    "json",
];
/// The node's time, and what starting and analysing may take on a busy machine.
const BOUND: Duration = Duration::from_secs(40);

/// A run against a sick kubelet, with other replies where `other` has them.
#[track_caller]
fn against(other: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> (Run, Diagnosis) {
    let kubelet = Kubelet::sick();
    let answer = move |asked: &Asked| {
        let page = asked.of_node().map(|(_, page)| page);
        page.and_then(&other).or_else(|| kubelet.answer(asked))
    };
    let cluster = FakeCluster::start(answer).unwrap();
    let begun = Instant::now();
    let ran = run(&cluster, DIAGNOSE);
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let diagnosis = serde_json::from_str(&ran.out).unwrap();
    (ran, diagnosis)
}

fn fact(diagnosis: &Diagnosis, name: &str) -> Option<FactValue> {
    diagnosis.facts[name].value.clone()
}

fn number(diagnosis: &Diagnosis, name: &str) -> f64 {
    match fact(diagnosis, name) {
        Some(FactValue::Number(number)) => number,
        other => panic!("{name}: {other:?}"),
    }
}

#[track_caller]
fn explains(diagnosis: &Diagnosis, id: &str) {
    assert_eq!(
        diagnosis.outcome,
        Outcome::CauseFound,
        "{}",
        diagnosis.verdict
    );
    assert_eq!(diagnosis.findings[0].id, id);
}

#[track_caller]
fn says(diagnosis: &Diagnosis, words: &str) {
    let rows = &diagnosis.not_checked;
    assert!(
        rows.iter().any(|row| row.why.contains(words)),
        "{words:?} is not in {rows:?}"
    );
}

/// Minutes for these two with 10,000 leaked cgroups: the kubelet's goroutines tell how many there
/// are.
#[test]
fn statistics_that_never_come_cost_neither_the_profile_nor_the_answer() {
    let (_, diagnosis) = against(|page| match page {
        "/metrics/cadvisor" | "/stats/summary" => Some(Reply::never()),
        _ => None,
    });
    explains(&diagnosis, "many-live-cgroups");
    assert!(number(&diagnosis, "cgroup.live.max") >= 10_000.0);
    assert!(number(&diagnosis, "kubelet.pages.slowest_seconds") >= 2.0);
    let unanswered = fact(&diagnosis, "kubelet.pages.unanswered");
    let FactValue::Text(pages) = unanswered.unwrap() else {
        panic!()
    };
    assert!(pages.contains("/metrics/cadvisor"), "{pages}");
    says(&diagnosis, "no answer within");
}

#[test]
fn a_page_that_trickles_ends_too() {
    let (_, diagnosis) = against(|page| {
        let is_stats = page == "/metrics/cadvisor";
        let text = "container_last_seen{id=\"/a\"} 1 1\n".repeat(1_000);
        let slow = Reply::ok("text/plain", text).trickle(1, Duration::from_millis(100));
        is_stats.then_some(slow)
    });
    explains(&diagnosis, "many-live-cgroups");
    says(&diagnosis, "was not complete after");
}

/// Some hundred cgroups a second come of 20,000, and nobody else says how many there are.
#[test]
fn the_beginning_of_a_page_that_trickles_counts() {
    let long = Kubelet {
        leaked: 20_000,
        ..Kubelet::sick()
    };
    let (_, diagnosis) = against(move |page| match page {
        "/metrics/cadvisor" => {
            Some(metrics_page(long.container_stats()).trickle(60_000, Duration::from_millis(500)))
        }
        "/debug/pprof/goroutine" | "/stats/summary" => Some(Reply::never()),
        _ => None,
    });
    explains(&diagnosis, "many-live-cgroups");
    let live = number(&diagnosis, "cgroup.live.max");
    assert!((500.0..19_000.0).contains(&live), "{live}");
    assert!(
        diagnosis.facts["cgroup.live.max"]
            .source
            .contains("at least")
    );
    says(&diagnosis, "was not complete after");
}

/// Metrics come after 3 s of the 10: the profile is taken meanwhile.
#[test]
fn metrics_that_come_late_open_the_window_all_the_same() {
    let kubelet = Kubelet::sick();
    let answer = move |asked: &Asked| {
        let reply = kubelet.answer(asked)?;
        Some(match asked.of_node() {
            Some((_, "/metrics")) => reply.after(Duration::from_secs(4)),
            _ => reply,
        })
    };
    let cluster = FakeCluster::start(answer).unwrap();
    let args = [
        "diagnose",
        "--node",
        "node-a",
        "--window",
        "4s",
        "--timeout",
        "16s",
        "-o",
        "json",
    ];
    let ran = run(&cluster, &args);
    let diagnosis: Diagnosis = serde_json::from_str(&ran.out).unwrap();
    explains(&diagnosis, "many-live-cgroups");
    let cores = diagnosis.target.as_ref().unwrap().cores.unwrap().0;
    assert!((cores - 0.8).abs() < 0.15, "{cores}");
    assert!(number(&diagnosis, "kubelet.pages.slowest_seconds") >= 4.0);
    let asked = cluster.asked();
    let at = |page: &str| asked.iter().position(|line| line.contains(page)).unwrap();
    assert!(
        at("/debug/pprof/profile") < at("/metrics/cadvisor"),
        "{asked:?}"
    );
}

/// Its profile tells what it burns, at least.
#[test]
fn without_any_metrics_the_profile_counts() {
    let (_, diagnosis) = against(|page| match page {
        "/metrics" | "/metrics/cadvisor" | "/stats/summary" => Some(Reply::never()),
        _ => None,
    });
    let cores = diagnosis.target.as_ref().unwrap().cores.unwrap().0;
    assert!((cores - 0.8).abs() < 0.1, "{cores}");
    explains(&diagnosis, "many-live-cgroups");
    let notes = diagnosis.ledger.views[0].notes.join("; ");
    assert!(notes.contains("at least"), "{notes}");
}

#[test]
fn a_kubelet_that_says_nothing_at_all_is_given_up() {
    let kubelet = Kubelet::sick();
    let answer = move |asked: &Asked| match asked.of_node() {
        Some(_) => Some(Reply::never()),
        None => kubelet.answer(asked),
    };
    let cluster = FakeCluster::start(answer).unwrap();
    let begun = Instant::now();
    let ran = run(&cluster, DIAGNOSE);
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    for words in ["no answer within", "frozen", "--timeout"] {
        assert!(ran.err.contains(words), "{words:?} is not in {}", ran.err);
    }
}

#[test]
fn a_server_that_asks_to_wait_for_longer_than_there_is_time_is_not_waited_for() {
    let (_, diagnosis) = against(|page| {
        let later = Reply::status(429, "TooManyRequests", "later").header("retry-after", "60");
        (page == "/stats/summary").then_some(later)
    });
    explains(&diagnosis, "many-live-cgroups");
}

#[test]
fn a_time_that_leaves_none_for_pages_is_refused() {
    let cluster = FakeCluster::start(|_| None).unwrap();
    let args = [
        "diagnose",
        "--node",
        "node-a",
        "--window",
        "20s",
        "--timeout",
        "20s",
    ];
    let ran = run(&cluster, &args);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(
        ran.err.contains("leaves no time beside a window"),
        "{}",
        ran.err
    );
}
