//! A kubelet and its API server: pages of a real kubelet 1.20, whose counters go on.

use nodesleuth_fake_cluster::{Asked, Reply};
use nodesleuth_profile::{Limits, Merger, encode, open};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The profile that profiles are made of: 30 s of a kubelet with 10,000 leaked cgroups.
const SICK: &str = "kubelet-leaked-10000";
const PROFILE_SECONDS: f64 = 30.0;

/// A kubelet that burns CPU.
#[derive(Debug)]
pub(crate) struct Kubelet {
    pub(crate) started: Instant,
    /// What it burns in all.
    pub(crate) cores: f64,
    /// Cgroups besides those of its pods.
    pub(crate) leaked: usize,
    /// Whether cAdvisor follows a cgroup of the kubelet's own.
    pub(crate) has_cgroup: bool,
}

pub(crate) const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

impl Kubelet {
    pub(crate) fn sick() -> Self {
        Self {
            started: Instant::now(),
            cores: 0.8,
            leaked: 1_200,
            has_cgroup: true,
        }
    }

    /// What the API server and this kubelet answer, node `node-a`.
    pub(crate) fn answer(&self, asked: &Asked) -> Option<Reply> {
        if asked.path == REVIEWS {
            return Some(granted(true));
        }
        match asked.of_node() {
            Some(("node-a", page)) => self.page(page, asked),
            Some(_) => None,
            None => object(asked),
        }
    }

    pub(crate) fn page(&self, page: &str, asked: &Asked) -> Option<Reply> {
        Some(match page {
            "/metrics" => metrics_page(self.metrics()),
            "/metrics/cadvisor" => metrics_page(self.container_stats()),
            "/stats/summary" => Reply::json(sample("summary-1.20.json")),
            "/configz" => Reply::json(sample("configz-1.20.json")),
            "/pods" => Reply::json(sample("pods.json")),
            "/debug/pprof/profile" => {
                let seconds: u64 = asked.parameter("seconds")?.parse().ok()?;
                Reply::ok("application/octet-stream", profile(seconds, self.cores))
                    .after(std::time::Duration::from_secs(seconds))
            }
            "/debug/pprof/goroutine" => debug_page("goroutine-leaked-10000.pb.gz"),
            "/debug/pprof/heap" => debug_page("heap-1.20.pb.gz"),
            _ => return None,
        })
    }

    /// The pods of any node.
    pub(crate) fn pods(&self) -> Option<Reply> {
        Some(Reply::json(sample("pods.json")))
    }

    fn burnt(&self) -> f64 {
        100.0 + self.started.elapsed().as_secs_f64() * self.cores
    }

    pub(crate) fn metrics(&self) -> String {
        let line = format!("process_cpu_seconds_total {:.2}", self.burnt());
        sample("metrics-1.20.txt").replace("process_cpu_seconds_total 0.84", &line)
    }

    /// Its own cgroup as it is now: a third of the CPU in user mode.
    pub(crate) fn container_stats(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let millis = now.as_millis();
        let own = "container=\"\",id=\"/system.slice/kubelet.service\"";
        let mut page = other_stats(self.leaked, now.as_secs());
        if self.has_cgroup {
            let (user, kernel) = (self.burnt() / 3.0, self.burnt() * 2.0 / 3.0);
            let _ = writeln!(
                page,
                "container_cpu_user_seconds_total{{{own}}} {user} {millis}"
            );
            let _ = writeln!(
                page,
                "container_cpu_system_seconds_total{{{own}}} {kernel} {millis}"
            );
        }
        page
    }
}

/// All but the kubelet's own cgroup, of which so many are leaked and were seen 14 s ago. Made once a
/// second: thousands of kubelets share the processors with whoever asks them.
pub(crate) fn other_stats(leaked: usize, unix_seconds: u64) -> String {
    static MADE: Mutex<BTreeMap<usize, (u64, String)>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap();
    if let Some((at, page)) = made.get(&leaked)
        && *at == unix_seconds
    {
        return page.clone();
    }
    let recorded = sample("cadvisor-1.20.txt").lines();
    let others = recorded.filter(|line| !line.contains("kubelet.service"));
    let mut page: String = others.map(|line| format!("{line}\n")).collect();
    let at = (unix_seconds - 14) * 1_000;
    for number in 0..leaked {
        let id = format!("/kubepods/besteffort/leak-{number}");
        let _ = writeln!(page, "container_last_seen{{id=\"{id}\",image=\"\"}} 1 {at}");
    }
    made.insert(leaked, (unix_seconds, page.clone()));
    page
}

pub(crate) fn granted(allowed: bool) -> Reply {
    let body = format!(
        "{{\"kind\":\"SelfSubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\",\
         \"metadata\":{{}},\"spec\":{{}},\"status\":{{\"allowed\":{allowed}}}}}"
    );
    Reply::text(201, body).header("content-type", "application/json")
}

fn object(asked: &Asked) -> Option<Reply> {
    match asked.path.as_str() {
        "/api/v1/nodes/node-a" => Some(Reply::json(NODE)),
        "/api/v1/pods" => {
            let of_node = asked.parameter("fieldSelector") == Some("spec.nodeName%3Dnode-a");
            of_node.then(|| Reply::json(sample("pods.json")))
        }
        path => {
            let name = path.strip_prefix("/api/v1/nodes/")?;
            let said = format!("nodes \"{name}\" not found");
            Some(Reply::status(404, "NotFound", &said))
        }
    }
}

pub(crate) const NODE: &str = r#"{"kind":"Node","apiVersion":"v1","metadata":{"name":"node-a",
"creationTimestamp":"2026-11-23T15:46:22Z","labels":{"kubernetes.io/arch":"amd64"}},
"spec":{},"status":{"capacity":{"cpu":"2","memory":"32874448Ki","pods":"110"},
"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady"}],
"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}},
"nodeInfo":{"kernelVersion":"4.15.0-1057-aws","osImage":"Ubuntu 18.04.3 LTS",
"containerRuntimeVersion":"containerd://1.2.6","kubeletVersion":"v1.20.2",
"operatingSystem":"linux","architecture":"amd64"}}}"#;

pub(crate) fn metrics_page(body: String) -> Reply {
    Reply::ok("text/plain; version=0.0.4; charset=utf-8", body)
}

/// Recorded answers of real kubelets 1.20.
fn debug_page(name: &str) -> Reply {
    let samples = repository().join("crates/nodesleuth-collect/src/profiles/samples");
    Reply::ok(
        "application/octet-stream",
        fs::read(samples.join(name)).unwrap(),
    )
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Read once each: hundreds of kubelets answer the same.
pub(crate) fn sample(name: &str) -> &'static str {
    static READ: Mutex<BTreeMap<String, &'static str>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap();
    read.entry(name.to_owned()).or_insert_with(|| {
        let samples = repository().join("crates/nodesleuth-parse/src/kube/samples");
        fs::read_to_string(samples.join(name)).unwrap().leak()
    })
}

/// The recorded stacks as a profile of this length and CPU. Made once each: hundreds of kubelets
/// answer the same.
pub(crate) fn profile(seconds: u64, cores: f64) -> Vec<u8> {
    static MADE: Mutex<BTreeMap<(u64, u64), Vec<u8>>> = Mutex::new(BTreeMap::new());
    let key = (seconds, cores.to_bits());
    let mut made = MADE.lock().unwrap();
    made.entry(key)
        .or_insert_with(|| make_profile(seconds, cores))
        .clone()
}

fn make_profile(seconds: u64, cores: f64) -> Vec<u8> {
    let path = repository().join(format!("fixtures/bundles/{SICK}/profiles/cpu.pb.gz"));
    let recorded = open(fs::read(path).unwrap(), &Limits::default())
        .unwrap()
        .profile;
    // What was recorded burnt 0.68 cores.
    let factor = seconds as f64 / PROFILE_SECONDS * cores / 0.68;
    let mut merger = Merger::new();
    merger.add_scaled(&recorded, factor).unwrap();
    of_length(encode(&merger.finish()), seconds)
}

/// The same profile with this length.
pub(crate) fn of_length(mut bytes: Vec<u8>, seconds: u64) -> Vec<u8> {
    // `duration_nanos` once more: of a field that comes twice the last counts.
    bytes.push(10 << 3);
    let mut nanos = seconds * 1_000_000_000;
    while nanos >= 0x80 {
        bytes.push((nanos as u8 & 0x7f) | 0x80);
        nanos >>= 7;
    }
    bytes.push(nanos as u8);
    bytes
}
