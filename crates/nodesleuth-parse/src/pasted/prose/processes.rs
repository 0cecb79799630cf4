//! CPU of processes in sentences.

use super::share::share_at;
use crate::pasted::sink::Sink;
use nodesleuth_model::agents;
use nodesleuth_model::evidence::pasted::{ProcessUsage, UsageTool};

/// Names of processes besides the known agents, as people write them, and their process names.
const NAMES: &[(&str, &str)] = &[
    ("etcd", "etcd"),
    ("kswapd0", "kswapd0"),
    ("kswapd", "kswapd0"),
    ("kswap", "kswapd0"),
    ("kswap0", "kswapd0"),
    ("ksoftirqd", "ksoftirqd"),
    ("java", "java"),
    ("coredns", "coredns"),
    ("kube-apiserver", "kube-apiserver"),
    ("apiserver", "kube-apiserver"),
    ("journald", "systemd-journal"),
    ("systemd-journald", "systemd-journal"),
    ("prometheus", "prometheus"),
    ("promtail", "promtail"),
    ("fluent-bit", "fluent-bit"),
    ("udisksd", "udisksd"),
    ("udevd", "systemd-udevd"),
    ("runc", "runc"),
    ("dbus", "dbus-daemon"),
    ("node-problem-detector", "node-problem-de"),
    ("felix", "calico-node"),
    ("cilium", "cilium-agent"),
    ("node-exporter", "node_exporter"),
    ("docker", "dockerd"),
    ("docker-containerd", "docker-containe"),
    ("containerd-shim", "containerd-shim"),
    ("cri-o", "crio"),
    ("k3s", "k3s"),
    ("k3s-server", "k3s"),
    ("k3s-agent", "k3s"),
    ("rke2", "rke2"),
    ("kube-controller-manager", "kube-controller"),
    ("kube-router", "kube-router"),
    ("flannel", "flanneld"),
    ("logind", "systemd-logind"),
    ("pid1", "systemd"),
    ("init", "systemd"),
    ("microk8s", "microk8s"),
];

fn process_name(word: &str) -> Option<String> {
    let word = word
        .trim_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_ascii_lowercase();
    let word = word.strip_suffix("'s").unwrap_or(&word);
    let named = NAMES
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, comm)| (*comm).to_owned());
    named.or_else(|| agents::by_comm(word).map(|_| word.to_owned()))
}

/// Words behind a percentage that is none of CPU.
const OF_OTHER_THINGS: &[&str] = &[
    "memory", "mem", "disk", "packet", "loss", "faster", "slower", "more", "less", "idle", "free",
];

/// `kubelet uses 100% CPU`: a name and a percentage not far from each other. More than 100 % needs
/// no word for CPU: nothing else that is told of a process is so much.
pub(super) fn take(words: &[&str], sentence: &str, sink: &mut Sink<'_>) {
    const FAR: usize = 8;
    let lower = sentence.to_ascii_lowercase();
    let of_cpu = ["cpu", "core", "%usr", "busy", "utiliz", "utilis"]
        .iter()
        .any(|word| lower.contains(word));
    for at in 0..words.len() {
        let Some(share) = share_at(words, at) else {
            continue;
        };
        let next = words.get(at + 1).map_or("", |word| {
            word.trim_matches(|c: char| !c.is_ascii_alphabetic())
        });
        if OF_OTHER_THINGS.contains(&next) || !(of_cpu || share > 1.0) {
            continue;
        }
        let before = (at.saturating_sub(FAR)..at).rev();
        let behind = at + 1..(at + 1 + FAR / 2).min(words.len());
        let name = before
            .chain(behind)
            .find_map(|near| process_name(words[near]));
        let Some(comm) = name else { continue };
        let file = sink.file;
        sink.evidence().pasted.processes.push(ProcessUsage {
            file,
            tool: UsageTool::Prose,
            comm,
            cores: Some(share),
            intervals: 1,
            ..ProcessUsage::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::pasted::testing::prose;

    #[test]
    fn memory_is_no_cpu() {
        assert!(
            prose("kubelet has 50% memory and the CPU is fine\n")
                .processes
                .is_empty()
        );
    }

    #[test]
    fn more_than_one_core_needs_no_word_for_cpu() {
        let cores = |text: &str| {
            let processes = prose(text).processes;
            processes
                .first()
                .map(|usage| (usage.comm.clone(), usage.cores.unwrap()))
        };
        let kubelet = Some(("kubelet".to_owned(), 4.0));
        assert_eq!(
            cores("the kubelet sits at 400 % since the upgrade\n"),
            kubelet
        );
        assert_eq!(cores("kubelet is using 400% on our nodes\n"), kubelet);
        for other in [
            "the kubelet is at 40% since the upgrade\n",
            "the kubelet got 300% slower\n",
            "the kubelet uses 120% memory\n",
        ] {
            assert_eq!(cores(other), None, "{other}");
        }
    }
}
