//! A kubelet that runs many exec probes, seen through the API server. Its pages are those of a real
//! kubelet with the counter of exec_sync added; its stacks are made up, of functions that kubelets
//! have.

use crate::kubelet::{Kubelet, metrics_page, of_length};
use crate::run::run;
use nodesleuth_fake_cluster::{FakeCluster, Reply};
use nodesleuth_model::{Diagnosis, FactValue, Outcome};
use nodesleuth_profile::{Profile, ValueType, encode};
use std::time::Instant;

/// What the kubelet burns.
const CORES: f64 = 0.4;
/// Parts of its profile, in percent.
const STACKS: &[(&[&str], i64)] = &[
    (
        &[
            "k8s.io/kubernetes/pkg/kubelet/prober.(*worker).run",
            "k8s.io/kubernetes/pkg/kubelet/prober.(*worker).doProbe",
            "k8s.io/kubernetes/pkg/kubelet/prober.(*prober).runProbe",
            "k8s.io/kubernetes/pkg/kubelet/cri/remote.(*RemoteRuntimeService).ExecSync",
            "google.golang.org/grpc.Invoke",
        ],
        35,
    ),
    (
        &[
            "google.golang.org/grpc/internal/transport.(*loopyWriter).run",
            "syscall.write",
            "syscall.Syscall",
        ],
        15,
    ),
    (
        &[
            "google.golang.org/grpc/internal/transport.(*http2Client).reader",
            "syscall.read",
            "syscall.Syscall",
        ],
        15,
    ),
    (&["runtime.mcall", "runtime.park_m", "runtime.schedule"], 25),
    (&["k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop"], 10),
];

/// A cluster whose one node runs so many pods with an exec probe each second.
fn probed(pods: usize) -> FakeCluster {
    let kubelet = Kubelet {
        cores: CORES,
        leaked: 0,
        ..Kubelet::sick()
    };
    let started = Instant::now();
    FakeCluster::start(move |asked| {
        let page = asked.of_node().map(|(_, page)| page);
        match (page, asked.path.as_str()) {
            (Some("/metrics"), _) => Some(metrics(&kubelet, started, pods)),
            (Some("/debug/pprof/profile"), _) => {
                let seconds = asked.parameter("seconds")?.parse().ok()?;
                Some(stacks(seconds).after(std::time::Duration::from_secs(seconds)))
            }
            (_, "/api/v1/pods") => Some(Reply::json(list(pods))),
            _ => kubelet.answer(asked),
        }
    })
    .unwrap()
}

/// Its metrics, in which each probe is a call to the runtime.
fn metrics(kubelet: &Kubelet, started: Instant, pods: usize) -> Reply {
    let run = (started.elapsed().as_secs_f64() * pods as f64) as u64 + 100;
    let name = "kubelet_runtime_operations_total";
    metrics_page(format!(
        "{}{name}{{operation_type=\"exec_sync\"}} {run}\n",
        kubelet.metrics()
    ))
}

fn stacks(seconds: u64) -> Reply {
    let whole = seconds as f64 * CORES * 1e9;
    let stacks = STACKS
        .iter()
        .map(|(names, percent)| (names.to_vec(), (whole * *percent as f64 / 100.0) as i64));
    let profile = encode(&Profile::from_stacks(ValueType::CPU, stacks));
    Reply::ok("application/octet-stream", of_length(profile, seconds))
}

fn list(pods: usize) -> String {
    let probe = r#""readinessProbe":{"exec":{"command":["true"]},"periodSeconds":1}"#;
    let pod = format!(
        "{{\"metadata\":{{}},\"spec\":{{\"containers\":[{{{probe}}}]}},\"status\":{{\"phase\":\"Running\"}}}}"
    );
    let pods = vec![pod; pods].join(",");
    format!("{{\"kind\":\"PodList\",\"metadata\":{{}},\"items\":[{pods}]}}")
}

fn diagnose(cluster: &FakeCluster) -> Diagnosis {
    let args = [
        "diagnose", "--node", "node-a", "--window", "3s", "-o", "json",
    ];
    let ran = run(cluster, &args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_storm_of_exec_probes_is_the_cause_and_has_a_price() {
    let diagnosis = diagnose(&probed(40));
    assert_eq!(
        diagnosis.outcome,
        Outcome::CauseFound,
        "{}",
        diagnosis.verdict
    );
    let finding = &diagnosis.findings[0];
    assert_eq!(finding.id, "exec-probes");
    // The probers and both ends of the connection.
    let cores = finding.cores.unwrap().0;
    assert!((cores - 0.65 * CORES).abs() < 0.05, "{cores}");
    let said: Vec<&str> = finding
        .evidence
        .iter()
        .map(|proof| proof.text.as_str())
        .collect();
    for words in ["commands a second run in containers", "ask for 40 a second"] {
        assert!(
            said.iter().any(|said| said.contains(words)),
            "{words:?} is not in {said:?}"
        );
    }
    let Some(FactValue::Number(rate)) = diagnosis.facts["kubelet.exec_sync.rate"].value else {
        panic!()
    };
    assert!((30.0..50.0).contains(&rate), "{rate}");
}

/// The same stacks, so that nothing but their rate speaks against it.
#[test]
fn few_probes_are_not_blamed() {
    let diagnosis = diagnose(&probed(1));
    let blamed = diagnosis
        .findings
        .iter()
        .any(|finding| finding.id == "exec-probes");
    assert!(!blamed, "{}", diagnosis.verdict);
}
