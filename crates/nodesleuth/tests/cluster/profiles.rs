//! `pprof` and `flame` straight from a cluster.

use crate::kubelet::Kubelet;
use crate::run::run;
use nodesleuth_fake_cluster::{Asked, FakeCluster, Reply};

const HOUSEKEEPING: &str = "manager.(*containerData).housekeeping";

fn sick() -> FakeCluster {
    let kubelet = Kubelet::sick();
    FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap()
}

#[test]
fn a_nodes_profile_is_reported_and_drawn() {
    let cluster = sick();
    let top = run(
        &cluster,
        &["pprof", "-top", "-cum", "--node", "node-a", "--window=1s"],
    );
    assert_eq!(top.code, Some(0), "{top:?}");
    assert!(top.out.contains(HOUSEKEEPING), "{top:?}");
    let folded = [
        "flame", "--node", "node-a", "--window", "1s", "--format", "folded",
    ];
    let folded = run(&cluster, &folded);
    assert!(folded.out.contains(HOUSEKEEPING), "{folded:?}");
}

#[test]
fn a_pods_heap_is_fetched_by_its_port() {
    let answer = |asked: &Asked| {
        let page = "/api/v1/namespaces/mon/pods/cadvisor-x:8080/proxy/debug/pprof/heap";
        (asked.path == page)
            .then(|| Reply::ok("application/octet-stream", crate::kubelet::profile(1, 0.5)))
    };
    let cluster = FakeCluster::start(answer).unwrap();
    let args = [
        "pprof",
        "-top",
        "--pod=mon/cadvisor-x:8080",
        "--path=/debug/pprof/heap",
    ];
    let top = run(&cluster, &args);
    assert_eq!(top.code, Some(0), "{top:?}");
    let args = [
        "pprof",
        "-top",
        "--pod=cadvisor-x:8080",
        "--namespace",
        "mon",
        "--path=/debug/pprof/heap",
    ];
    let top = run(&cluster, &args);
    assert_eq!(top.code, Some(0), "{top:?}");
}

#[test]
fn pprofs_own_seconds_are_the_length_of_a_nodes_profile() {
    let cluster = sick();
    let top = run(&cluster, &["pprof", "-top", "-seconds=2", "--node=node-a"]);
    assert_eq!(top.code, Some(0), "{top:?}");
    let asked = cluster.asked();
    assert!(
        asked
            .iter()
            .any(|line| line.ends_with("/debug/pprof/profile?seconds=2")),
        "{asked:?}"
    );
}

#[test]
fn wrong_words_are_refused_before_anything_is_asked() {
    let cluster = FakeCluster::start(|_| None).unwrap();
    for (args, words) in [
        (
            &["pprof", "-top", "--node", "n", "--path", "/run/x"][..],
            "no profile's page",
        ),
        (&["pprof", "-top", "--pod", "x"][..], "NAMESPACE/POD:PORT"),
        (
            &["pprof", "-top", "--pod", "a/b:80", "--namespace", "c"][..],
            "names its namespace already",
        ),
        (
            &["pprof", "-top", "--node", "n", "-seconds=5", "--window=5s"][..],
            "both say how long",
        ),
        (
            &["flame", "--node", "n", "--namespace", "c"][..],
            "cannot be used with",
        ),
        (&["flame", "--pod", "a/b:0x1"][..], "NAMESPACE/POD:PORT"),
        (
            &["flame", "--window", "3s", "x.pb.gz"][..],
            "for profiles from a cluster",
        ),
    ] {
        let ran = run(&cluster, args);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
    }
}
