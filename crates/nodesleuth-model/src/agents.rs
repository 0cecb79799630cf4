//! The node agents that nodesleuth knows by their process name.

/// One known agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agent {
    /// Process name (`comm`, at most 15 bytes); a trailing `*` stands for any rest.
    pub comm: &'static str,
    /// Seconds between two rounds of cgroup statistics when no flag says otherwise, for the
    /// agents that carry cAdvisor's housekeeping.
    pub housekeeping_seconds: Option<f64>,
}

const fn plain(comm: &'static str) -> Agent {
    Agent {
        comm,
        housekeeping_seconds: None,
    }
}

const fn housekeeper(comm: &'static str, seconds: f64) -> Agent {
    Agent {
        comm,
        housekeeping_seconds: Some(seconds),
    }
}

/// Known agents, in the order in which equally busy ones are preferred.
///
/// The kubelet's housekeeping runs every 10 s, cAdvisor's own every second (their defaults).
pub const KNOWN: &[Agent] = &[
    housekeeper("kubelet", 10.0),
    housekeeper("hyperkube", 10.0),
    housekeeper("k3s*", 10.0),
    housekeeper("rke2*", 10.0),
    housekeeper("microk8s*", 10.0),
    housekeeper("k0s*", 10.0),
    housekeeper("cadvisor", 1.0),
    plain("containerd-shim*"),
    plain("containerd"),
    plain("dockerd"),
    plain("docker-containe*"),
    plain("crio"),
    plain("conmon"),
    plain("kube-proxy"),
    plain("calico-node"),
    plain("cilium-agent"),
    plain("flanneld"),
    plain("node_exporter"),
    plain("systemd"),
    plain("systemd-journal*"),
    plain("systemd-udevd"),
    plain("systemd-logind"),
    plain("dbus-daemon"),
    plain("dbus-broker"),
    plain("rsyslogd"),
    plain("fluent-bit"),
    plain("fluentd"),
    plain("filebeat"),
    plain("telegraf"),
    plain("datadog-agent"),
];

/// The known agent with this process name.
///
/// ```
/// use nodesleuth_model::agents::by_comm;
/// assert!(by_comm("kubelet").is_some());
/// assert!(by_comm("containerd-shim-runc-v2").is_some());
/// assert!(by_comm("bash").is_none());
/// ```
#[must_use]
pub fn by_comm(comm: &str) -> Option<&'static Agent> {
    KNOWN
        .iter()
        .find(|agent| match agent.comm.strip_suffix('*') {
            Some(prefix) => comm.starts_with(prefix),
            None => comm == agent.comm,
        })
}
