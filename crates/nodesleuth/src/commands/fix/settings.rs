//! Settings that make an agent read less often: the exact change, printed; nothing is edited.

use crate::args::Format;
use crate::failure::Failure;
use crate::output;
use nodesleuth_act::fix::Looker;
use nodesleuth_collect::Node;
use nodesleuth_collect::tasks::named;
use nodesleuth_model::{Pid, printable};
use serde::Serialize;

/// What is recommended: three times as rare as the kubelet's own 10 s.
const INTERVAL: &str = "30s";

/// One agent on this node that does cAdvisor's housekeeping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Agent {
    pub(super) pid: Pid,
    pub(super) comm: String,
    /// What its command line says; its default where it says nothing.
    interval: String,
}

/// Agents by name, with the interval that they have without a flag.
const KNOWN: [(&str, &str); 5] = [
    ("kubelet", "10s"),
    ("hyperkube", "10s"),
    ("k3s-server", "10s"),
    ("k3s-agent", "10s"),
    ("cadvisor", "1s"),
];

pub(super) fn agents(node: &Node) -> Vec<Agent> {
    let mut found = Vec::new();
    for (name, default) in KNOWN {
        found.extend(named(node, name).into_iter().map(|pid| {
            Agent {
                pid,
                comm: comm(node, pid),
                interval: interval(&command_line(node, pid))
                    .unwrap_or_else(|| format!("{default} (its default)")),
            }
        }));
    }
    found
}

pub(super) fn comm(node: &Node, pid: Pid) -> String {
    let text = node.text(&format!("/proc/{pid}/comm")).unwrap_or_default();
    printable(text.trim_end()).into_owned()
}

/// Arguments; empty where they cannot be read.
fn command_line(node: &Node, pid: Pid) -> Vec<String> {
    let text = node
        .text(&format!("/proc/{pid}/cmdline"))
        .unwrap_or_default();
    text.split('\0').map(str::to_owned).collect()
}

/// `--housekeeping-interval=10s`, with `_` as cAdvisor spells it, or the value as a word of its own.
fn interval(arguments: &[String]) -> Option<String> {
    let mut found = None;
    for (index, argument) in arguments.iter().enumerate() {
        let flag = argument.trim_start_matches('-').replace('_', "-");
        let Some(rest) = flag.strip_prefix("housekeeping-interval") else {
            continue;
        };
        found = match rest.strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None => arguments.get(index + 1).cloned(),
        };
    }
    found
}

pub(super) fn tell(looker: &Looker<'_>, format: Format) -> Result<(), Failure> {
    let agents = agents(looker.node);
    match format {
        Format::Json => output::json(&serde_json::json!({
            "plan": "housekeeping-interval",
            "agents": agents,
            "recommended": INTERVAL,
        })),
        Format::Text => output::print_lines(&text(&agents)),
    }
}

fn text(agents: &[Agent]) -> String {
    let mut text = "housekeeping-interval: have the agent read cgroup statistics less often. Nothing is changed \
                    here.\n\n"
        .to_owned();
    for agent in agents {
        text.push_str(&format!(
            "on this node: {} (pid {}), every {}\n",
            agent.comm, agent.pid, agent.interval
        ));
    }
    if agents.is_empty() {
        text.push_str("on this node: neither a kubelet nor a cAdvisor was found\n");
    }
    text.push_str(&format!(
        "\nkubelet: add the flag --housekeeping-interval={INTERVAL}\n\
         \x20 kubeadm: to KUBELET_KUBEADM_ARGS in /var/lib/kubelet/kubeadm-flags.env, then systemctl restart kubelet\n\
         \x20 k3s, RKE2: kubelet-arg: [\"housekeeping-interval={INTERVAL}\"] in /etc/rancher/{{k3s,rke2}}/config.yaml\n\
         \x20 There is no such field in the kubelet's configuration file.\n\
         cAdvisor: add to the arguments of its DaemonSet\n\
         \x20 --housekeeping_interval={INTERVAL} --allow_dynamic_housekeeping=true\n\
         \x20 --docker_only=true (only containers; not the leaked cgroups beside them)\n\n\
         CPU for reading falls as the interval grows: with {INTERVAL} to a third of what 10 s cost, to a \
         thirtieth of what 1 s cost.\n\
         risk: metrics, autoscaling and eviction react later\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Option<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        interval(&words)
    }

    #[test]
    fn the_interval_is_found_in_every_spelling_and_the_last_one_wins() {
        assert_eq!(
            of(&["kubelet", "--housekeeping-interval=20s"]),
            Some("20s".to_owned())
        );
        assert_eq!(
            of(&["cadvisor", "-housekeeping_interval", "5s"]),
            Some("5s".to_owned())
        );
        assert_eq!(
            of(&["--housekeeping-interval=1s", "--housekeeping-interval=2s"]),
            Some("2s".to_owned())
        );
        assert_eq!(of(&["cadvisor", "--max_housekeeping_interval=60s"]), None);
    }
}
