//! An API server that keeps one pod: made, seen, spoken to, removed.

use crate::kubelet::granted;
use nodesleuth_fake_cluster::{Asked, Reply, Scene};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// What the agent begins with.
pub(crate) const HELLO: &str = "@nodesleuth hello 1 nodesleuth 0.1.0\n@nodesleuth stage watching\n";

/// Pods of a cluster, and what tests do to them.
#[derive(Debug, Default)]
pub(crate) struct PodApi {
    pods: Mutex<BTreeMap<String, Value>>,
    /// Status of a pod once it was seen this often; the last stays.
    states: Vec<Value>,
    looks: Mutex<usize>,
    scenes: Vec<Scene>,
    log: String,
}

pub(crate) fn waiting(reason: &str, message: &str) -> Value {
    of_container(json!({ "waiting": { "reason": reason, "message": message } }))
}

pub(crate) fn running() -> Value {
    of_container(json!({ "running": { "startedAt": "2026-11-27T23:00:00Z" } }))
}

pub(crate) fn ended(code: i64) -> Value {
    of_container(json!({ "terminated": { "exitCode": code, "reason": "Completed" } }))
}

fn of_container(state: Value) -> Value {
    json!({
        "phase": "Pending",
        "startTime": "2026-11-27T23:00:00Z",
        "containerStatuses": [{ "name": "agent", "state": state }],
    })
}

impl PodApi {
    /// A pod that starts, and on whose exec stream this happens.
    pub(crate) fn new(scenes: Vec<Scene>) -> Self {
        Self::in_states(
            vec![
                json!({ "phase": "Pending" }),
                waiting("ContainerCreating", ""),
                running(),
            ],
            scenes,
        )
    }

    pub(crate) fn in_states(states: Vec<Value>, scenes: Vec<Scene>) -> Self {
        Self {
            states,
            scenes,
            ..Self::default()
        }
    }

    /// A pod that writes this log and ends.
    pub(crate) fn with_log(log: String, code: i64) -> Self {
        Self {
            log,
            ..Self::in_states(vec![running(), ended(code)], Vec::new())
        }
    }

    /// Pods that are there now.
    pub(crate) fn pods(&self) -> Vec<Value> {
        self.pods.lock().unwrap().values().cloned().collect()
    }

    pub(crate) fn add(&self, name: &str, phase: &str) {
        let pod = json!({
            "metadata": {
                "name": name, "namespace": "default", "creationTimestamp": "2026-11-27T22:00:00Z",
                "labels": { "nodesleuth.io/owner": "host-1" },
            },
            "spec": { "nodeName": "node-a" },
            "status": { "phase": phase },
        });
        self.pods.lock().unwrap().insert(name.to_owned(), pod);
    }

    pub(crate) fn answer(&self, asked: &Asked) -> Option<Reply> {
        let path = asked.path.as_str();
        match (asked.method.as_str(), path) {
            ("POST", crate::kubelet::REVIEWS) => Some(granted(true)),
            ("GET", "/api/v1/nodes/node-a") => Some(node(true)),
            ("GET", path) if path.starts_with("/api/v1/nodes/") => Some(Reply::status(
                404,
                "NotFound",
                "nodes \"node-zz\" not found",
            )),
            ("POST", "/api/v1/namespaces/default/pods") => Some(self.make(asked)),
            ("GET", "/api/v1/namespaces/default/pods") => {
                let ours = asked.parameter("labelSelector")?;
                assert_eq!(ours, "app.kubernetes.io%2Fmanaged-by%3Dnodesleuth");
                Some(Reply::json(
                    json!({ "kind": "PodList", "items": self.pods() }).to_string(),
                ))
            }
            (method, path) => {
                let rest = path.strip_prefix("/api/v1/namespaces/default/pods/")?;
                let (name, page) = rest.split_once('/').unwrap_or((rest, ""));
                self.of_pod(method, name, page)
            }
        }
    }

    fn make(&self, asked: &Asked) -> Reply {
        let pod: Value = serde_json::from_slice(&asked.body).unwrap();
        let name = pod["metadata"]["name"].as_str().unwrap().to_owned();
        self.pods.lock().unwrap().insert(name, pod.clone());
        Reply::text(201, pod.to_string()).header("content-type", "application/json")
    }

    fn of_pod(&self, method: &str, name: &str, page: &str) -> Option<Reply> {
        let mut pods = self.pods.lock().unwrap();
        let Some(pod) = pods.get(name) else {
            let said = format!("pods \"{name}\" not found");
            return Some(Reply::status(404, "NotFound", &said));
        };
        match (method, page) {
            ("GET", "") => {
                let mut looks = self.looks.lock().unwrap();
                let mut pod = pod.clone();
                pod["status"] = self.states[(*looks).min(self.states.len() - 1)].clone();
                *looks += 1;
                Some(Reply::json(pod.to_string()))
            }
            ("GET", "exec") => Some(Reply::exec(self.scenes.clone())),
            ("GET", "log") => Some(Reply::ok("text/plain", self.log.clone())),
            ("DELETE", "") => pods.remove(name).map(|pod| Reply::json(pod.to_string())),
            _ => None,
        }
    }
}

/// The Node object.
pub(crate) fn node(is_ready: bool) -> Reply {
    let (status, reason) = match is_ready {
        true => ("True", "KubeletReady"),
        false => ("Unknown", "NodeStatusUnknown"),
    };
    let node = json!({
        "kind": "Node", "metadata": { "name": "node-a" },
        "status": {
            "conditions": [{ "type": "Ready", "status": status, "reason": reason }],
            "nodeInfo": { "kernelVersion": "4.15.0", "kubeletVersion": "v1.20.2" },
        },
    });
    Reply::json(node.to_string())
}

/// A recorded bundle as an agent sends it.
pub(crate) fn recorded() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bundles/k415-z20000");
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    archive
        .append_path_with_name(folder.join("evidence.json"), "evidence.json")
        .unwrap();
    let profiles = folder.join("profiles");
    for entry in fs::read_dir(profiles).into_iter().flatten().flatten() {
        let name = format!("profiles/{}", entry.file_name().to_string_lossy());
        archive.append_path_with_name(entry.path(), name).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}
