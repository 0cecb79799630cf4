//! `--kubectl` with a real kubectl, where there is one on this machine: what it makes of a server's
//! refusals is read as our own client reads them.

use crate::kubelet::Kubelet;
use crate::run::{command, ended};
use crate::support::Run;
use nodesleuth_fake_cluster::{Asked, FakeCluster, Reply};
use nodesleuth_model::Diagnosis;
use std::process::{Command, Stdio};

const DIAGNOSE: &[&str] = &[
    "diagnose",
    "--node",
    "node-a",
    "--window",
    "2s",
    "-o",
    "json",
    "--kubectl",
];

const VERSION: &str = r#"{"major":"1","minor":"32","gitVersion":"v1.32.4"}"#;

/// A run by kubectl against a sick kubelet, with other replies where `other` has them; `None` without
/// a kubectl.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn against(other: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Option<Run> {
    let there = Command::new("kubectl")
        .args(["version", "--client"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        println!("skipped: there is no kubectl on this machine");
        return None;
    }
    let kubelet = Kubelet::sick();
    let answer = move |asked: &Asked| match asked.path.as_str() {
        // Some choose among several kubectls by it.
        "/version" => Some(Reply::json(VERSION)),
        _ => other(asked).or_else(|| kubelet.answer(asked)),
    };
    let cluster = FakeCluster::start(answer).unwrap();
    let folder = tempfile::tempdir().unwrap();
    Some(ended(&mut command(&cluster, &folder, DIAGNOSE)))
}

fn of_page(page: &'static str, reply: Reply) -> impl Fn(&Asked) -> Option<Reply> + Send + Sync {
    move |asked| asked.path.ends_with(page).then(|| reply.clone())
}

#[test]
fn a_sick_kubelet_is_explained() {
    let Some(ran) = against(|_| None) else { return };
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let diagnosis: Diagnosis = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(diagnosis.findings[0].id, "many-live-cgroups");
}

#[test]
fn what_a_server_refuses_is_told_apart() {
    let forbidden =
        "nodes \"node-a\" is forbidden: User \"dev\" cannot get resource \"nodes/proxy\"";
    let down =
        "error trying to reach service: dial tcp 10.0.0.1:10250: connect: connection refused";
    let unreachable = "error trying to reach service: dial tcp 10.0.0.1:10250: i/o timeout";
    let rows = [
        (
            Reply::status(403, "Forbidden", forbidden),
            "kubectl create clusterrole",
        ),
        (
            Reply::text(
                403,
                "Forbidden (user=dev, verb=get, resource=nodes, subresource=proxy)",
            ),
            "kubelet-api-admin",
        ),
        (
            Reply::status(401, "Unauthorized", "Unauthorized"),
            "log in again",
        ),
        (Reply::text(401, "Unauthorized"), "kubelet-api-admin"),
        (Reply::status(500, "", down), "systemctl status kubelet"),
        (
            Reply::status(503, "ServiceUnavailable", down),
            "systemctl status kubelet",
        ),
        (
            Reply::status(500, "", unreachable),
            "does not reach the node",
        ),
    ];
    for (reply, words) in rows {
        let shown = format!("{reply:?}");
        let Some(ran) = against(of_page("/metrics", reply)) else {
            return;
        };
        assert_eq!(ran.code, Some(2), "{shown}: {}", ran.err);
        assert!(ran.err.contains(words), "{words:?}: {shown}: {}", ran.err);
    }
}

#[test]
fn a_profile_that_is_refused_says_why() {
    let rows = [
        (
            Reply::text(405, "Debug endpoints are disabled.\n"),
            "enableDebuggingHandlers",
        ),
        (
            Reply::text(404, "404 page not found\n"),
            "could not find the requested resource",
        ),
        (Reply::hang_up(), "closed without an answer"),
    ];
    for (reply, words) in rows {
        let shown = format!("{reply:?}");
        let Some(ran) = against(of_page("/profile", reply)) else {
            return;
        };
        assert_eq!(ran.code, Some(0), "{shown}: {}", ran.err);
        assert!(ran.out.contains(words), "{words:?}: {shown}: {}", ran.out);
    }
}
