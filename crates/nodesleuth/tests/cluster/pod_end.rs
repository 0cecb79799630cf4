//! How pod mode ends: on Ctrl-C, when the client is killed, and what `clean --cluster` removes.

use crate::pod::{DIAGNOSE, fails, no_pod_stays, serve};
use crate::pod_api::{HELLO, PodApi, recorded, running, waiting};
use crate::run::{command, run};
use crate::support::{finish, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nodesleuth_fake_cluster::{FakeCluster, Scene};
use nodesleuth_model::Diagnosis;
use std::process::Child;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A run that has come as far as its exec stream, on which the agent waits.
struct Waiting {
    api: Arc<PodApi>,
    cluster: FakeCluster,
    client: Child,
    _folder: TempDir,
}

impl Waiting {
    fn start() -> Self {
        let api = Arc::new(PodApi::new(vec![
            Scene::Stderr(HELLO.to_owned()),
            Scene::Stdin,
            Scene::Stdout(recorded().into()),
            Scene::Exit(0),
        ]));
        let cluster = serve(&api);
        let folder = tempfile::tempdir().unwrap();
        let client = start(&mut command(&cluster, &folder, DIAGNOSE));
        let waiting = Self {
            api,
            cluster,
            client,
            _folder: folder,
        };
        waiting.until("a stream is opened", |asked| asked.contains("/exec?"));
        waiting
    }

    #[track_caller]
    fn until(&self, what: &str, is_it: impl Fn(&str) -> bool) {
        let began = Instant::now();
        while !self.cluster.asked().iter().any(|line| is_it(line)) {
            let asked = self.cluster.asked();
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "never: {what}\n{asked:?}"
            );
            sleep(Duration::from_millis(20));
        }
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.client.id() as i32), signal).unwrap();
    }
}

#[test]
fn ctrl_c_closes_the_window_and_what_there_is_is_reported() {
    let run = Waiting::start();
    run.send(Signal::SIGINT);
    run.until("the agent is told", |asked| asked == "STDIN stop");
    let ran = finish(run.client);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(serde_json::from_str::<Diagnosis>(&ran.out).is_ok());
    no_pod_stays(&run.api);
}

#[test]
fn ctrl_c_while_the_pod_starts_removes_it() {
    let api = Arc::new(PodApi::in_states(
        vec![waiting("ContainerCreating", "")],
        Vec::new(),
    ));
    let cluster = serve(&api);
    let folder = tempfile::tempdir().unwrap();
    let client = start(&mut command(&cluster, &folder, DIAGNOSE));
    let began = Instant::now();
    while api.pods().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(20));
    }
    kill(Pid::from_raw(client.id() as i32), Signal::SIGINT).unwrap();
    fails(&finish(client), &["interrupted"]);
    no_pod_stays(&api);
}

#[test]
fn a_client_that_is_killed_leaves_no_pod() {
    let mut run = Waiting::start();
    run.send(Signal::SIGKILL);
    run.client.wait().unwrap();
    run.until("the guardian removes the pod", |asked| {
        asked.starts_with("DELETE")
    });
    run.until("the agent notices", |asked| asked == "STDIN is gone");
    no_pod_stays(&run.api);
}

#[test]
fn pods_that_were_left_are_listed_and_removed() {
    let api = Arc::new(PodApi::in_states(vec![running()], Vec::new()));
    api.add("nodesleuth-old", "Failed");
    api.add("nodesleuth-busy", "Running");
    let cluster = serve(&api);
    let listed = run(&cluster, &["clean", "--cluster", "--dry-run"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert!(
        listed
            .out
            .contains("would remove pod default/nodesleuth-old on node-a"),
        "{listed:?}"
    );
    assert_eq!(api.pods().len(), 2);
    let cleaned = run(&cluster, &["clean", "--cluster"]);
    assert!(
        cleaned.out.contains("removed pod default/nodesleuth-old"),
        "{cleaned:?}"
    );
    assert!(
        cleaned.err.contains("nodesleuth-busy on node-a") && cleaned.err.contains("left alone")
    );
    assert_eq!(api.pods().len(), 1);
    let all = run(&cluster, &["clean", "--cluster", "--running"]);
    assert!(
        all.out.contains("removed pod default/nodesleuth-busy"),
        "{all:?}"
    );
    no_pod_stays(&api);
    let none = run(&cluster, &["clean", "--cluster"]);
    assert_eq!(none.out, "nothing to clean\n");
}
