//! `diagnose --node`.

use crate::kubelet::Kubelet;
use crate::run::{command, ended, run};
use crate::support::{must, nodesleuth};
use nodesleuth_fake_cluster::FakeCluster;
use nodesleuth_model::{Diagnosis, Outcome};

const DIAGNOSE: &[&str] = &["diagnose", "--node", "node-a", "--window", "2s"];

fn json(text: &str) -> Diagnosis {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_sick_kubelet_is_explained_without_anything_on_its_node() {
    let kubelet = Kubelet::sick();
    let cluster = FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap();
    let ran = run(
        &cluster,
        &[DIAGNOSE, &["-o", "json", "--exit-code"]].concat(),
    );
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let diagnosis = json(&ran.out);
    assert_eq!(
        diagnosis.outcome,
        Outcome::CauseFound,
        "{}",
        diagnosis.verdict
    );
    assert_eq!(diagnosis.findings[0].id, "many-live-cgroups");
    let target = diagnosis.target.unwrap();
    assert_eq!(target.name(), "kubelet on node-a");
    assert_eq!(target.version.as_deref(), Some("go1.19.8 v1.20.2"));
    let near = |cores: Option<nodesleuth_model::Cores>, wanted: f64| {
        (cores.unwrap().0 - wanted).abs() < 0.1 * wanted
    };
    assert!(near(target.cores, 0.8), "{:?}", target.cores);
    assert!(
        near(target.kernel_cores, 0.8 * 2.0 / 3.0),
        "{:?}",
        target.kernel_cores
    );
    let parts: f64 = diagnosis.ledger.views[0]
        .parts
        .iter()
        .map(|part| part.cores.0)
        .sum();
    assert!((parts - diagnosis.ledger.total_cores.0).abs() < 1e-6);
    let not_seen = |what: &str| {
        diagnosis
            .not_checked
            .iter()
            .any(|row| row.what.contains(what))
    };
    assert!(not_seen("children") && not_seen("zombie"));
    assert!(ran.err.contains("nodes/proxy is close to root"));
}

#[test]
fn what_was_read_can_be_saved_and_analysed_again() {
    let kubelet = Kubelet::sick();
    let cluster = FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b.tar.gz");
    let mut saving = command(&cluster, &folder, DIAGNOSE);
    let first = json(&ended(saving.args(["-o", "json", "--save"]).arg(&bundle)).out);
    let again = must(nodesleuth(&["analyze", "-o", "json"]).arg(&bundle));
    let again = json(&String::from_utf8(again.stdout).unwrap());
    assert_eq!(again.verdict, first.verdict);
    assert_eq!(again.ledger, first.ledger);
}

#[test]
fn without_a_cgroup_of_its_own_modes_are_not_guessed() {
    let kubelet = Kubelet {
        has_cgroup: false,
        ..Kubelet::sick()
    };
    let cluster = FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap();
    let ran = run(&cluster, &[DIAGNOSE, &["-o", "json"]].concat());
    let target = json(&ran.out).target.unwrap();
    assert_eq!((target.kernel_cores, target.children_cores), (None, None));
    assert!(target.cores.is_some());
}

#[test]
fn a_front_end_with_a_path_is_gone_through() {
    let kubelet = Kubelet::sick();
    let answer = move |asked: &nodesleuth_fake_cluster::Asked| kubelet.answer(asked);
    let cluster = FakeCluster::start_under("/k8s/clusters/c-1", answer).unwrap();
    let ran = run(&cluster, &[DIAGNOSE, &["-o", "json"]].concat());
    assert_eq!(json(&ran.out).outcome, Outcome::CauseFound, "{}", ran.err);
}

#[test]
fn a_report_for_people_names_the_node() {
    let kubelet = Kubelet::sick();
    let cluster = FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap();
    let ran = run(&cluster, DIAGNOSE);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("kubelet on node-a burns 0."),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("pid 0"), "{}", ran.out);
}

#[test]
fn as_a_plugin_it_never_diagnoses_the_laptop() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("kubectl-nodesleuth");
    std::os::unix::fs::symlink(crate::support::binary(), &plugin).unwrap();
    let ran = ended(std::process::Command::new(plugin).arg("diagnose"));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("name one with --node"), "{ran:?}");
}

#[test]
fn goroutines_and_heap_are_told_on_request() {
    let kubelet = Kubelet::sick();
    let cluster = FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b.tar.gz");
    let mut saving = command(&cluster, &folder, DIAGNOSE);
    let ran = ended(
        saving
            .args(["--goroutines", "--heap", "--save"])
            .arg(&bundle),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for words in [
        "10,146 after the window",
        "manager.(*containerData).housekeepingTick",
        "alive at the last garbage collection",
    ] {
        assert!(ran.out.contains(words), "{words:?} is not in {}", ran.out);
    }
    // The profiles that they were counted in are in the bundle, and taken for no CPU profile.
    let again = must(nodesleuth(&["analyze", "-o", "json"]).arg(&bundle));
    let again = json(&String::from_utf8(again.stdout).unwrap());
    assert!(again.warnings.is_empty(), "{:?}", again.warnings);
    assert!(
        again
            .goroutines
            .is_some_and(|counted| counted.total > 10_000)
    );
    assert!(again.heap.is_some_and(|heap| heap.in_use.0 > 0));
    let asked = cluster.asked();
    assert!(asked.iter().any(|line| line.contains("/debug/pprof/heap")));
}

#[test]
fn without_the_wish_goroutines_are_not_asked_for() {
    let kubelet = Kubelet::sick();
    let cluster = FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap();
    let ran = run(&cluster, DIAGNOSE);
    assert!(!ran.out.contains("Goroutines"), "{}", ran.out);
    let asked = cluster.asked();
    assert!(
        !asked.iter().any(|line| line.contains("goroutine")),
        "{asked:?}"
    );
}

#[test]
fn on_this_machine_they_need_a_server() {
    for option in ["--goroutines", "--heap"] {
        let ran = ended(&mut nodesleuth(&["diagnose", "--pid", "1", option]));
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("needs a server"), "{ran:?}");
    }
    let ran = ended(&mut nodesleuth(&[
        "diagnose",
        "--pid",
        "1",
        "--timeout",
        "30s",
    ]));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("--timeout is for nodes"), "{ran:?}");
}

#[test]
fn as_a_plugin_it_names_itself_as_it_was_typed_and_completes_words() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str, args: &[&str]| {
        let path = folder.path().join(name);
        // It may be there from before.
        let _ = std::os::unix::fs::symlink(crate::support::binary(), &path);
        ended(std::process::Command::new(path).args(args))
    };
    let usage = named("kubectl-nodesleuth", &["diagnose", "--help"]);
    assert!(
        usage.out.contains("Usage: kubectl nodesleuth diagnose"),
        "{usage:?}"
    );
    let words = named("kubectl_complete-nodesleuth", &["diagnose", "--via", ""]);
    assert_eq!(words.out, "api\npod\n:4\n");
    let script = named("nodesleuth", &["completions", "bash"]);
    assert!(script.out.contains("complete -F _nodesleuth"), "{script:?}");
}
