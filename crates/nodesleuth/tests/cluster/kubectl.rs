//! `--kubectl`: pages by a kubectl, here a script that answers recorded bodies, notes what it is asked
//! with, and fails on anything that nobody expects.

use crate::kubelet::{NODE, other_stats, profile, sample};
use crate::support::{Run, finish, nodesleuth, start};
use nodesleuth_model::{Diagnosis, Outcome};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// `$HERE` is its folder. A file `instead-of/PAGE` holds what it complains of in place of that page.
const SCRIPT: &str = r#"#!/bin/sh
HERE=${0%/*}
printf '%s\n' "$*" >> "$HERE/asked"
verb=$1
path=$3
[ "$2" = --raw ] || { echo "error: nobody expected: $*" >&2; exit 1; }
page=$(printf '%s' "${path##*/}" | sed 's/[?].*//')
if [ -f "$HERE/instead-of/$page" ]; then
    cat "$HERE/instead-of/$page" >&2
    exit 1
fi
case "$verb $path" in
"create /apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
    grep -q '"verb":' || { echo "error: no review" >&2; exit 1; }
    echo '{"kind":"SelfSubjectAccessReview","status":{"allowed":true}}' ;;
"get /api/v1/nodes?limit="*) cat "$HERE/nodes" ;;
"get /api/v1/nodes/node-a") cat "$HERE/node" ;;
"get /api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&limit="*) cat "$HERE/pods" ;;
"get /api/v1/nodes/node-a/proxy/metrics")
    # 0.8 cores: hundredths of a second since it began.
    burnt=$(( ($(date +%s%N) / 10000000 - $(cat "$HERE/began")) * 8 / 10 ))
    sed "s/process_cpu_seconds_total 0.84/process_cpu_seconds_total $((burnt / 100)).$(printf %02d $((burnt % 100)))/" "$HERE/metrics" ;;
"get /api/v1/nodes/node-a/proxy/metrics/cadvisor") cat "$HERE/stats" ;;
"get /api/v1/nodes/node-a/proxy/stats/summary") cat "$HERE/summary" ;;
"get /api/v1/nodes/node-a/proxy/configz") cat "$HERE/configz" ;;
"get /api/v1/nodes/node-a/proxy/debug/pprof/profile?seconds=2")
    sleep 2
    cat "$HERE/profile" ;;
"get /api/v1/nodes/node-a/proxy/debug/pprof/heap")
    echo $$ > "$HERE/hung"
    exec sleep 1000 ;;
*)
    echo "error: nobody expected: $verb $path" >&2
    echo "$verb $path" >> "$HERE/unexpected"
    exit 1 ;;
esac
"#;

/// A kubectl in a folder of its own.
struct Kubectl {
    folder: TempDir,
}

impl Kubectl {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let list = format!("{{\"kind\":\"NodeList\",\"metadata\":{{}},\"items\":[{NODE}]}}");
        let files: [(&str, Vec<u8>); 10] = [
            ("kubectl", SCRIPT.into()),
            ("began", (now.as_millis() / 10).to_string().into()),
            ("node", NODE.into()),
            ("nodes", list.into()),
            ("pods", sample("pods.json").into()),
            ("metrics", sample("metrics-1.20.txt").into()),
            ("stats", other_stats(1_200, now.as_secs()).into()),
            ("summary", sample("summary-1.20.json").into()),
            ("configz", sample("configz-1.20.json").into()),
            ("profile", profile(2, 0.8)),
        ];
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let kubectl = Self { folder };
        let executable = fs::Permissions::from_mode(0o700);
        fs::set_permissions(kubectl.file("kubectl"), executable).unwrap();
        // Beyond our own client: it is not even YAML.
        fs::write(kubectl.file("kubeconfig"), "clusters: [\n").unwrap();
        kubectl
    }

    /// In place of this page it says this, and fails.
    fn complaining(self, page: &str, words: &str) -> Self {
        let folder = self.file("instead-of");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(page), words).unwrap();
        self
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A run with it and a kubeconfig that nobody else can use.
    fn run(&self, args: &[&str]) -> Run {
        let program = self.file("kubectl");
        let mut command = nodesleuth(args);
        command
            .arg(format!("--kubectl={}", program.display()))
            .arg("--kubeconfig")
            .arg(self.file("kubeconfig"))
            .env("HOME", self.folder.path())
            .env_remove("KUBECONFIG");
        finish(start(&mut command))
    }

    /// What it was asked with, one call a line.
    fn asked(&self) -> Vec<String> {
        let lines = fs::read_to_string(self.file("asked")).unwrap_or_default();
        lines.lines().map(ToOwned::to_owned).collect()
    }
}

impl Drop for Kubectl {
    fn drop(&mut self) {
        let unexpected = fs::read_to_string(self.file("unexpected")).unwrap_or_default();
        if !std::thread::panicking() {
            assert_eq!(unexpected, "", "nobody expected this");
        }
    }
}

const DIAGNOSE: &[&str] = &[
    "diagnose", "--node", "node-a", "--window", "2s", "-o", "json",
];

#[test]
fn a_sick_kubelet_is_explained_by_pages_that_kubectl_gets() {
    let kubectl = Kubectl::new();
    let ran = kubectl.run(&[DIAGNOSE, &["--context", "there", "--as", "dev"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let diagnosis: Diagnosis = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        diagnosis.outcome,
        Outcome::CauseFound,
        "{}",
        diagnosis.verdict
    );
    assert_eq!(diagnosis.findings[0].id, "many-live-cgroups");
    let cores = diagnosis.target.as_ref().unwrap().cores.unwrap().0;
    assert!((cores - 0.8).abs() < 0.3, "{cores}");
    for words in [
        "kubectl asks, since our own client",
        "cannot use the kubeconfig",
    ] {
        assert!(ran.err.contains(words), "{words:?} is not in {}", ran.err);
    }
    for call in kubectl.asked() {
        let reads = call.starts_with("get --raw /") || call.starts_with("create --raw /apis/auth");
        assert!(reads, "{call}");
        for words in [
            "--context=there",
            "--as=dev",
            "--kubeconfig=/",
            "--request-timeout=",
        ] {
            assert!(call.contains(words), "{words:?} is not in {call}");
        }
    }
}

#[test]
fn what_it_complains_of_is_explained_as_if_our_own_client_had_asked() {
    let forbidden = "Error from server (Forbidden): nodes \"node-a\" is forbidden: User \"dev\" cannot get resource \"nodes/proxy\"";
    let rows = [
        (forbidden, "kubectl create clusterrole"),
        (
            "Error from server: error trying to reach service: dial tcp 10.0.0.1:10250: connect: connection refused",
            "systemctl status kubelet",
        ),
        (
            "error: You must be logged in to the server (Unauthorized)",
            "log in again",
        ),
        (
            "Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout",
            "HTTPS_PROXY",
        ),
        (
            "error: context \"there\" does not exist",
            "kubectl get --raw /version",
        ),
    ];
    for (complaint, help) in rows {
        let ran = Kubectl::new()
            .complaining("metrics", complaint)
            .run(DIAGNOSE);
        assert_eq!(ran.code, Some(2), "{complaint}: {}", ran.err);
        assert!(ran.err.contains(help), "{help:?} is not in {}", ran.err);
    }
}

#[test]
fn a_profile_that_is_refused_is_missing_with_its_reason() {
    let complaint = "Error from server (MethodNotAllowed): the server does not allow this method on the requested resource";
    let kubectl = Kubectl::new().complaining("profile", complaint);
    let ran = kubectl.run(DIAGNOSE);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("enableDebuggingHandlers"), "{}", ran.out);
}

/// `sleep` stands where the script was: it must be gone with the run.
#[test]
fn one_that_hangs_is_ended_in_time() {
    let kubectl = Kubectl::new();
    let args = [DIAGNOSE, &["--heap", "--timeout", "10s"]].concat();
    let begun = Instant::now();
    let ran = kubectl.run(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(begun.elapsed() < Duration::from_secs(60));
    let pid = fs::read_to_string(kubectl.file("hung")).unwrap();
    let process = format!("/proc/{}/stat", pid.trim());
    let lives = || {
        let stat = fs::read_to_string(&process).unwrap_or_default();
        stat.contains("(sleep)") && !stat.contains(") Z ")
    };
    let begun = Instant::now();
    while lives() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!lives(), "{process} is still there");
}

#[test]
fn profiles_and_fleets_come_by_it_too() {
    let kubectl = Kubectl::new();
    let from = ["--node", "node-a", "--window", "2s"];
    let top = kubectl.run(&[&["pprof", "-top", "-cum"], &from[..]].concat());
    assert!(top.out.contains("housekeeping"), "{top:?}");
    let folded = kubectl.run(&[&["flame", "--format", "folded"], &from[..]].concat());
    assert!(folded.out.contains("housekeeping"), "{folded:?}");
    let fleet = [
        "diagnose",
        "--nodes",
        "all",
        "--window",
        "2s",
        "--timeout",
        "30s",
    ];
    let ran = kubectl.run(&fleet);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("1 of 1 kubelets are hot"), "{ran:?}");
}

#[test]
fn what_it_cannot_do_is_refused_before_anything_is_done() {
    let kubectl = Kubectl::new();
    let by_pod = ["diagnose", "--node", "node-a", "--via", "pod"];
    for args in [
        &by_pod[..],
        &["proxy", "--node", "node-a"],
        &["clean", "--cluster"],
    ] {
        let ran = kubectl.run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(ran.err.contains("--kubectl"), "{args:?}: {ran:?}");
    }
    assert!(kubectl.asked().is_empty(), "{:?}", kubectl.asked());
}

#[test]
fn without_it_a_kubeconfig_beyond_us_names_the_way_out() {
    let kubectl = Kubectl::new();
    let run = |more: &[&str], path: Option<&Path>| {
        let mut command = nodesleuth(&[DIAGNOSE, more].concat());
        command
            .arg("--kubeconfig")
            .arg(kubectl.file("kubeconfig"))
            .env("HOME", kubectl.folder.path());
        if let Some(path) = path {
            command.env("PATH", path);
        }
        finish(start(&mut command))
    };
    let ran = run(&[], None);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    for words in ["cannot use the kubeconfig", "--kubectl asks by kubectl"] {
        assert!(ran.err.contains(words), "{words:?} is not in {ran:?}");
    }
    // From PATH, where there is none, and where there is one.
    let nowhere = tempfile::tempdir().unwrap();
    let ran = run(&["--kubectl"], Some(nowhere.path()));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("there is no program kubectl"), "{ran:?}");
    let path = format!("{}:/usr/bin:/bin", kubectl.folder.path().display());
    let ran = run(&["--kubectl"], Some(Path::new(&path)));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
