//! Many nodes at once: so many in flight, the others waiting; a node that fails costs nobody else.

use crate::node::Run;
use crate::node::pages::{Node, encoded, malformed};
use crate::request::{Bounds, interrupted};
use crate::stop::Stop;
use crate::{Cluster, ClusterError, NodeOptions, NodeSeen, Refusal, RefusalKind, node_name};
use futures_util::StreamExt;
use futures_util::stream;
use nodesleuth_collect::{Cancel, Clock, Quiet};
use nodesleuth_model::evidence::NodeObject;
use nodesleuth_parse::kube::node;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;

/// Nodes in one page of a list: a Node with its images takes some 20 KiB.
const NODES_IN_A_PAGE: u32 = 250;
/// No cluster has more pages of them.
const MOST_PAGES: usize = 100;
/// One node begins so long after the one before it, so that their windows do not all end in the same
/// moment.
const STEP: Duration = Duration::from_millis(2);

/// Which nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeChoice {
    /// All of the cluster.
    All,
    /// Those with labels that match, as `kubectl -l` selects.
    Selector(String),
    /// Those with these names.
    Names(Vec<String>),
}

/// What came of one node.
#[derive(Debug)]
pub struct FleetResult {
    /// Its name.
    pub name: String,
    /// What was seen of it, or why nothing was.
    pub seen: Result<NodeSeen, Refusal>,
}

impl Cluster {
    /// The Node objects that are chosen, sorted by name.
    ///
    /// # Errors
    /// When they cannot be listed, or a name is unknown.
    pub fn nodes(&self, choice: &NodeChoice) -> Result<Vec<NodeObject>, ClusterError> {
        let selector = match choice {
            NodeChoice::Selector(selector) => {
                format!("&labelSelector={}", encoded(selector))
            }
            NodeChoice::All | NodeChoice::Names(_) => String::new(),
        };
        let listed = self.block_on(self.listed(&selector));
        let listed = listed.map_err(|refusal| {
            let help = match refusal.kind {
                RefusalKind::Forbidden => {
                    "the right to list nodes is needed for this: `--verb=get,list` for nodes"
                }
                _ => refusal.help(),
            };
            ClusterError::new(format!("listing the nodes: {refusal}"), help)
        })?;
        let mut by_name: BTreeMap<String, NodeObject> = listed
            .into_iter()
            .map(|node| (node.name.clone(), node))
            .collect();
        if let NodeChoice::Names(names) = choice {
            let mut chosen = BTreeMap::new();
            for name in names {
                let name = node_name(name)?;
                let found = by_name.remove(&name).or_else(|| chosen.remove(&name));
                let node = found.ok_or_else(|| {
                    ClusterError::new(
                        format!("there is no node {name}"),
                        "`kubectl get nodes` lists their names",
                    )
                })?;
                chosen.insert(name, node);
            }
            by_name = chosen;
        }
        match by_name.is_empty() {
            false => Ok(by_name.into_values().collect()),
            true => Err(ClusterError::new(
                "no node is chosen",
                "`kubectl get nodes --show-labels` lists nodes and their labels",
            )),
        }
    }

    async fn listed(&self, selector: &str) -> Result<Vec<NodeObject>, Refusal> {
        let mut nodes = Vec::new();
        let mut more = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!("/api/v1/nodes?limit={NODES_IN_A_PAGE}{selector}{more}");
            let text = self.requester.text(&path, Bounds::PAGE).await?;
            let (page, token) = node::parse_list(&text).map_err(malformed)?;
            nodes.extend(page);
            match token {
                Some(token) => {
                    more = format!("&continue={}", encoded(&token));
                }
                None => break,
            }
        }
        Ok(nodes)
    }

    /// Watches these nodes, so many at a time as the options say. Each is handed over as it is done; when
    /// the user stops, those that were begun end early and the others are refused.
    pub fn collect_fleet(
        &self,
        nodes: Vec<NodeObject>,
        options: &NodeOptions,
        clock: &dyn Clock,
        cancel: &Cancel,
        mut each: impl FnMut(FleetResult),
    ) {
        let in_flight = options.in_flight.clamp(1, nodes.len().max(1));
        let stop = &Stop::of(cancel);
        let one = |(at, object): (usize, NodeObject)| async move {
            let name = object.name.clone();
            let after = match at < in_flight {
                true => step(in_flight, options) * at as u32,
                // Its turn comes when another node is done.
                false => Duration::ZERO,
            };
            let seen = match stop.is_wanted() {
                true => Err(interrupted()),
                false => self.one_of_many(object, after, options, clock, stop).await,
            };
            FleetResult { name, seen }
        };
        self.block_on(stop.told_during(async {
            let results = stream::iter(nodes.into_iter().enumerate().map(one));
            let mut results = results.buffer_unordered(in_flight);
            while let Some(result) = results.next().await {
                each(result);
            }
        }));
    }

    async fn one_of_many(
        &self,
        object: NodeObject,
        after: Duration,
        options: &NodeOptions,
        clock: &dyn Clock,
        stop: &Stop<'_>,
    ) -> Result<NodeSeen, Refusal> {
        let node = Node::new(&self.requester, &object.name, clock);
        // Its time runs from here: the last of all ends no later than the first.
        let run = Run::new(&node, options, stop, &Quiet);
        sleep(after).await;
        // The list has the object already.
        run.watched(Ok(object)).await
    }
}

/// How long one node begins after the one before it: all have begun when a third of the time beside
/// the window is over.
fn step(in_flight: usize, options: &NodeOptions) -> Duration {
    let spare = options.limit.saturating_sub(options.window);
    STEP.min(spare / 3 / in_flight as u32)
}

/// Every k-th of these, so that `sample` are left.
#[must_use]
pub fn sampled(nodes: Vec<NodeObject>, sample: Option<usize>) -> Vec<NodeObject> {
    let count = nodes.len();
    match sample {
        Some(sample) if sample < count => nodes
            .into_iter()
            .enumerate()
            .filter(|(at, _)| at * sample / count != (at + 1) * sample / count)
            .map(|(_, node)| node)
            .collect(),
        _ => nodes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_all() {
        let nodes = |count: usize| -> Vec<NodeObject> {
            let node = |at: usize| NodeObject {
                name: format!("n{at}"),
                ..NodeObject::default()
            };
            (0..count).map(node).collect()
        };
        for (count, sample, left) in [(10, 3, 3), (10, 10, 10), (10, 20, 10), (7, 1, 1), (0, 5, 0)]
        {
            let names = sampled(nodes(count), Some(sample));
            assert_eq!(names.len(), left, "{count} {sample}");
        }
        let names: Vec<String> = sampled(nodes(9), Some(3))
            .into_iter()
            .map(|n| n.name)
            .collect();
        assert_eq!(names, ["n2", "n5", "n8"]);
    }
}
