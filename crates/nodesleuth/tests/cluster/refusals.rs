//! Everything that may be answered instead: one clear message with the next step, exit code 2; or
//! a report that says what is missing.

use crate::kubelet::{Kubelet, REVIEWS, granted};
use crate::run::{command, ended, run};
use crate::support::{Run, nodesleuth};
use nodesleuth_fake_cluster::{Asked, FakeCluster, Reply};
use nodesleuth_model::{Diagnosis, Outcome};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const DIAGNOSE: &[&str] = &[
    "diagnose", "--node", "node-a", "--window", "1s", "-o", "json",
];

/// A run against a sick kubelet, with other replies where `other` has them.
fn against(other: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Run {
    let kubelet = Kubelet::sick();
    let answer = move |asked: &Asked| other(asked).or_else(|| kubelet.answer(asked));
    let cluster = FakeCluster::start(answer).unwrap();
    run(&cluster, DIAGNOSE)
}

/// Every page of the kubelet is answered so.
fn of_kubelet(reply: Reply) -> impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static {
    move |asked| asked.of_node().map(|_| reply.clone())
}

/// Its profile is answered so.
fn of_profile(reply: Reply) -> impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static {
    move |asked| asked.path.ends_with("/profile").then(|| reply.clone())
}

#[track_caller]
fn fails(ran: &Run, words: &[&str]) {
    assert_eq!(ran.code, Some(2), "{}\n{}", ran.out, ran.err);
    assert!(ran.out.is_empty());
    for words in words {
        assert!(ran.err.contains(words), "{words:?} is not in {}", ran.err);
    }
}

/// The report, in which no stack is known, and this is why.
#[track_caller]
fn reports(ran: &Run, words: &[&str]) -> Diagnosis {
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let diagnosis: Diagnosis = serde_json::from_str(&ran.out).unwrap();
    let why: Vec<&str> = diagnosis
        .not_checked
        .iter()
        .map(|row| row.why.as_str())
        .collect();
    for words in words {
        assert!(
            why.iter().any(|why| why.contains(words)),
            "{words:?} is not in {why:?}"
        );
    }
    diagnosis
}

fn unreachable(why: &str) -> Reply {
    Reply::status(500, "", &format!("error trying to reach service: {why}"))
}

#[test]
fn without_the_right_nothing_is_asked_and_the_role_is_named() {
    let ran = against(|asked| (asked.path == REVIEWS).then(|| granted(false)));
    fails(
        &ran,
        &[
            "you may not get nodes/proxy",
            "kubectl create clusterrole",
            "nodes,nodes/proxy",
        ],
    );
}

#[test]
fn a_right_that_is_refused_later_is_explained_too() {
    let said = "nodes \"node-a\" is forbidden: User \"dev\" cannot get resource \"nodes/proxy\"";
    let ran = against(of_kubelet(Reply::status(403, "Forbidden", said)));
    fails(
        &ran,
        &["User \"dev\" cannot get", "kubectl create clusterrole"],
    );
}

#[test]
fn a_token_that_is_not_accepted() {
    let ran = against(|_| Some(Reply::status(401, "Unauthorized", "Unauthorized")));
    fails(&ran, &["Unauthorized", "log in again"]);
}

#[test]
fn a_node_that_does_not_exist() {
    let kubelet = Kubelet::sick();
    let cluster = FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap();
    let ran = run(
        &cluster,
        &["diagnose", "--node", "node-zz", "--window", "1s"],
    );
    fails(&ran, &["nodes \"node-zz\" not found", "kubectl get nodes"]);
}

#[test]
fn a_name_that_is_none_is_not_put_into_a_path() {
    let cluster = FakeCluster::start(|_| None).unwrap();
    for name in ["../pods", "a/b", "A", "", "a..b"] {
        let ran = run(&cluster, &["diagnose", "--node", name]);
        fails(&ran, &["is not the name of a node"]);
    }
}

#[test]
fn kubelets_that_are_down_unreachable_or_forbid() {
    let down = "dial tcp 10.199.0.10:10250: connect: connection refused";
    fails(
        &against(of_kubelet(unreachable(down))),
        &["connection refused", "systemctl status kubelet"],
    );
    let lost = unreachable("dial tcp 10.199.0.10:10250: i/o timeout");
    fails(
        &against(of_kubelet(lost)),
        &["does not reach the node", "firewall"],
    );
    let text = "Forbidden (user=kube-apiserver, verb=get, resource=nodes, subresource=metrics)";
    fails(
        &against(of_kubelet(Reply::text(403, text))),
        &["system:kubelet-api-admin"],
    );
}

#[test]
fn a_front_end_that_wants_a_login() {
    let login = Reply::text(302, "").header("location", "https://login.example/?token=secret");
    let ran = against(move |_| Some(login.clone()));
    fails(&ran, &["redirect", "log"]);
    assert!(!ran.err.contains("secret"));
}

#[test]
fn something_else_that_answers() {
    let page = Reply::ok("text/html", "<html><body>welcome</body></html>");
    let ran = against(of_kubelet(page));
    let diagnosis = reports(&ran, &["Prometheus metrics line 1"]);
    assert_eq!(diagnosis.outcome, Outcome::NotIdentified);
}

#[test]
fn nobody_at_the_servers_address() {
    let cluster = FakeCluster::start(|_| None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&cluster, &folder, DIAGNOSE);
    drop(cluster);
    let ran = ended(&mut command);
    fails(&ran, &["cannot be reached", "HTTPS_PROXY"]);
}

#[test]
fn a_certificate_that_is_not_trusted() {
    let (ours, theirs) = (
        FakeCluster::start(|_| None).unwrap(),
        FakeCluster::start(|_| None).unwrap(),
    );
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&ours, &folder, DIAGNOSE);
    // The authority of another server.
    let other = tempfile::tempdir().unwrap();
    theirs.write_kubeconfig(other.path()).unwrap();
    std::fs::copy(other.path().join("ca.crt"), folder.path().join("ca.crt")).unwrap();
    let ran = ended(&mut command);
    fails(&ran, &["not trusted", "certificate-authority"]);
}

#[test]
fn kubeconfigs_that_are_of_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = folder.path().join("kc");
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let missing = folder.path().join("no").display().to_string();
    for (path, words) in [
        (missing, "cannot use the kubeconfig"),
        (file("{"), "cannot use the kubeconfig"),
    ] {
        let args = ["diagnose", "--node", "node-a", "--kubeconfig", &path];
        fails(&ended(&mut nodesleuth(&args)), &[words]);
    }
}

#[test]
fn debug_handlers_that_are_off_leave_the_counters() {
    let ran = against(|asked| match asked.of_node()?.1 {
        "/configz" => Some(Reply::text(404, "404 page not found\n")),
        "/debug/pprof/profile" => Some(Reply::text(405, "Debug endpoints are disabled.\n")),
        _ => None,
    });
    let diagnosis = reports(
        &ran,
        &["enableDebuggingHandlers: true", "404 page not found"],
    );
    assert!(diagnosis.target.unwrap().cores.is_some());
}

#[test]
fn a_profile_that_is_too_long_cut_or_nonsense() {
    let long = Reply::text(400, "profile duration exceeds server's WriteTimeout\n");
    reports(&against(of_profile(long)), &["WriteTimeout"]);
    let half = Reply::ok("application/octet-stream", crate::kubelet::profile(1, 0.8)).cut(500);
    reports(&against(of_profile(half)), &["cut in the middle"]);
    reports(&against(of_profile(Reply::json("{}"))), &["profile"]);
}

#[test]
fn anothers_profile_is_waited_for() {
    let tries = AtomicUsize::new(0);
    let busy = "Could not enable CPU profiling: cpu profiling already in use\n";
    let ran = against(move |asked| {
        let is_first = || tries.fetch_add(1, Ordering::SeqCst) < 2;
        (asked.path.ends_with("/profile") && is_first()).then(|| Reply::text(500, busy))
    });
    let diagnosis = reports(&ran, &[]);
    assert_eq!(
        diagnosis.outcome,
        Outcome::CauseFound,
        "{}",
        diagnosis.verdict
    );
}

#[test]
fn a_server_that_asks_for_patience_gets_it() {
    let tries = AtomicUsize::new(0);
    let ran = against(move |asked| {
        let is_first = || tries.fetch_add(1, Ordering::SeqCst) == 0;
        let again = Reply::status(429, "TooManyRequests", "too many").header("retry-after", "1");
        (asked.path.ends_with("/metrics") && is_first()).then_some(again)
    });
    assert_eq!(reports(&ran, &[]).outcome, Outcome::CauseFound);
}

#[test]
fn pods_come_from_the_kubelet_where_the_api_server_does_not_list_them() {
    let ran = against(|asked| {
        let is_pods =
            asked.path == REVIEWS && asked.body.windows(6).any(|part| part == b"\"pods\"");
        is_pods.then(|| granted(false))
    });
    assert!(ran.err.contains("no right to list pods"));
    let diagnosis = reports(&ran, &[]);
    let source = &diagnosis.facts["node.pods.count"].source;
    assert!(source.contains("kubelet"), "{source}");
}

/// The profile takes longer than a front end lets a connection be idle.
#[test]
fn a_profile_goes_in_slices_through_a_front_end_that_cuts() {
    let kubelet = Kubelet::sick();
    let answer = move |asked: &Asked| {
        let seconds: u64 = asked.parameter("seconds").unwrap_or("0").parse().unwrap();
        match seconds > 6 {
            true => Some(Reply::hang_up().after(Duration::from_secs(10))),
            false => kubelet.answer(asked),
        }
    };
    let cluster = FakeCluster::start(answer).unwrap();
    let ran = run(
        &cluster,
        &[
            "diagnose", "--node", "node-a", "--window", "12s", "-o", "json",
        ],
    );
    let diagnosis = reports(&ran, &["taken in 3 slices"]);
    assert_eq!(
        diagnosis.outcome,
        Outcome::CauseFound,
        "{}",
        diagnosis.verdict
    );
}
