//! `diagnose --node N --via pod`: the pod that is made, what it answers, and that it never stays.

use crate::kubelet::{REVIEWS, granted};
use crate::pod_api::{HELLO, PodApi, ended, node, recorded, waiting};
use crate::run::{command, ended as finished, run};
use crate::support::{Run, nodesleuth};
use nodesleuth_cluster::bundle_as_lines;
use nodesleuth_fake_cluster::{Asked, FakeCluster, Reply, Scene};
use nodesleuth_model::Diagnosis;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub(crate) const DIAGNOSE: &[&str] = &[
    "diagnose", "--node", "node-a", "--via", "pod", "--window", "2s", "-o", "json",
];

/// The agent sends what was recorded.
pub(crate) fn whole() -> Vec<Scene> {
    vec![
        Scene::Stderr(HELLO.to_owned()),
        Scene::Stdout(recorded().into()),
        Scene::Exit(0),
    ]
}

pub(crate) fn serve(api: &Arc<PodApi>) -> FakeCluster {
    let api = Arc::clone(api);
    FakeCluster::start(move |asked| api.answer(asked)).unwrap()
}

/// The same, with other replies where `other` has them.
fn against(
    api: &Arc<PodApi>,
    other: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
) -> Run {
    let ours = Arc::clone(api);
    let answer = move |asked: &Asked| other(asked).or_else(|| ours.answer(asked));
    let cluster = FakeCluster::start(answer).unwrap();
    run(&cluster, DIAGNOSE)
}

#[track_caller]
pub(crate) fn fails(ran: &Run, words: &[&str]) {
    assert_eq!(ran.code, Some(2), "{}\n{}", ran.out, ran.err);
    assert!(ran.out.is_empty());
    for words in words {
        assert!(ran.err.contains(words), "{words:?} is not in {}", ran.err);
    }
}

#[track_caller]
pub(crate) fn no_pod_stays(api: &PodApi) {
    assert_eq!(api.pods(), Vec::<Value>::new());
}

#[test]
fn a_pods_bundle_is_explained_as_a_local_one() {
    let api = Arc::new(PodApi::new(whole()));
    let cluster = serve(&api);
    let ran = run(&cluster, DIAGNOSE);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let diagnosis: Diagnosis = serde_json::from_str(&ran.out).unwrap();
    let local = finished(nodesleuth(&["analyze", "-o", "json"]).arg(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bundles/k415-z20000"),
    ));
    let local: Diagnosis = serde_json::from_str(&local.out).unwrap();
    // The same words, and which node it is.
    let target = local.target.as_ref().unwrap().name();
    let on_node = local
        .verdict
        .replace(&target, &format!("{target} on node-a"));
    assert_ne!(on_node, local.verdict);
    assert_eq!(diagnosis.verdict, on_node);
    assert_eq!(diagnosis.ledger, local.ledger);
    assert!(!diagnosis.findings.is_empty());
    no_pod_stays(&api);
    let asked = cluster.asked();
    let made = asked
        .iter()
        .position(|line| line.starts_with("POST /api/v1/namespaces"));
    let spoken = asked.iter().position(|line| line.contains("/exec?"));
    let removed = asked.iter().position(|line| line.starts_with("DELETE"));
    assert!(
        made < spoken && spoken < removed && made.is_some(),
        "{asked:?}"
    );
    let spoken = &asked[spoken.unwrap()];
    for words in [
        "command=%2Fnodesleuth&command=__pod-agent&command=collect&command=--window%3D2000ms",
        "stdin=true",
        "container=agent",
    ] {
        assert!(spoken.contains(words), "{spoken}");
    }
}

#[test]
fn the_pod_is_as_it_was_promised() {
    let made = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&made);
    let api = Arc::new(PodApi::new(whole()));
    let ran = against(&api, move |asked| {
        if asked.method == "POST" && asked.path.ends_with("/pods") {
            *seen.lock().unwrap() = Some(serde_json::from_slice::<Value>(&asked.body).unwrap());
        }
        None
    });
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let pod = made.lock().unwrap().take().unwrap();
    let spec = &pod["spec"];
    assert_eq!(spec["nodeName"], "node-a");
    assert_eq!(spec["hostPID"], true);
    assert_eq!(spec["automountServiceAccountToken"], false);
    assert_eq!(spec["restartPolicy"], "Never");
    // To start, to measure (window, probes, system calls) and a minute.
    assert_eq!(spec["activeDeadlineSeconds"], 120 + 2 + 2 + 3 + 60);
    assert_eq!(spec["tolerations"], json!([{ "operator": "Exists" }]));
    let container = &spec["containers"][0];
    assert_eq!(container["securityContext"]["privileged"], true);
    assert_eq!(
        container["resources"]["requests"],
        json!({ "cpu": "0", "memory": "0" })
    );
    assert!(container["resources"]["limits"]["memory"].is_string());
    assert!(pod["metadata"]["labels"]["nodesleuth.io/owner"].is_string());
    assert!(
        ran.err.contains("root on that node while it runs"),
        "{}",
        ran.err
    );
}

#[test]
fn a_saved_bundle_says_that_a_pod_collected_it() {
    let api = Arc::new(PodApi::new(whole()));
    let cluster = serve(&api);
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b.tar.gz");
    let ran = finished(
        command(&cluster, &folder, DIAGNOSE)
            .arg("--save")
            .arg(&bundle),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let file = std::fs::File::open(bundle).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let evidence = archive.entries().unwrap().next().unwrap().unwrap();
    let evidence: Value = serde_json::from_reader(evidence).unwrap();
    assert_eq!(
        evidence["vantage"],
        json!({ "via": "pod", "node": "node-a" })
    );
    assert_eq!(
        evidence["node_object"]["value"]["kubelet_version"], "v1.20.2",
        "{}",
        evidence["node_object"]
    );
}

#[test]
fn where_exec_is_forbidden_the_log_carries_the_bundle() {
    let mut log = HELLO.to_owned();
    for line in bundle_as_lines(&recorded()) {
        log.push_str(&line);
        log.push_str("\n@nodesleuth alive\n");
    }
    let api = Arc::new(PodApi::with_log(log.clone(), 0));
    let cluster = serve(&api);
    let ran = run(&cluster, &[DIAGNOSE, &["--via-logs"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(!cluster.asked().iter().any(|line| line.contains("exec")));
    no_pod_stays(&api);
    let lost = log.replacen("@bundle 0 ", "@lost 0 ", 1);
    let api = Arc::new(PodApi::with_log(lost, 0));
    let ran = run(&serve(&api), &[DIAGNOSE, &["--via-logs"]].concat());
    fails(
        &ran,
        &["line 0 of the bundle is missing", "containerLogMaxSize"],
    );
    no_pod_stays(&api);
    let failed =
        format!("{HELLO}@nodesleuth error no process is called \"x\"\n@nodesleuth help look\n");
    let api = Arc::new(PodApi::with_log(failed, 2));
    let ran = run(&serve(&api), &[DIAGNOSE, &["--via-logs"]].concat());
    fails(&ran, &["on the node: no process is called", "help: look"]);
}

#[test]
fn a_policy_against_privileged_pods_is_named() {
    let api = Arc::new(PodApi::new(whole()));
    for said in [
        "pods \"nodesleuth-1\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostPID=true), privileged",
        "pods \"nodesleuth-1\" is forbidden: PodSecurityPolicy: unable to admit pod: []",
    ] {
        let ran = against(&api, move |asked| {
            (asked.method == "POST" && asked.path.ends_with("/pods"))
                .then(|| Reply::status(403, "Forbidden", said))
        });
        fails(
            &ran,
            &[
                "making a pod in namespace default",
                "keeps privileged pods out",
                "--namespace",
            ],
        );
    }
}

#[test]
fn a_right_that_is_missing_is_named_before_anything_is_made() {
    let without = |part: &'static str| {
        let api = Arc::new(PodApi::new(whole()));
        let ran = against(&api, move |asked| {
            let review = String::from_utf8_lossy(&asked.body).into_owned();
            (asked.path == REVIEWS && review.contains(part)).then(|| granted(false))
        });
        no_pod_stays(&api);
        ran
    };
    let create = "\"verb\":\"create\",\"resource\":\"pods\",\"namespace\":\"default\"";
    fails(
        &without(create),
        &["you may not create pods here", "deploy/rbac/pod.yaml"],
    );
    let exec = "\"verb\":\"get\",\"resource\":\"pods\",\"subresource\":\"exec\"";
    fails(
        &without(exec),
        &["you may not get pods/exec here", "--via-logs"],
    );
    let newer = without("\"verb\":\"create\",\"resource\":\"pods\",\"subresource\":\"exec\"");
    assert_eq!(newer.code, Some(0), "{}", newer.err);
    assert!(
        newer.err.contains("no right to create pods/exec: "),
        "{}",
        newer.err
    );
}

#[test]
fn a_node_that_is_not_there_or_not_ready_gets_no_pod() {
    let api = Arc::new(PodApi::new(whole()));
    let ran = against(&api, |asked| {
        (asked.path == "/api/v1/nodes/node-a").then(|| node(false))
    });
    fails(
        &ran,
        &[
            "node node-a is not ready (NodeStatusUnknown)",
            "systemctl status kubelet",
        ],
    );
    let cluster = serve(&api);
    let ran = run(&cluster, &["diagnose", "--node", "node-zz", "--via", "pod"]);
    fails(&ran, &["nodes \"node-zz\" not found"]);
}

#[test]
fn a_pod_that_does_not_start_is_explained_and_removed() {
    let pull = "rpc error: code = NotFound desc = failed to pull and unpack image \"ghcr.io/x:1\": not found";
    for (states, words) in [
        (
            vec![waiting("ErrImagePull", pull)],
            ["failed to pull and unpack image", "--image"],
        ),
        (
            vec![json!({ "phase": "Failed", "reason": "OutOfpods", "message": "no room" })],
            ["OutOfpods: no room", "--via api"],
        ),
        (
            vec![ended(2)],
            ["ended at once with exit code 2", "same version"],
        ),
    ] {
        let api = Arc::new(PodApi::in_states(states, Vec::new()));
        fails(&run(&serve(&api), DIAGNOSE), &words);
        no_pod_stays(&api);
    }
}

#[test]
fn a_start_is_waited_for_within_a_bound() {
    for (state, words) in [
        (json!({ "phase": "Pending" }), "kubelet has not taken it up"),
        (waiting("ContainerCreating", ""), "image is being pulled"),
    ] {
        let api = Arc::new(PodApi::in_states(vec![state], Vec::new()));
        let ran = run(&serve(&api), &[DIAGNOSE, &["--start-wait", "1s"]].concat());
        fails(&ran, &["did not start within 1 s", words, "--start-wait"]);
        no_pod_stays(&api);
    }
}

#[test]
fn exec_that_is_refused_or_breaks_is_explained_and_the_pod_removed() {
    let forbidden = "pods \"x\" is forbidden: User \"dev\" cannot create resource \"pods/exec\"";
    let api = Arc::new(PodApi::new(Vec::new()));
    let ran = against(&api, move |asked| {
        asked
            .path
            .ends_with("/exec")
            .then(|| Reply::status(403, "Forbidden", forbidden))
    });
    fails(&ran, &["cannot create resource", "--via-logs"]);
    no_pod_stays(&api);
    let half = recorded();
    let half = half[..half.len() / 2].to_vec();
    let said = HELLO.to_owned();
    for (scenes, words) in [
        (
            vec![
                Scene::Stderr(said.clone()),
                Scene::Stdout(half.clone().into()),
                Scene::Cut,
            ],
            ["was cut before the bundle was whole", "--via-logs"],
        ),
        (
            vec![
                Scene::Stderr(said.clone()),
                Scene::Stdout(half.into()),
                Scene::Exit(0),
            ],
            ["cut off", "again"],
        ),
        (
            vec![
                Scene::Stderr(format!(
                    "{said}@nodesleuth error no process is called \"x\"\n@nodesleuth help see top\n"
                )),
                Scene::Exit(2),
            ],
            ["on the node: no process is called", "see top"],
        ),
        (
            vec![
                Scene::Stderr("error: unrecognized subcommand '__pod-agent'\n".to_owned()),
                Scene::Exit(2),
            ],
            ["unrecognized subcommand", "same version"],
        ),
    ] {
        let api = Arc::new(PodApi::new(scenes));
        fails(&run(&serve(&api), DIAGNOSE), &words);
        no_pod_stays(&api);
    }
}

#[test]
fn what_only_a_kubelet_can_heed_is_refused_before_a_pod_is_made() {
    let cluster = FakeCluster::start(|_| None).unwrap();
    for option in ["--goroutines", "--heap", "--timeout=60s"] {
        let ran = run(
            &cluster,
            &["diagnose", "--node", "node-a", "--via", "pod", option],
        );
        let name = option.split('=').next().unwrap();
        fails(&ran, &[name, "use --via api"]);
    }
    assert_eq!(cluster.asked(), Vec::<String>::new());
}

#[test]
fn pod_mode_is_never_begun_unasked() {
    let cluster = FakeCluster::start(|_| None).unwrap();
    for (args, words) in [
        (
            &["diagnose", "--node", "node-a", "--name", "containerd"][..],
            "add --via pod",
        ),
        (
            &["diagnose", "--node", "node-a", "--no-trace"][..],
            "add --via pod",
        ),
        (
            &[
                "diagnose", "--node", "node-a", "--via", "api", "--image", "x",
            ][..],
            "add --via pod",
        ),
        (&["diagnose", "--via", "pod"][..], "--node"),
        (&["diagnose", "--node", "node-a", "--via-logs"][..], "--via"),
    ] {
        let ran = run(&cluster, args);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
    }
    // Without a terminal nobody is asked, and a refusal stays one.
    let cluster =
        FakeCluster::start(|asked| (asked.path == REVIEWS).then(|| granted(false))).unwrap();
    let ran = run(&cluster, &["diagnose", "--node", "node-a"]);
    fails(&ran, &["you may not get nodes/proxy"]);
}
