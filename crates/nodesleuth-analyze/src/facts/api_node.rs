//! Facts that the API server tells of a node and its pods.

use super::{Derived, FactDef, FactType, flag, number, text};
use crate::input::Input;
use nodesleuth_model::evidence::{NodeObject, NodePods, Via};
use nodesleuth_model::{Missing, Window};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "node.asked_through_api",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether the kubelet itself was asked, through the API server.",
        derive: |input| {
            flag(
                input.evidence.vantage.via == Via::Api,
                "how it was collected",
            )
        },
    },
    FactDef {
        name: "node.name",
        kind: FactType::Text,
        unit: "",
        doc: "Name of the node in its cluster.",
        derive: |input| text(&object(input)?.name, "Node object"),
    },
    FactDef {
        name: "node.kubelet_version",
        kind: FactType::Text,
        unit: "",
        doc: "Version of its kubelet.",
        derive: |input| text(&object(input)?.kubelet_version, "Node object"),
    },
    FactDef {
        name: "node.runtime_version",
        kind: FactType::Text,
        unit: "",
        doc: "Container runtime and its version.",
        derive: |input| text(&object(input)?.runtime_version, "Node object"),
    },
    FactDef {
        name: "node.pods.count",
        kind: FactType::Number,
        unit: "count",
        doc: "Pods that are bound to the node.",
        derive: |input| {
            let pods = &pods(input)?.after.value;
            number(pods.pods as f64, &pods.source)
        },
    },
    FactDef {
        name: "node.pods.created_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Pods that were created on the node in the last five minutes of the window, a second.",
        derive: created_rate,
    },
    FactDef {
        name: "node.pods.exec_probe_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Probes that run a command in a container, from the periods of the pods' probes.",
        derive: |input| {
            let pods = &pods(input)?.after.value;
            number(pods.exec_probe_rate, &pods.source)
        },
    },
];

/// Pods younger than this are churn.
const RECENT_SECONDS: f64 = 300.0;

fn object<'a>(input: &Input<'a>) -> Result<&'a NodeObject, Missing> {
    input.evidence.node_object.require("Node object")
}

fn pods<'a>(input: &Input<'a>) -> Result<&'a Window<NodePods>, Missing> {
    input.evidence.node_pods.require("the node's pods")
}

fn created_rate(input: &Input<'_>) -> Derived {
    let window = pods(input)?;
    let clock = input.evidence.clock;
    let since_anchor = window.after.at.since(clock.boot).seconds();
    let now = clock.utc_unix_nanos as f64 / 1e9 + since_anchor;
    let created = &window.after.value.created_unix_seconds;
    let recent = created
        .iter()
        .filter(|created| now - **created as f64 <= RECENT_SECONDS);
    number(
        recent.count() as f64 / RECENT_SECONDS,
        "creation times of the node's pods",
    )
}
