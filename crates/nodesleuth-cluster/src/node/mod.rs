//! One node through the API server: what its kubelet says of itself, and its CPU profile, in one
//! window.

mod derived;
pub(crate) mod pages;
mod profile;

use crate::profile::ProfileOf;
use crate::request::{interrupted, stopped};
use crate::{Cluster, ClusterError, Refusal, RefusalKind};
use nodesleuth_collect::{Cancel, Clock, Collected, Progress};
use nodesleuth_model::evidence::{
    ClockAnchor, NodeObject, NodePods, Vantage, Via, WindowEnd, WindowSpan,
};
use nodesleuth_model::{BootNanos, Evidence, Missing, Observed, Reading, Window};
use pages::Node;
use profile::Taken;
use std::future::Future;
use std::time::Duration;

/// How a node is looked at.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Length of the window and of the CPU profile.
    pub window: Duration,
    /// Longest profile that is taken in one request; longer ones are put together from several.
    pub longest_slice: Duration,
    /// Ask the API server for the node's pods; else the kubelet.
    pub pods_from_api_server: bool,
    /// How long a node may take to answer at all.
    pub first_answer: Duration,
    /// How long beyond its length a profile may take to come, and how long one is waited for that
    /// somebody else takes.
    pub patience: Duration,
    /// Version of the tool, such as "nodesleuth 0.1.0".
    pub tool: String,
}

impl NodeOptions {
    /// Front ends cut idle connections after a minute at the earliest.
    pub const LONGEST_SLICE: Duration = Duration::from_secs(50);
    /// API servers give up on a node after 30 s and say so, which tells more than our own timeout.
    pub const FIRST_ANSWER: Duration = Duration::from_secs(35);
    /// Others' profiles usually take 30 s.
    pub const PATIENCE: Duration = Duration::from_secs(35);
}

/// Checks that this is the name of a node: it becomes a part of paths.
///
/// # Errors
/// When it is none.
pub fn node_name(name: &str) -> Result<String, ClusterError> {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let fits = !name.is_empty()
        && name.len() <= 253
        && name.chars().all(inside)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.contains("..");
    match fits {
        true => Ok(name.to_owned()),
        false => Err(ClusterError::new(
            format!("{name:?} is not the name of a node"),
            "`kubectl get nodes` lists their names",
        )),
    }
}

impl Cluster {
    /// Watches one node's kubelet for a window.
    ///
    /// # Errors
    /// When the node cannot be asked at all. What else is refused is part of the evidence.
    pub fn collect(
        &self,
        name: &str,
        options: &NodeOptions,
        clock: &dyn Clock,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Collected, ClusterError> {
        let name = node_name(name)?;
        let node = Node::new(&self.requester, &name, clock);
        let run = Run {
            node: &node,
            options,
            cancel,
            progress,
        };
        let collected = self.block_on(run.collect());
        collected.map_err(|refusal| ClusterError::refused(&format!("node {name}"), &refusal))
    }
}

/// One run against one node.
pub(crate) struct Run<'a> {
    pub(crate) node: &'a Node<'a>,
    pub(crate) options: &'a NodeOptions,
    pub(crate) cancel: &'a Cancel,
    pub(crate) progress: &'a dyn Progress,
}

impl<'a> Run<'a> {
    pub(crate) async fn collect(&self) -> Result<Collected, Refusal> {
        let node = self.node;
        self.progress.stage("asking for the node");
        let object = self.unless_stopped(node.object()).await;
        if let Err(refusal) = &object
            && refusal.kind == RefusalKind::NoSuchNode
        {
            return Err(refusal.clone());
        }
        self.watched(object).await
    }

    /// The same for a node whose object is there.
    pub(crate) async fn watched(
        &self,
        object: Result<NodeObject, Refusal>,
    ) -> Result<Collected, Refusal> {
        let node = self.node;
        let mut evidence = Evidence::default();
        evidence.tool.clone_from(&self.options.tool);
        evidence.vantage = Vantage {
            via: Via::Api,
            node: Some(node.name.clone()),
        };
        evidence.clock = ClockAnchor {
            boot: node.clock.boot(),
            utc_unix_nanos: node.clock.utc_unix_nanos(),
        };
        self.progress.stage("asking its kubelet");
        // Light and always there: a kubelet that does not answer this answers nothing.
        let first = self
            .unless_stopped(node.metrics(self.options.first_answer))
            .await;
        if let Err(refusal) = &first
            && refusal.is_about_the_whole_node()
        {
            return Err(refusal.clone());
        }
        let config = self.unless_stopped(node.config()).await;
        let stats = self.unless_stopped(node.container_stats()).await;
        let pods = self.pods().await;
        self.progress.stage("watching");
        let of = ProfileOf::of_checked(&node.name);
        let Taken { opened, profile } = self.watch(&of).await;
        let ended = match self.cancel.requested() {
            true => WindowEnd::Interrupted,
            false => WindowEnd::Completed,
        };
        self.progress.stage("asking once more");
        let closed = node.metrics(self.options.first_answer).await;
        let summary = self.if_it_answers(&closed, node.summary()).await;
        let stats_after = self.if_it_answers(&closed, node.container_stats()).await;
        let pods_after = self.if_it_answers(&closed, self.pods()).await;

        evidence.window = WindowSpan {
            opened: moment(&opened).unwrap_or(evidence.clock.boot),
            closed: moment(&closed).unwrap_or_else(|| node.clock.boot()),
            requested_seconds: self.options.window.as_secs_f64(),
            ended,
        };
        evidence.node_object = observed(object);
        evidence.kubelet_metrics = window(opened, closed);
        evidence.kubelet_config = observed(config);
        evidence.container_stats = window(stats, stats_after);
        evidence.stats_summary = observed(summary);
        evidence.node_pods = window(pods, pods_after);
        derived::fill(&mut evidence);
        let profiles = profile.record(&of, self.options.window, &mut evidence);
        Ok(Collected { evidence, profiles })
    }

    async fn pods(&self) -> Result<Reading<NodePods>, Refusal> {
        let from_api_server = self.options.pods_from_api_server;
        self.unless_stopped(self.node.pods(from_api_server)).await
    }

    /// The answer, unless a kubelet that was asked before answers nobody any more.
    async fn if_it_answers<T, U>(
        &self,
        before: &Result<U, Refusal>,
        answer: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        match before {
            Err(refusal) if refusal.is_about_the_whole_node() => Err(refusal.clone()),
            _ => self.unless_stopped(answer).await,
        }
    }

    /// The answer, or why there is none once the user asked to stop.
    pub(crate) async fn unless_stopped<T>(
        &self,
        answer: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        tokio::select! {
            biased;
            answer = answer => answer,
            () = stopped(self.cancel) => Err(interrupted()),
        }
    }
}

fn observed<T>(answer: Result<T, Refusal>) -> Observed<T> {
    answer.map_err(|refusal| refusal.missing()).into()
}

fn moment<T>(reading: &Result<Reading<T>, Refusal>) -> Option<BootNanos> {
    reading.as_ref().ok().map(|reading| reading.at)
}

/// Both ends, or why one is missing.
fn window<T>(
    before: Result<Reading<T>, Refusal>,
    after: Result<Reading<T>, Refusal>,
) -> Observed<Window<T>> {
    match (before, after) {
        (Ok(before), Ok(after)) => Observed::Value(Window { before, after }),
        (Err(refusal), _) => Observed::Unavailable(refusal.missing()),
        (_, Err(refusal)) => Observed::Unavailable(Missing {
            reason: format!("at the end of the window: {refusal}"),
            ..refusal.missing()
        }),
    }
}
