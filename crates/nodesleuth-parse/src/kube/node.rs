//! Node objects.

use super::metadata::{ListMetadata, Metadata};
use super::{json, quantity, unix_seconds};
use crate::Malformed;
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{NodeCondition, NodeObject};
use serde::Deserialize;
use std::collections::BTreeMap;

const WHAT: &str = "a Node object";
/// Labels that say what kind of machine it is. Others may hold anything.
const KEPT_LABELS: &[&str] = &[
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "beta.kubernetes.io/arch",
    "kubernetes.io/os",
    "beta.kubernetes.io/os",
    "eks.amazonaws.com/nodegroup",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "karpenter.sh/nodepool",
    "node.openshift.io/os_id",
];

#[derive(Deserialize)]
struct Node {
    kind: Option<String>,
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
struct Spec {
    #[serde(default)]
    unschedulable: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    capacity: BTreeMap<String, String>,
    conditions: Vec<Condition>,
    node_info: NodeInfo,
    daemon_endpoints: DaemonEndpoints,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    #[serde(default)]
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeInfo {
    kernel_version: String,
    os_image: String,
    architecture: String,
    kubelet_version: String,
    container_runtime_version: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DaemonEndpoints {
    kubelet_endpoint: Endpoint,
}

#[derive(Default, Deserialize)]
struct Endpoint {
    #[serde(rename = "Port")]
    port: Option<u16>,
}

#[derive(Deserialize)]
struct NodeList {
    #[serde(default)]
    metadata: ListMetadata,
    items: Vec<Node>,
}

/// Reads one Node.
///
/// # Errors
/// When it is no Node as JSON.
pub fn parse(text: &str) -> Result<NodeObject, Malformed> {
    let node: Node = json::read(WHAT, text)?;
    match node.kind.as_deref() {
        None | Some("Node") if node.metadata.name.is_empty() => {
            Err(Malformed::whole(WHAT, "it has no name"))
        }
        None | Some("Node") => Ok(object(node)),
        Some(other) => Err(Malformed::whole(WHAT, format!("it is a {other:?}"))),
    }
}

/// Reads a page of a list of Nodes, and the token of the next page if there is one.
///
/// # Errors
/// When it is no such list as JSON.
pub fn parse_list(text: &str) -> Result<(Vec<NodeObject>, Option<String>), Malformed> {
    let list: NodeList = json::read("a list of Nodes", text)?;
    let nodes = list.items.into_iter().map(object).collect();
    Ok((nodes, list.metadata.more()))
}

fn object(node: Node) -> NodeObject {
    let Node {
        metadata,
        spec,
        status,
        ..
    } = node;
    let capacity = |name: &str| quantity::parse(status.capacity.get(name)?);
    let info = status.node_info;
    let conditions = status.conditions.into_iter().map(|condition| {
        let Condition {
            kind,
            status,
            reason,
        } = condition;
        (kind, NodeCondition { status, reason })
    });
    NodeObject {
        created_unix_seconds: metadata
            .creation_timestamp
            .as_deref()
            .and_then(unix_seconds),
        name: metadata.name,
        kernel_release: info.kernel_version,
        os_image: info.os_image,
        architecture: info.architecture,
        kubelet_version: info.kubelet_version,
        runtime_version: info.container_runtime_version,
        cpus: capacity("cpu"),
        memory: capacity("memory").map(|bytes| Bytes(bytes as u64)),
        pods: capacity("pods").map(|pods| pods as u64),
        conditions: conditions.collect(),
        unschedulable: spec.unschedulable,
        labels: metadata
            .labels
            .into_iter()
            .filter(|(name, _)| KEPT_LABELS.contains(&name.as_str()))
            .collect(),
        kubelet_port: status.daemon_endpoints.kubelet_endpoint.port,
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_list};

    const NODE: &str = r#"{"kind":"Node","apiVersion":"v1","metadata":{"name":"node-a",
        "creationTimestamp":"2026-11-23T15:46:22Z",
        "labels":{"kubernetes.io/arch":"amd64","kubernetes.io/hostname":"secret-name",
                  "node.kubernetes.io/instance-type":"m5.xlarge"}},
        "spec":{"podCIDR":"10.1.0.0/24","unschedulable":true},
        "status":{"capacity":{"cpu":"2","memory":"32874448Ki","pods":"110"},
          "conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"…"}],
          "daemonEndpoints":{"kubeletEndpoint":{"Port":10250}},
          "nodeInfo":{"kernelVersion":"4.15.0-1057-aws","osImage":"Ubuntu 18.04.3 LTS",
            "containerRuntimeVersion":"docker://18.9.7","kubeletVersion":"v1.15.5",
            "operatingSystem":"linux","architecture":"amd64"}}}"#;

    #[test]
    fn a_node_is_understood_and_other_labels_are_left_out() {
        let node = parse(NODE).unwrap();
        assert_eq!(node.kernel_release, "4.15.0-1057-aws");
        assert_eq!(node.runtime_version, "docker://18.9.7");
        assert_eq!(node.cpus, Some(2.0));
        assert_eq!(node.memory.unwrap().0, 32_874_448 * 1024);
        assert_eq!(node.ready(), Some(true));
        assert!(node.unschedulable);
        assert_eq!(node.kubelet_port, Some(10250));
        assert_eq!(node.labels.len(), 2);
    }

    #[test]
    fn a_list_says_whether_there_is_more() {
        let page = format!("{{\"metadata\":{{\"continue\":\"abc\"}},\"items\":[{NODE}]}}");
        let (nodes, more) = parse_list(&page).unwrap();
        assert_eq!((nodes.len(), more.as_deref()), (1, Some("abc")));
        let last = "{\"metadata\":{\"continue\":\"\"},\"items\":[]}";
        assert_eq!(parse_list(last).unwrap(), (Vec::new(), None));
    }

    #[test]
    fn a_node_that_just_joined_has_nothing_yet() {
        let node = parse(r#"{"kind":"Node","metadata":{"name":"n"}}"#).unwrap();
        assert_eq!((node.ready(), node.cpus), (None, None));
    }

    #[test]
    fn other_objects_are_refused() {
        for text in [
            "",
            "{}",
            r#"{"kind":"Status","metadata":{}}"#,
            r#"{"kind":"Pod","metadata":{"name":"n"}}"#,
            r#"{"kind":"Node","metadata":{}}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
