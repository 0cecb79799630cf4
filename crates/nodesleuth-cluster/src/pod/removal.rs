//! Removing a pod of ours, also one that may still be on its way into the cluster.

use super::{PodRun, pod_path};
use crate::{Cluster, ClusterError, Refusal, RefusalKind as Kind};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often it is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// A request to make it that was on its way when its sender died has arrived by then.
const ARRIVAL: Duration = Duration::from_secs(8);
/// How long an API server that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(120);

impl Cluster {
    /// Asks for its removal; that there is none is fine.
    pub(super) async fn remove(&self, namespace: &str, name: &str) -> Result<(), Refusal> {
        match self.requester.delete(&pod_path(namespace, name)).await {
            Err(refusal) if refusal.kind == Kind::NoSuchObject => Ok(()),
            other => other,
        }
    }

    /// Asks for the removal of a run's pod, made or not.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn remove_run(&self, run: &PodRun) -> Result<(), ClusterError> {
        let removed = self.block_on(self.remove(&run.namespace, &run.name));
        removed.map_err(|refusal| {
            let what = format!(
                "the pod {}/{} is not removed: {refusal}",
                run.namespace, run.name
            );
            ClusterError::new(what, "`nodesleuth clean --cluster` tries again")
        })
    }

    /// Removes what somebody who died may have made, or was about to make.
    ///
    /// # Errors
    /// When the API server refuses, or does not answer for two minutes.
    pub fn remove_left_pod(&self, namespace: &str, name: &str) -> Result<(), ClusterError> {
        let began = Instant::now();
        let path = pod_path(
            &self.namespace_or(Some(namespace))?,
            &crate::node_name(name)?,
        );
        self.block_on(async {
            loop {
                let refusal = match self.requester.delete(&path).await {
                    Ok(()) => return Ok(()),
                    Err(refusal) => refusal,
                };
                match refusal.kind {
                    Kind::NoSuchObject if began.elapsed() > ARRIVAL => return Ok(()),
                    Kind::Unauthorized | Kind::Forbidden => return Err(refusal),
                    _ if began.elapsed() > PATIENCE => return Err(refusal),
                    _ => sleep(AGAIN).await,
                }
            }
        })
        .map_err(|refusal| {
            let what = format!("removing the pod {namespace}/{name}: {refusal}");
            ClusterError::new(what, "`nodesleuth clean --cluster` tries again")
        })
    }
}
