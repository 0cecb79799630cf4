//! `proxy`: other tools ask on loopback what only the kubeconfig's owner may ask.

use crate::kubelet::Kubelet;
use crate::run::command;
use crate::support::finish;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nodesleuth_fake_cluster::FakeCluster;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use tempfile::TempDir;
use ureq::Agent;

struct Proxy {
    child: Child,
    url: String,
    _cluster: FakeCluster,
    _folder: TempDir,
}

impl Proxy {
    fn start(args: &[&str]) -> Self {
        let kubelet = Kubelet::sick();
        let cluster = FakeCluster::start(move |asked| kubelet.answer(asked)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let args = [&["proxy", "--node", "node-a"], args].concat();
        let mut child = command(&cluster, &folder, &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut url)
            .unwrap();
        Self {
            child,
            url: url.trim().to_owned(),
            _cluster: cluster,
            _folder: folder,
        }
    }

    fn get(&self, address: &str, origin: Option<&str>) -> (u16, String) {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None);
        let mut request = Agent::new_with_config(config.build()).get(address);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let mut answer = request.call().unwrap();
        let body = answer.body_mut().read_to_vec().unwrap();
        (
            answer.status().as_u16(),
            String::from_utf8_lossy(&body).into_owned(),
        )
    }
}

#[test]
fn who_has_the_address_sees_the_pages_and_nobody_else_does() {
    let proxy = Proxy::start(&[]);
    let url = &proxy.url;
    let (status, text) = proxy.get(&format!("{url}/metrics"), None);
    assert_eq!(status, 200);
    assert!(text.contains("process_cpu_seconds_total"));
    let (status, text) = proxy.get(&format!("{url}/debug/pprof/profile?seconds=1"), None);
    assert!(status == 200 && text.len() > 1_000);
    let server = url.rsplit_once('/').unwrap().0;
    assert_eq!(proxy.get(&format!("{server}/metrics"), None).0, 403);
    let page = Some("http://evil.example");
    assert_eq!(proxy.get(&format!("{url}/metrics"), page).0, 403);
    assert_eq!(proxy.get(&format!("{url}/run/default/pod/c"), None).0, 404);
    kill(Pid::from_raw(proxy.child.id() as i32), Signal::SIGINT).unwrap();
    let ran = finish(proxy.child);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn it_ends_when_nobody_asks() {
    let proxy = Proxy::start(&["--idle", "1s"]);
    let ran = finish(proxy.child);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("nobody asked any more"), "{ran:?}");
}
