//! Making the pod, and waiting until it runs: bounded, and with the reason when it does not.

use super::state::{self, PodState};
use super::{AnswerBy, Following, GRANT_POD, PodRun, pods_path, spec};
use crate::request::{Bounds, interrupted, stopped};
use crate::{Cluster, ClusterError, Refusal, RefusalKind as Kind};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often the pod is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// An object is small.
const OBJECT: Bounds = Bounds {
    bytes: 4 << 20,
    ..Bounds::PAGE
};
/// Words of admission plugins that keep privileged pods out.
const POLICIES: &[&str] = &[
    "violates PodSecurity",
    "PodSecurityPolicy",
    "pod security policy",
    "security context constraint",
    "privileged",
];

impl Cluster {
    pub(super) async fn create(&self, run: &PodRun) -> Result<(), ClusterError> {
        let body = spec::object(run).to_string();
        match self
            .requester
            .post(&pods_path(&run.namespace), body.as_bytes())
            .await
        {
            Ok(_) => Ok(()),
            // The first try was cut after it had been heard: the name is nobody else's.
            Err(refusal)
                if refusal.kind == Kind::Other(409) && refusal.said.contains(&run.name) =>
            {
                Ok(())
            }
            Err(refusal) => Err(not_made(run, &refusal)),
        }
    }

    /// Waits until it runs; where the answer comes through the log it may also be over already.
    pub(super) async fn started(&self, following: &Following<'_>) -> Result<(), ClusterError> {
        let run = following.run;
        let began = Instant::now();
        let mut shown = String::new();
        loop {
            let state = self.state(following).await?;
            let waits_for = match state {
                PodState::Running => return Ok(()),
                PodState::Ended(_) if run.options.by == AnswerBy::Logs => return Ok(()),
                PodState::Ended(code) => return Err(ended_early(code)),
                PodState::Broken(error) => return Err(error),
                PodState::NotSeen => "the node's kubelet has not taken it up".to_owned(),
                PodState::Starting(what) => what,
            };
            if waits_for != shown {
                following
                    .progress
                    .stage(&format!("waiting for the pod: {waits_for}"));
                shown = waits_for;
            }
            if began.elapsed() >= run.options.start {
                return Err(not_in_time(run, &shown));
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = stopped(following.cancel) => return Err(given_up(&interrupted())),
            }
        }
    }

    pub(super) async fn state(&self, following: &Following<'_>) -> Result<PodState, ClusterError> {
        let path = following.run.path();
        let text = tokio::select! {
            biased;
            text = self.requester.text(&path, OBJECT) => text,
            () = stopped(following.cancel) => Err(interrupted()),
        };
        let text = text.map_err(|refusal| match refusal.kind {
            Kind::NoSuchObject => ClusterError::new(
                "the pod was removed by somebody else while it was needed",
                "see who removes pods in this namespace, or choose another with --namespace",
            ),
            Kind::Interrupted => given_up(&refusal),
            _ => ClusterError::refused("looking at the pod", &refusal),
        })?;
        state::of(&text).map_err(|why| {
            ClusterError::new(
                format!("the API server's answer is no pod: {why}"),
                "something other than an API server may have answered",
            )
        })
    }
}

fn given_up(refusal: &Refusal) -> ClusterError {
    ClusterError::refused("waiting for the pod", refusal)
}

fn not_made(run: &PodRun, refusal: &Refusal) -> ClusterError {
    let is_policy = POLICIES.iter().any(|words| refusal.said.contains(words));
    let help = match refusal.kind {
        Kind::Forbidden if is_policy => {
            "a policy keeps privileged pods out of this namespace: choose one that allows them with --namespace \
             (label pod-security.kubernetes.io/enforce=privileged; often kube-system), or use --via api"
        }
        Kind::Forbidden if refusal.said.contains("exceeded quota") => {
            "the namespace's quota is used up: choose another with --namespace"
        }
        Kind::Forbidden => GRANT_POD,
        Kind::NoSuchObject => {
            "`kubectl get namespaces` lists the namespaces; choose one with --namespace"
        }
        Kind::Other(400 | 422) => {
            "an admission plugin or an old API server does not take the pod as it is: --via api needs none"
        }
        _ => refusal.help(),
    };
    let what = format!("making a pod in namespace {}: {refusal}", run.namespace);
    ClusterError::new(what, help)
}

fn not_in_time(run: &PodRun, waited_for: &str) -> ClusterError {
    ClusterError::new(
        format!(
            "the pod did not start within {:.0} s: {waited_for}",
            run.options.start.as_secs_f64()
        ),
        "a longer --start-wait gives a large image more time; a kubelet that is too busy to start pods can \
         still be asked with --via api",
    )
}

fn ended_early(code: i64) -> ClusterError {
    ClusterError::new(
        format!("the pod's process ended at once with exit code {code}"),
        "the image may hold another version: use one of the same version as this nodesleuth (deploy/image/README.md)",
    )
}
