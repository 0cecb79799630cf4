//! Lists of pods, counted.

use super::metadata::{ListMetadata, Object};
use super::{json, unix_seconds};
use crate::Malformed;
use nodesleuth_model::evidence::NodePods;
use serde::Deserialize;
use serde_json::Value;

const WHAT: &str = "a list of pods";

#[derive(Deserialize)]
struct PodList {
    #[serde(default)]
    metadata: ListMetadata,
    /// Go writes an empty list as null in places.
    items: Option<Vec<Pod>>,
}

type Pod = Object<Spec, Status>;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    containers: Vec<Container>,
    volumes: Vec<Volume>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    name: String,
    startup_probe: Option<Probe>,
    liveness_probe: Option<Probe>,
    readiness_probe: Option<Probe>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    exec: Option<Value>,
    period_seconds: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Volume {
    config_map: Option<Value>,
    secret: Option<Value>,
    projected: Option<Value>,
    #[serde(rename = "downwardAPI")]
    downward_api: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    name: String,
    restart_count: u64,
    /// Only said by kubelets that know startup probes.
    started: Option<bool>,
}

/// The API's default.
const DEFAULT_PERIOD_SECONDS: f64 = 10.0;

/// Adds a page of a list of pods to what was counted so far; returns the token of the next page.
///
/// # Errors
/// When it is no such list as JSON.
pub fn add_page(text: &str, counted: &mut NodePods) -> Result<Option<String>, Malformed> {
    let list: PodList = json::read(WHAT, text)?;
    for pod in list.items.unwrap_or_default() {
        add(&pod, counted);
    }
    let created = &mut counted.created_unix_seconds;
    created.sort_unstable_by_key(|seconds| std::cmp::Reverse(*seconds));
    created.truncate(NodePods::MOST_CREATED);
    Ok(list.metadata.more())
}

fn add(pod: &Pod, counted: &mut NodePods) {
    counted.pods += 1;
    let phase = pod.status.phase.as_str();
    *counted.phases.entry(phase.to_owned()).or_default() += 1;
    counted.terminating += u64::from(pod.metadata.deletion_timestamp.is_some());
    let created = pod.metadata.creation_timestamp.as_deref();
    counted
        .created_unix_seconds
        .extend(created.and_then(unix_seconds));
    if matches!(phase, "Succeeded" | "Failed") {
        return;
    }
    counted.containers += pod.spec.containers.len() as u64;
    let restarts = pod.status.container_statuses.iter();
    counted.restarts += restarts.map(|status| status.restart_count).sum::<u64>();
    let synced = pod.spec.volumes.iter().filter(|volume| volume.is_synced());
    counted.synced_volumes += synced.count() as u64;
    let containers = pod.spec.containers.iter();
    let probes = containers.flat_map(|container| container.probes(&pod.status));
    for probe in probes {
        let period = probe.period_seconds.unwrap_or(DEFAULT_PERIOD_SECONDS);
        let rate = 1.0 / period.max(1.0);
        if probe.exec.is_some() {
            counted.exec_probes += 1;
            counted.exec_probe_rate += rate;
        } else {
            counted.network_probe_rate += rate;
        }
    }
}

impl Container {
    /// Those that run: the others wait until the one for the start has succeeded, and that one ends
    /// then.
    fn probes<'a>(&'a self, status: &Status) -> impl Iterator<Item = &'a Probe> + use<'a> {
        let mut statuses = status.container_statuses.iter();
        let of_this = statuses.find(|status| status.name == self.name);
        let has_started = of_this.and_then(|status| status.started);
        let probes = match &self.startup_probe {
            Some(startup) if has_started == Some(false) => [Some(startup), None],
            _ => [self.liveness_probe.as_ref(), self.readiness_probe.as_ref()],
        };
        probes.into_iter().flatten()
    }
}

impl Volume {
    fn is_synced(&self) -> bool {
        let kinds = [
            &self.config_map,
            &self.secret,
            &self.projected,
            &self.downward_api,
        ];
        kinds.iter().any(|kind| kind.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::add_page;
    use nodesleuth_model::evidence::NodePods;

    /// A real kubelet's list, cut to two pods.
    const REAL: &str = include_str!("samples/pods.json");

    #[test]
    fn a_real_list_is_counted() {
        let mut pods = NodePods::default();
        assert_eq!(add_page(REAL, &mut pods), Ok(None));
        assert_eq!(pods.pods, 2);
        assert_eq!(pods.phases["Running"], 2);
        assert_eq!((pods.containers, pods.exec_probes), (2, 0));
        assert_eq!(pods.created_unix_seconds.len(), 2);
    }

    #[test]
    fn probes_are_counted_by_kind_and_period_and_ended_pods_have_none() {
        let pod = |phase: &str| {
            format!(
                r#"{{"metadata":{{"deletionTimestamp":"2026-11-23T15:46:22Z"}},"spec":{{"containers":[
                {{"livenessProbe":{{"exec":{{"command":["x"]}},"periodSeconds":1}},
                  "readinessProbe":{{"httpGet":{{}},"periodSeconds":5}}}}],
                "volumes":[{{"configMap":{{}}}},{{"hostPath":{{}}}}]}},
                "status":{{"phase":"{phase}","containerStatuses":[{{"restartCount":7}}]}}}}"#
            )
        };
        let page = format!(
            r#"{{"metadata":{{"continue":"more"}},"items":[{},{}]}}"#,
            pod("Running"),
            pod("Succeeded")
        );
        let mut pods = NodePods::default();
        assert_eq!(add_page(&page, &mut pods).unwrap().as_deref(), Some("more"));
        assert_eq!((pods.pods, pods.containers, pods.terminating), (2, 1, 2));
        assert_eq!((pods.exec_probes, pods.exec_probe_rate), (1, 1.0));
        assert_eq!(pods.network_probe_rate, 0.2);
        assert_eq!((pods.restarts, pods.synced_volumes), (7, 1));
    }

    #[test]
    fn until_a_container_has_started_only_its_startup_probe_runs() {
        let page = |started: &str| {
            format!(
                r#"{{"items":[{{"spec":{{"containers":[{{"name":"a",
                "startupProbe":{{"exec":{{"command":["x"]}},"periodSeconds":2}},
                "livenessProbe":{{"exec":{{"command":["x"]}},"periodSeconds":5}},
                "readinessProbe":{{"httpGet":{{}},"periodSeconds":10}}}}]}},
                "status":{{"phase":"Running","containerStatuses":[{{"name":"a"{started}}}]}}}}]}}"#
            )
        };
        for (started, rates) in [
            (r#","started":false"#, (1, 0.5, 0.0)),
            (r#","started":true"#, (1, 0.2, 0.1)),
            ("", (1, 0.2, 0.1)),
        ] {
            let mut pods = NodePods::default();
            add_page(&page(started), &mut pods).unwrap();
            let counted = (
                pods.exec_probes,
                pods.exec_probe_rate,
                pods.network_probe_rate,
            );
            assert_eq!(counted, rates, "{started}");
        }
    }

    #[test]
    fn an_empty_list_may_be_null_and_other_answers_are_refused() {
        let mut pods = NodePods::default();
        assert_eq!(add_page(r#"{"items":null}"#, &mut pods), Ok(None));
        for text in ["", "[]", r#"{"items":3}"#, "Unauthorized"] {
            assert!(add_page(text, &mut pods).is_err(), "{text}");
        }
    }
}
