//! The kubelet's `/stats/summary`.

use super::json;
use super::unix_seconds;
use crate::Malformed;
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{CpuUsage, StatsSummary};
use serde::Deserialize;

const WHAT: &str = "the kubelet's /stats/summary";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    node: Node,
    #[serde(default)]
    pods: Vec<Pod>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    node_name: String,
    #[serde(default)]
    system_containers: Vec<System>,
    cpu: Option<Cpu>,
    memory: Option<Memory>,
    fs: Option<Fs>,
    rlimit: Option<Rlimit>,
}

#[derive(Deserialize)]
struct System {
    name: String,
    cpu: Option<Cpu>,
}

#[derive(Deserialize)]
struct Pod {
    #[serde(default)]
    containers: Vec<Container>,
}

#[derive(Deserialize)]
struct Container {
    cpu: Option<Cpu>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cpu {
    time: Option<String>,
    usage_nano_cores: Option<u64>,
    usage_core_nano_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    working_set_bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fs {
    inodes_used: Option<u64>,
}

#[derive(Deserialize)]
struct Rlimit {
    curproc: Option<u64>,
}

/// Reads `/stats/summary`.
///
/// # Errors
/// When it is no such JSON.
pub fn parse(text: &str) -> Result<StatsSummary, Malformed> {
    let Summary { node, pods } = json::read(WHAT, text)?;
    let containers = || pods.iter().flat_map(|pod| &pod.containers);
    let cores = containers().filter_map(|container| usage(container.cpu.as_ref()?).cores);
    let cores: Vec<f64> = cores.collect();
    let system = node.system_containers.iter();
    Ok(StatsSummary {
        node_cpu: node.cpu.as_ref().map(usage),
        system: system
            .filter_map(|system| Some((system.name.clone(), usage(system.cpu.as_ref()?))))
            .collect(),
        pods: pods.len() as u64,
        containers: containers().count() as u64,
        containers_cores: (!cores.is_empty()).then(|| cores.iter().sum()),
        working_set: node
            .memory
            .and_then(|memory| memory.working_set_bytes)
            .map(Bytes),
        inodes_used: node.fs.and_then(|fs| fs.inodes_used),
        tasks: node.rlimit.and_then(|rlimit| rlimit.curproc),
        node: node.node_name,
    })
}

fn usage(cpu: &Cpu) -> CpuUsage {
    CpuUsage {
        unix_seconds: cpu.time.as_deref().and_then(unix_seconds),
        cores: cpu.usage_nano_cores.map(|nanos| nanos as f64 / 1e9),
        core_seconds: cpu.usage_core_nano_seconds.map(|nanos| nanos as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// A real kubelet 1.20.2 with five pods.
    const REAL: &str = include_str!("samples/summary-1.20.json");

    #[test]
    fn a_real_summary_is_understood() {
        let summary = parse(REAL).unwrap();
        assert_eq!((summary.pods, summary.containers), (5, 5));
        assert_eq!(summary.node, "node-a");
        let node = summary.node_cpu.unwrap();
        assert!((node.cores.unwrap() - 1.999).abs() < 0.001);
        assert_eq!(node.unix_seconds, Some(1_795_449_254));
        assert_eq!(summary.system["pods"].core_seconds, Some(0.157242897));
        assert_eq!(summary.tasks, Some(312));
    }

    #[test]
    fn other_answers_are_refused() {
        for text in [
            "",
            "{}",
            "404 page not found",
            "{\"node\":{}}",
            "{\"node\":{\"nodeName\":1}}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
