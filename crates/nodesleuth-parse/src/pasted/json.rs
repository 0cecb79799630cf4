//! JSON answers of the kubelet and the API server: configz, stats/summary, a Node.

use super::clean::Lines;
use super::sink::{Sink, counted};
use super::versions;
use crate::kube::{configz, node, summary};
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::StatsSummary;
use nodesleuth_model::evidence::pasted::{ProcessUsage, UsageTool};
use serde_json::Value;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    if !lines.get(at).trim_start().starts_with('{') {
        return 0;
    }
    let Some(text) = one_value(lines, at) else {
        return 0;
    };
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let Some(Ok(value)) = values.next() else {
        return 0;
    };
    let used = text[..values.byte_offset()].matches('\n').count() + 1;
    let json = text[..values.byte_offset()].trim();
    if let Ok(config) = configz::parse(json) {
        sink.block("configz", at, counted(config.fields.len(), "setting"));
        sink.evidence().kubelet_config = Observed::Value(config);
    } else if let Ok(summary) = summary::parse(json) {
        of_summary(summary, at, sink);
    } else if let Some(info) = value.pointer("/status/nodeInfo") {
        of_node(info, at, sink);
        if let Ok(node) = node::parse(json) {
            sink.evidence().node_object = Observed::Value(node);
        }
    } else {
        sink.ignore(format!("line {}: JSON of a kind that is not known", at + 1));
    }
    used
}

/// The text of an object: one line, or up to the line with nothing but its closing bracket.
fn one_value(lines: &Lines<'_>, at: usize) -> Option<String> {
    /// A node's statistics have some ten thousand.
    const MOST_LINES: usize = 500_000;
    let first = lines.get(at);
    if first.trim_end().ends_with('}') && first.trim() != "{" {
        let whole = serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok();
        if whole {
            return Some(first.to_owned());
        }
    }
    let end = lines
        .from(at)
        .take(MOST_LINES)
        .position(|line| matches!(line, "}" | "},"))?;
    let text: Vec<&str> = lines.from(at).take(end + 1).collect();
    Some(text.join("\n"))
}

/// CPU of the node and its daemons, and how many pods and containers there are.
fn of_summary(summary: StatsSummary, at: usize, sink: &mut Sink<'_>) {
    let daemons = summary.system.iter().filter(|(name, _)| *name != "pods");
    for (name, usage) in daemons {
        let Some(cores) = usage.cores else { continue };
        let comm = match name.as_str() {
            "runtime" => "container-runtime",
            name => name,
        };
        let file = sink.file;
        sink.evidence().pasted.processes.push(ProcessUsage {
            file,
            tool: UsageTool::Top,
            comm: comm.to_owned(),
            cores: Some(cores),
            intervals: 1,
            ..ProcessUsage::default()
        });
    }
    let (pods, containers) = (summary.pods, summary.containers);
    let what = format!("{pods} pods, {containers} containers");
    sink.block("stats/summary", at, what);
    sink.evidence().stats_summary = Observed::Value(summary);
}

fn of_node(info: &Value, at: usize, sink: &mut Sink<'_>) {
    const FIELDS: &[(&str, &str)] = &[
        ("kernelVersion", "kernel"),
        ("osImage", "os"),
        ("kubeletVersion", "kubelet"),
        ("containerRuntimeVersion", "runtime"),
        ("kubeProxyVersion", "kube-proxy"),
    ];
    for (field, component) in FIELDS {
        if let Some(version) = info
            .get(field)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
        {
            versions::add(sink, component, version, true);
        }
    }
    sink.block("node", at, "versions");
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn configz_summary_and_node_one_behind_the_other() {
        let text = r#"{"kubeletconfig":{"syncFrequency":"1m0s","maxPods":110,"enableServer":true,"imageGCHighThresholdPercent":85}}
{"node":{"nodeName":"n","cpu":{"usageNanoCores":1500000000},
 "systemContainers":[{"name":"kubelet","cpu":{"usageNanoCores":900000000}}]},"pods":[{"containers":[{},{}]}]
}
{"kind":"Node","metadata":{"name":"n"},"status":{"nodeInfo":{"kernelVersion":"5.4.0","kubeletVersion":"v1.20.2","containerRuntimeVersion":"containerd://1.4.3"}}}
{"other": 1}
"#;
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        let pasted = &ingested.evidence.pasted;
        let config = ingested.evidence.kubelet_config.value().unwrap();
        assert_eq!(config.fields["syncFrequency"], "1m0s");
        assert_eq!(config.fields["maxPods"], "110");
        let summary = ingested.evidence.stats_summary.value().unwrap();
        assert_eq!(summary.containers, 2);
        assert_eq!(summary.node_cpu.unwrap().cores, Some(1.5));
        let node = ingested.evidence.node_object.value().unwrap();
        assert_eq!(
            (node.name.as_str(), node.kubelet_version.as_str()),
            ("n", "v1.20.2")
        );
        assert_eq!(pasted.processes[0].cores, Some(0.9));
        assert_eq!(pasted.versions[2].component, "containerd");
        assert_eq!(pasted.files[0].ignored.len(), 1);
    }
}
