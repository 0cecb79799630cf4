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

/// The rights that reading a node uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights(pub Vec<Right>);

/// Verb, resource and subresource of each.
const WANTED: &[(&str, &str, &str, Right)] = &[
    (
        "get",
        "nodes",
        "",
        Right {
            name: "get nodes",
            used_for: "kernel, kubelet and runtime versions, conditions",
            needed: false,
            granted: None,
        },
    ),
    (
        "get",
        "nodes",
        "proxy",
        Right {
            name: "get nodes/proxy",
            used_for: "the kubelet's metrics, statistics, configuration and CPU profile",
            needed: true,
            granted: None,
        },
    ),
    (
        "list",
        "pods",
        "",
        Right {
            name: "list pods",
            used_for: "the node's pods and their probes (else the kubelet is asked)",
            needed: false,
            granted: None,
        },
    ),
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
    /// Asks the API server what it would let us ask.
    ///
    /// # Errors
    /// When the server cannot be reached or does not know us. A server that does not answer such
    /// questions leaves rights unknown.
    pub fn rights(&self) -> Result<Rights, ClusterError> {
        self.block_on(async {
            let mut rights = Vec::new();
            for (verb, resource, subresource, right) in WANTED {
                rights.push(Right {
                    granted: self.granted(verb, resource, subresource).await?,
                    ..right.clone()
                });
            }
            Ok(Rights(rights))
        })
    }

    async fn granted(
        &self,
        verb: &str,
        resource: &str,
        subresource: &str,
    ) -> Result<Option<bool>, ClusterError> {
        let review = Review {
            kind: "SelfSubjectAccessReview",
            version: "authorization.k8s.io/v1",
            spec: Spec {
                attributes: Attributes {
                    verb,
                    resource,
                    subresource,
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
    /// The right that is needed and not granted, if there is one.
    #[must_use]
    pub fn lacking(&self) -> Option<&Right> {
        let mut rights = self.0.iter();
        rights.find(|right| right.needed && right.granted == Some(false))
    }

    /// Whether this right is granted, or may be.
    #[must_use]
    pub fn may(&self, name: &str) -> bool {
        let right = self.0.iter().find(|right| right.name == name);
        right.is_none_or(|right| right.granted != Some(false))
    }
}
