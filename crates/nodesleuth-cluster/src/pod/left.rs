//! Pods of ours that somebody left in a cluster.

use super::{pods_path, spec};
use crate::node::pages::encoded;
use crate::request::Bounds;
use crate::{Cluster, ClusterError, RefusalKind as Kind};
use nodesleuth_parse::kube::pod::{PodObject, parse_list};

/// A pod of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: String,
    /// Who made it: host and process id.
    pub owner: String,
    /// When, as the API server says it.
    pub created: String,
    /// Whether it has ended; else somebody may still be at work with it.
    pub has_ended: bool,
}

impl Cluster {
    /// Pods of ours in a namespace (`None`: the context's), or in all.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn left_pods(
        &self,
        namespace: Option<&str>,
        in_all: bool,
    ) -> Result<Vec<LeftPod>, ClusterError> {
        let place = match in_all {
            true => "/api/v1/pods".to_owned(),
            false => pods_path(&self.namespace_or(namespace)?),
        };
        let path = format!("{place}?labelSelector={}", encoded(spec::SELECTOR));
        let list = self.block_on(self.requester.text(&path, Bounds::PAGE));
        let list = list.map_err(|refusal| match refusal.kind {
            Kind::Forbidden => ClusterError::new(
                format!("you may not list pods here: {refusal}"),
                "an administrator grants it with deploy/rbac/pod.yaml; --namespace chooses another namespace",
            ),
            _ => ClusterError::refused("listing pods", &refusal),
        })?;
        let pods = parse_list(&list).map_err(|error| {
            ClusterError::new(
                format!("the API server's answer is no list of pods: {error}"),
                "something other than an API server may have answered",
            )
        })?;
        Ok(pods.into_iter().map(left).collect())
    }

    /// Removes one of them.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn remove_pod(&self, pod: &LeftPod) -> Result<(), ClusterError> {
        let what = format!("removing the pod {}/{}", pod.namespace, pod.name);
        let removed = self.block_on(self.remove(&pod.namespace, &pod.name));
        removed.map_err(|refusal| match refusal.kind {
            Kind::Forbidden => {
                let help = "an administrator grants it with deploy/rbac/pod.yaml";
                ClusterError::new(format!("{what}: {refusal}"), help)
            }
            _ => ClusterError::refused(&what, &refusal),
        })
    }
}

fn left(pod: PodObject) -> LeftPod {
    let mut labels = pod.labels;
    LeftPod {
        namespace: pod.namespace,
        name: pod.name,
        node: pod.node,
        owner: labels.remove(spec::OWNER).unwrap_or_default(),
        created: pod.created,
        has_ended: matches!(pod.status.phase.as_str(), "Succeeded" | "Failed"),
    }
}
