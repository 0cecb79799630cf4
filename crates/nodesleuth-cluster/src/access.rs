//! What may be asked, found out before anything else is.

use crate::{Cluster, ClusterError, RefusalKind};
use serde::{Deserialize, Serialize};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// One right that a run uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// As in RBAC, such as `get nodes/proxy`.
    pub name: &'static str,
    /// What it is used for.
    pub used_for: &'static str,
    /// Whether nothing can be done without it.
    pub needed: bool,
    /// Whether the API server grants it; `None` when it does not say.
    pub granted: Option<bool>,
}

/// The rights that a way of looking at nodes uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights(pub Vec<Right>);

/// A right, where it is needed and for what.
pub(crate) struct Wanted {
    /// As in RBAC: verb, then resource and subresource.
    pub(crate) name: &'static str,
    pub(crate) used_for: &'static str,
    pub(crate) needed: bool,
    /// Asked for in the namespace of the run; else in the whole cluster.
    pub(crate) in_namespace: bool,
}

/// What reading a node uses.
const OF_NODES: &[Wanted] = &[
    Wanted {
        name: "get nodes",
        used_for: "kernel, kubelet and runtime versions, conditions",
        needed: false,
        in_namespace: false,
    },
    Wanted {
        name: "get nodes/proxy",
        used_for: "the kubelet's metrics, statistics, configuration and CPU profile",
        needed: true,
        in_namespace: false,
    },
    Wanted {
        name: "list pods",
        used_for: "the node's pods and their probes (else the kubelet is asked)",
        needed: false,
        in_namespace: false,
    },
];

#[derive(Serialize)]
struct Review<'a> {
    kind: &'a str,
    #[serde(rename = "apiVersion")]
    version: &'a str,
    spec: Spec<'a>,
}

#[derive(Serialize)]
struct Spec<'a> {
    #[serde(rename = "resourceAttributes")]
    attributes: Attributes<'a>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    verb: &'a str,
    resource: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subresource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

#[derive(Deserialize)]
struct Reviewed {
    status: ReviewStatus,
}

#[derive(Deserialize)]
struct ReviewStatus {
    allowed: bool,
}

impl Cluster {
    /// Asks the API server what it would let us ask of nodes.
    ///
    /// # Errors
    /// When the server cannot be reached or does not know us. A server that does not answer such
    /// questions leaves rights unknown.
    pub fn rights(&self) -> Result<Rights, ClusterError> {
        self.rights_to(&[OF_NODES], None)
    }

    pub(crate) fn rights_to(
        &self,
        wanted: &[&[Wanted]],
        namespace: Option<&str>,
    ) -> Result<Rights, ClusterError> {
        self.block_on(async {
            let mut rights = Vec::new();
            for right in wanted.iter().copied().flatten() {
                let namespace = namespace.filter(|_| right.in_namespace);
                rights.push(Right {
                    name: right.name,
                    used_for: right.used_for,
                    needed: right.needed,
                    granted: self.granted(right.name, namespace).await?,
                });
            }
            Ok(Rights(rights))
        })
    }

    async fn granted(
        &self,
        right: &str,
        namespace: Option<&str>,
    ) -> Result<Option<bool>, ClusterError> {
        let (verb, of) = right.split_once(' ').unwrap_or((right, ""));
        let (resource, subresource) = of.split_once('/').unwrap_or((of, ""));
        let review = Review {
            kind: "SelfSubjectAccessReview",
            version: "authorization.k8s.io/v1",
            spec: Spec {
                attributes: Attributes {
                    verb,
                    resource,
                    subresource,
                    namespace,
                },
            },
        };
        let body = serde_json::to_vec(&review).unwrap_or_default();
        match self.requester.post(REVIEWS, &body).await {
            Ok(answer) => {
                let reviewed: Option<Reviewed> = serde_json::from_slice(&answer).ok();
                Ok(reviewed.map(|reviewed| reviewed.status.allowed))
            }
            Err(refusal) => match refusal.kind {
                RefusalKind::Forbidden | RefusalKind::NotServed | RefusalKind::NoSuchObject => {
                    Ok(None)
                }
                _ => Err(ClusterError::refused(
                    &format!("asking {} for our rights", self.server()),
                    &refusal,
                )),
            },
        }
    }
}

impl Rights {
    /// Nothing, if no right is missing that everything needs; `grant` says how to get it.
    ///
    /// # Errors
    /// When one is: it is named.
    pub fn enough(&self, grant: &str) -> Result<(), ClusterError> {
        let mut rights = self.0.iter();
        let lacking = rights.find(|right| right.needed && right.granted == Some(false));
        lacking.map_or(Ok(()), |right| {
            let what = format!("you may not {} here: {}", right.name, right.used_for);
            Err(ClusterError::forbidden(what, grant))
        })
    }

    /// Whether this right is granted, or may be.
    #[must_use]
    pub fn may(&self, name: &str) -> bool {
        let right = self.0.iter().find(|right| right.name == name);
        right.is_none_or(|right| right.granted != Some(false))
    }
}
