//! JSON answers of the kubelet and the API server: configz, stats/summary, a Node.

use super::clean::Lines;
use super::numbers::{go_duration, percent};
use super::sink::Sink;
use super::versions;
use nodesleuth_model::evidence::pasted::{PastedCount, ProcessUsage, UsageTool};
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
    if let Some(config) = value.get("kubeletconfig") {
        configz(config, at, sink);
    } else if value
        .get("node")
        .is_some_and(|node| node.get("nodeName").is_some())
    {
        summary(&value, at, sink);
    } else if let Some(info) = value.pointer("/status/nodeInfo") {
        node(info, at, sink);
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

/// Settings that are numbers, durations, percentages or switches, as `config.NAME`.
fn configz(config: &Value, at: usize, sink: &mut Sink<'_>) {
    let Some(config) = config.as_object() else {
        return;
    };
    let mut taken = 0;
    for (name, value) in config {
        let number = match value {
            Value::Number(number) => number.as_f64().map(|number| (number, "")),
            Value::Bool(on) => Some((f64::from(u8::from(*on)), "")),
            Value::String(text) => go_duration(text)
                .map(|seconds| (seconds, "seconds"))
                .or_else(|| percent(text).map(|share| (share, "share"))),
            _ => None,
        };
        if let Some((value, unit)) = number {
            push(sink, format!("config.{name}"), value, unit);
            taken += 1;
        }
    }
    sink.block("configz", at, format!("{taken} settings"));
}

/// CPU of the node and its daemons, and how many pods and containers there are.
fn summary(value: &Value, at: usize, sink: &mut Sink<'_>) {
    let cores = |of: &Value| Some(of.pointer("/cpu/usageNanoCores")?.as_f64()? / 1e9);
    if let Some(cores) = value.get("node").and_then(cores) {
        push(sink, "node.cpu.cores".to_owned(), cores, "cores");
    }
    let list = |of: &Value, name: &str| {
        of.get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    for system in list(&value["node"], "systemContainers") {
        let name = system.get("name").and_then(Value::as_str).unwrap_or("");
        let (Some(cores), false) = (cores(&system), name == "pods") else {
            continue;
        };
        let file = sink.file;
        let comm = if name == "runtime" {
            "container-runtime"
        } else {
            name
        };
        sink.evidence().pasted.processes.push(ProcessUsage {
            file,
            tool: UsageTool::Top,
            comm: comm.to_owned(),
            cores: Some(cores),
            intervals: 1,
            ..ProcessUsage::default()
        });
    }
    let pods = list(value, "pods");
    let containers: usize = pods.iter().map(|pod| list(pod, "containers").len()).sum();
    push(sink, "pods".to_owned(), pods.len() as f64, "");
    push(sink, "containers".to_owned(), containers as f64, "");
    sink.block(
        "stats/summary",
        at,
        format!("{} pods, {containers} containers", pods.len()),
    );
}

fn node(info: &Value, at: usize, sink: &mut Sink<'_>) {
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

fn push(sink: &mut Sink<'_>, what: String, value: f64, unit: &str) {
    let file = sink.file;
    sink.evidence().pasted.counts.push(PastedCount {
        file,
        what,
        value,
        unit: unit.to_owned(),
        measured: true,
    });
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
{"kind":"Node","status":{"nodeInfo":{"kernelVersion":"5.4.0","containerRuntimeVersion":"containerd://1.4.3"}}}
{"other": 1}
"#;
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        let pasted = &ingested.evidence.pasted;
        let count = |what: &str| {
            pasted
                .counts
                .iter()
                .find(|c| c.what == what)
                .map(|c| c.value)
        };
        assert_eq!(
            (count("config.syncFrequency"), count("config.maxPods")),
            (Some(60.0), Some(110.0))
        );
        assert_eq!(
            (count("containers"), count("node.cpu.cores")),
            (Some(2.0), Some(1.5))
        );
        assert_eq!(pasted.processes[0].cores, Some(0.9));
        assert_eq!(pasted.versions[1].component, "containerd");
        assert_eq!(pasted.files[0].ignored.len(), 1);
    }
}
