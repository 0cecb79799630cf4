//! Pod objects, as far as whoever made the pods wants to know.

use super::json;
use super::metadata::{Metadata, Object};
use crate::Malformed;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Who a pod is, and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodObject {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its node; empty until it has one.
    pub node: String,
    /// When it was made, as the API server says it.
    pub created: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What has become of it.
    pub status: PodStatus,
}

/// What has become of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` …
    pub phase: String,
    /// Why, in one word, where the kubelet says it.
    pub reason: String,
    /// The same in a sentence.
    pub message: String,
    /// When its node's kubelet took it up.
    pub start_time: Option<String>,
    /// Its containers.
    pub container_statuses: Vec<ContainerStatus>,
}

/// Where a container is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ContainerStatus {
    /// Its name.
    pub name: String,
    /// At most one of them is there.
    pub state: ContainerState,
}

/// What a container does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// It has not begun.
    pub waiting: Option<Waiting>,
    /// It runs.
    pub running: Option<Running>,
    /// It has ended.
    pub terminated: Option<Terminated>,
}

/// What is waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// In one word, such as `ErrImagePull`.
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

/// Since when is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running;

impl<'de> Deserialize<'de> for Running {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated {
    /// In one word, such as `OOMKilled`.
    pub reason: String,
    /// In a sentence.
    pub message: String,
    /// Its exit code.
    pub exit_code: i64,
}

type Pod = Object<Spec, PodStatus>;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    node_name: String,
}

#[derive(Deserialize)]
struct PodList {
    #[serde(default)]
    items: Vec<Pod>,
}

/// Reads one Pod.
///
/// # Errors
/// When it is no Pod as JSON.
pub fn parse(text: &str) -> Result<PodObject, Malformed> {
    json::read::<Pod>("a Pod object", text).map(object)
}

/// Reads a list of Pods.
///
/// # Errors
/// When it is no such list as JSON.
pub fn parse_list(text: &str) -> Result<Vec<PodObject>, Malformed> {
    let list: PodList = json::read("a list of pods", text)?;
    Ok(list.items.into_iter().map(object).collect())
}

fn object(pod: Pod) -> PodObject {
    let Metadata {
        name,
        namespace,
        creation_timestamp,
        labels,
        ..
    } = pod.metadata;
    PodObject {
        name,
        namespace,
        node: pod.spec.node_name,
        created: creation_timestamp.unwrap_or_default(),
        labels,
        status: pod.status,
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_list};

    /// A real kubelet's list, cut to two pods.
    const REAL: &str = include_str!("samples/pods.json");

    #[test]
    fn real_pods_say_who_and_where_they_are() {
        let pods = parse_list(REAL).unwrap();
        assert_eq!(pods.len(), 2);
        for pod in pods {
            assert!(!pod.name.is_empty() && !pod.namespace.is_empty() && !pod.created.is_empty());
            assert_eq!(pod.status.phase, "Running");
            assert!(pod.status.start_time.is_some());
            let state = &pod.status.container_statuses[0].state;
            assert!(state.running.is_some() && state.waiting.is_none());
        }
    }

    #[test]
    fn what_is_no_pod_is_refused() {
        assert!(parse("<html>").is_err() && parse("").is_err());
        assert!(parse_list("3").is_err() && parse_list(r#"{"items":3}"#).is_err());
    }
}
