//! A node looked at by a short-lived pod on it: made, waited for, listened to, and removed whatever
//! happens. Who is killed meanwhile has a guardian for the last part (the binary's
//! `__pod-guardian`), and the pod's own deadline.

mod exec;
mod left;
mod listener;
mod log_lines;
mod logs;
mod removal;
mod spec;
mod start;
mod state;
mod talk;

pub use left::LeftPod;
pub use log_lines::bundle_as_lines;
pub use talk::{AgentLine, PROTOCOL, STOP};

use crate::access::Wanted;
use crate::node::pages::Node;
use crate::request::Bounds;
use crate::{Cluster, ClusterError, Rights, node_name, random};
use nodesleuth_collect::{Cancel, Clock, Progress};
use nodesleuth_model::evidence::NodeObject;
use std::time::Duration;

/// Most bytes of a bundle, packed.
pub const MOST_BUNDLE_BYTES: usize = 128 << 20;
/// What a run may take beyond its window, its probes and its traces.
pub const OVERHEAD: Duration = Duration::from_secs(60);

/// What grants the rights that pod mode needs.
pub const GRANT_POD: &str = "an administrator grants it with deploy/rbac/pod.yaml; --namespace chooses another \
     namespace; --via api needs no pod";

const OF_PODS: &[Wanted] = &[
    Wanted {
        name: "get nodes",
        used_for: "whether the node exists and is ready is not looked at before",
        needed: false,
        in_namespace: false,
    },
    Wanted {
        name: "create pods",
        used_for: "the pod is made with it",
        needed: true,
        in_namespace: true,
    },
    Wanted {
        name: "get pods",
        used_for: "its start is seen with it",
        needed: true,
        in_namespace: true,
    },
    Wanted {
        name: "delete pods",
        used_for: "the pod is removed with it afterwards",
        needed: true,
        in_namespace: true,
    },
];

const OF_EXEC: &[Wanted] = &[
    Wanted {
        name: "get pods/exec",
        used_for: "the agent in the pod is talked to with it (--via-logs does without)",
        needed: true,
        in_namespace: true,
    },
    Wanted {
        name: "create pods/exec",
        used_for: "newer API servers ask for it too when a stream is opened",
        needed: false,
        in_namespace: true,
    },
];

const OF_LOGS: &[Wanted] = &[Wanted {
    name: "get pods/log",
    used_for: "the bundle comes through the pod's log",
    needed: true,
    in_namespace: true,
}];

/// How the pod's answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerBy {
    /// Over an exec stream, whose end also ends the agent.
    Exec,
    /// In lines of the container's log.
    Logs,
}

/// A pod that is to be.
#[derive(Clone, Debug)]
pub struct PodOptions {
    /// Its namespace; `None`: the context's.
    pub namespace: Option<String>,
    /// Image with the binary at `/nodesleuth`.
    pub image: String,
    /// Secret with a login for the image's registry.
    pub pull_secret: Option<String>,
    /// How long it may take to start, pulling the image included.
    pub start: Duration,
    /// How long the agent measures.
    pub work: Duration,
    /// How its answer comes.
    pub by: AnswerBy,
    /// Options of the agent, as `collect` takes them.
    pub words: Vec<String>,
    /// Who makes it: becomes a label.
    pub owner: String,
}

/// A pod with a name of its own, made or not.
#[derive(Clone, Debug)]
pub struct PodRun {
    namespace: String,
    name: String,
    node: String,
    options: PodOptions,
}

impl PodRun {
    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// After so long the kubelet ends it.
    #[must_use]
    pub fn deadline_seconds(&self) -> u64 {
        let all = self.options.start + self.options.work + OVERHEAD;
        all.as_secs() + u64::from(all.subsec_nanos() > 0)
    }

    fn path(&self) -> String {
        pod_path(&self.namespace, &self.name)
    }
}

/// A pod, and who follows what becomes of it.
struct Following<'a> {
    run: &'a PodRun,
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
    /// Told what the user should know.
    note: &'a dyn Fn(&str),
}

fn pods_path(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/pods")
}

fn pod_path(namespace: &str, name: &str) -> String {
    format!("{}/{name}", pods_path(namespace))
}

impl Cluster {
    /// Chooses a name for a pod on this node; nothing is asked yet.
    ///
    /// # Errors
    /// When a name is none, or the system gives no random bytes.
    pub fn plan_pod(&self, node: &str, options: PodOptions) -> Result<PodRun, ClusterError> {
        Ok(PodRun {
            namespace: self.namespace_or(options.namespace.as_deref())?,
            name: fresh_name()?,
            node: node_name(node)?,
            options,
        })
    }

    /// A namespace that was named, or the context's.
    pub(crate) fn namespace_or(&self, named: Option<&str>) -> Result<String, ClusterError> {
        let name = named.unwrap_or(&self.namespace);
        match node_name(name) {
            Ok(name) if !name.contains('.') => Ok(name),
            _ => Err(ClusterError::new(
                format!("{name:?} is not the name of a namespace"),
                "`kubectl get namespaces` lists their names",
            )),
        }
    }

    /// Asks the API server what it would let us do for this pod.
    ///
    /// # Errors
    /// As [`Cluster::rights`].
    pub fn rights_for_pod(&self, run: &PodRun) -> Result<Rights, ClusterError> {
        let answer = match run.options.by {
            AnswerBy::Exec => OF_EXEC,
            AnswerBy::Logs => OF_LOGS,
        };
        self.rights_to(&[OF_PODS, answer], Some(&run.namespace))
    }

    /// The Node object, if it is there and runs pods.
    ///
    /// # Errors
    /// When it is not there, not ready, or cannot be asked for.
    pub fn ready_node(&self, run: &PodRun, clock: &dyn Clock) -> Result<NodeObject, ClusterError> {
        let node = Node::new(&self.requester, &run.node, clock);
        let object = self.block_on(node.object(Bounds::PAGE.within));
        let object = object
            .map_err(|refusal| ClusterError::refused(&format!("node {}", run.node), &refusal))?;
        match object.ready() {
            Some(false) => Err(ClusterError::new(
                format!(
                    "node {} is not ready ({})",
                    run.node,
                    why_not_ready(&object)
                ),
                "its kubelet would not start a pod: look at it on the node itself (`systemctl status kubelet`), \
                 or try --via api",
            )),
            _ => Ok(object),
        }
    }

    /// Makes the pod, waits for it, and returns the bundle that its agent collected. The first wish
    /// to stop closes the agent's window early. `note` is told what the user should know. The pod
    /// stays: [`Cluster::remove_run`] is for every end of this.
    ///
    /// # Errors
    /// When the pod cannot be made or does not start in time, and when the agent cannot do its
    /// work or its answer is not whole.
    pub fn bundle_by_pod(
        &self,
        run: &PodRun,
        cancel: &Cancel,
        progress: &dyn Progress,
        note: &dyn Fn(&str),
    ) -> Result<Vec<u8>, ClusterError> {
        let following = Following {
            run,
            cancel,
            progress,
            note,
        };
        self.block_on(async {
            progress.stage("making a pod on the node");
            self.create(run).await?;
            self.started(&following).await?;
            match run.options.by {
                AnswerBy::Exec => self.bundle_by_exec(&following).await,
                AnswerBy::Logs => self.bundle_by_log(&following).await,
            }
        })
    }
}

fn why_not_ready(object: &NodeObject) -> &str {
    let reason = object
        .conditions
        .get("Ready")
        .map(|ready| ready.reason.as_str());
    reason
        .filter(|reason| !reason.is_empty())
        .unwrap_or("no reason is given")
}

/// Nobody else has a pod of this name.
fn fresh_name() -> Result<String, ClusterError> {
    let digits = random::digits::<6>().map_err(|error| {
        ClusterError::new(
            format!("cannot read /dev/urandom: {error}"),
            "see the system's message above",
        )
    })?;
    Ok(format!("nodesleuth-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn run(by: AnswerBy) -> PodRun {
        PodRun {
            namespace: "tools".to_owned(),
            name: "nodesleuth-0".to_owned(),
            node: "node-a".to_owned(),
            options: PodOptions {
                namespace: None,
                image: "registry.example/nodesleuth:1".to_owned(),
                pull_secret: None,
                start: Duration::from_secs(120),
                work: Duration::from_millis(19_500),
                by,
                words: vec!["--window".to_owned(), "15s".to_owned()],
                owner: "host.example-17".to_owned(),
            },
        }
    }

    #[test]
    fn every_pod_has_its_own_name() {
        assert_ne!(fresh_name().unwrap(), fresh_name().unwrap());
    }
}
