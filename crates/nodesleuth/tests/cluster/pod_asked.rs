//! On a terminal a pod is offered where the kubelet may not be asked, and only a typed "yes" makes it.

use crate::kubelet::{REVIEWS, granted};
use crate::pod::{no_pod_stays, whole};
use crate::pod_api::PodApi;
use crate::run::command;
use crate::typed::answered;
use nodesleuth_fake_cluster::FakeCluster;
use std::process::Stdio;
use std::sync::Arc;

const QUESTION: &str = "Type yes to run it: ";
const DIAGNOSE: &[&str] = &["diagnose", "--node", "node-a", "--window", "2s"];

/// What somebody sees who may do everything but ask kubelets, and types this: the terminal, the
/// report, the exit code; and what the API server was asked.
fn offered(answer: &str) -> (String, String, Option<i32>, Vec<String>) {
    let api = Arc::new(PodApi::new(whole()));
    let ours = Arc::clone(&api);
    let cluster = FakeCluster::start(move |asked| {
        let review = String::from_utf8_lossy(&asked.body);
        match asked.path == REVIEWS && review.contains("\"subresource\":\"proxy\"") {
            true => Some(granted(false)),
            false => ours.answer(asked),
        }
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let (shown, status) = answered(QUESTION, answer, |terminal| {
        let report = std::fs::File::create(&report).unwrap();
        command(&cluster, &folder, DIAGNOSE)
            .stdin(terminal())
            .stdout(Stdio::from(report))
            .stderr(terminal())
            .spawn()
            .unwrap()
    });
    no_pod_stays(&api);
    let report = std::fs::read_to_string(report).unwrap();
    (shown, report, status.code(), cluster.asked())
}

fn makes_a_pod(line: &str) -> bool {
    line.starts_with("POST /api/v1/namespaces")
}

#[test]
fn nothing_but_a_typed_yes_makes_a_pod() {
    for answer in ["", "y", "no", "YES!"] {
        let (shown, report, code, asked) = offered(answer);
        assert_eq!(code, Some(2), "{answer:?}: {shown}");
        assert!(
            !asked.iter().any(|line| makes_a_pod(line)),
            "{answer:?}: {asked:?}"
        );
        assert!(report.is_empty(), "{report}");
        // What was refused is told once, what was not done after it.
        let refused = shown.matches("you may not get nodes/proxy").count();
        assert_eq!(refused, 1, "{answer:?}: {shown}");
        assert!(shown.contains("no pod was made"), "{answer:?}: {shown}");
    }
}

#[test]
fn a_typed_yes_makes_one_and_removes_it() {
    let (shown, report, code, asked) = offered("yes");
    assert_eq!(code, Some(0), "{shown}");
    assert!(asked.iter().any(|line| makes_a_pod(line)), "{asked:?}");
    assert!(report.contains("memory.stat"), "{report}");
    assert!(shown.contains("root on that node while it runs"), "{shown}");
}
