//! Lines that tell versions: `kubectl version`, `docker info`, `describe node`, issue templates.

use super::clean::Lines;
use super::proc_files::host;
use super::sink::Sink;
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::OsRelease;
use nodesleuth_model::evidence::pasted::PastedVersion;

/// Labels before a colon (lower case) and the component whose version follows.
const LABELS: &[(&str, &str)] = &[
    ("kernel version", "kernel"),
    ("kernelversion", "kernel"),
    ("kernel", "kernel"),
    ("kubelet version", "kubelet"),
    ("kubeletversion", "kubelet"),
    ("kubernetes version", "kubernetes"),
    ("kubernetes", "kubernetes"),
    ("k8s version", "kubernetes"),
    ("k8s", "kubernetes"),
    ("kubelet", "kubelet"),
    ("kube-proxy version", "kube-proxy"),
    ("kubeproxyversion", "kube-proxy"),
    ("container runtime version", "runtime"),
    ("containerruntimeversion", "runtime"),
    ("os image", "os"),
    ("osimage", "os"),
    ("operating system", "os"),
    ("os", "os"),
    ("docker version", "docker"),
    ("docker", "docker"),
    ("server version", "server"),
    ("containerd version", "containerd"),
    ("containerd", "containerd"),
    ("runc version", "runc"),
    ("runc", "runc"),
    ("go version", "go"),
    ("goversion", "go"),
    ("golang", "go"),
    ("systemd version", "systemd"),
    ("systemd", "systemd"),
    ("cri-o version", "crio"),
    ("cri-o", "crio"),
    ("crio", "crio"),
    ("cilium version", "cilium"),
    ("cilium", "cilium"),
    ("calico version", "calico"),
    ("calico", "calico"),
    ("cadvisor version", "cadvisor"),
    ("cadvisor", "cadvisor"),
    ("etcd version", "etcd"),
    ("etcd", "etcd"),
    ("k3s version", "k3s"),
    ("k3s", "k3s"),
    ("server", "server"),
    ("client version", "client"),
];

/// Tools that print their name first: `Docker version 18.09.2, build …`.
const TOOLS: &[(&str, &str)] = &[
    ("docker version ", "docker"),
    ("runc version ", "runc"),
    ("go version go", "go"),
    ("kubernetes v", "kubernetes"),
    ("iptables v", "iptables"),
    ("ipvsadm v", "ipvsadm"),
    ("systemd ", "systemd"),
    ("crictl version ", "crictl"),
    ("containerd containerd.io ", "containerd"),
    ("containerd github.com/containerd/containerd ", "containerd"),
    ("cadvisor version ", "cadvisor"),
    ("k3s version ", "k3s"),
    ("strace -- version ", "strace"),
    ("etcd version: ", "etcd"),
    ("crio version ", "crio"),
    ("perf version ", "perf"),
    ("node_exporter, version ", "node_exporter"),
];

/// Different versions that are kept.
const MOST: usize = 500;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let line = lines.get(at).trim();
    let Some((component, version)) = labelled(line).or_else(|| tool(line)) else {
        return 0;
    };
    add(sink, component, version, true);
    sink.one("version");
    1
}

/// `Kernel Version:   4.15.0-43-generic`, `kernelVersion: 4.15.0`, `**Kernel**: 4.15`.
fn labelled(line: &str) -> Option<(&'static str, &str)> {
    let (label, value) = line.split_once(':')?;
    if label.len() > 60 {
        return None;
    }
    let label = label
        .trim_matches(|c: char| c.is_whitespace() || "*-_#`\"'".contains(c))
        .to_ascii_lowercase();
    // `Kernel (e.g. uname -a)`.
    let label = label.split(" (").next().unwrap_or(&label);
    let (_, component) = LABELS.iter().find(|(known, _)| *known == label)?;
    let value = value.trim_matches(|c: char| c.is_whitespace() || "*`\"',".contains(c));
    if *component == "os" {
        let is_name =
            value.len() > 2 && value.len() < 80 && value.contains(|c: char| c.is_ascii_digit());
        return is_name.then_some((component, value));
    }
    if let Some((_, rest)) = value.split_once("GitVersion:\"") {
        return rest.split('"').next().map(|version| (*component, version));
    }
    let word = value.split_whitespace().find(|word| is_version(word));
    word.filter(|_| value.split_whitespace().count() <= 6)
        .map(|word| (*component, word))
}

fn tool(line: &str) -> Option<(&'static str, &str)> {
    let lower = line
        .get(..line.len().min(60))
        .map(str::to_ascii_lowercase)?;
    let (begin, component) = TOOLS.iter().find(|(begin, _)| lower.starts_with(begin))?;
    let rest = line.get(begin.len()..)?;
    let word = rest.split([' ', ',']).next()?;
    let few_words = line.split_whitespace().count() <= 8;
    let starts = word
        .trim_start_matches('v')
        .starts_with(|c: char| c.is_ascii_digit());
    (starts && few_words).then_some((*component, word))
}

/// `1.15.0`, `v1.15.0-gke.1`, `go1.12.5`, `docker://18.9.2`.
pub(super) fn is_version(word: &str) -> bool {
    let word = word.rsplit("://").next().unwrap_or(word);
    let word = word
        .trim_start_matches("go")
        .trim_start_matches(['v', 'V', '>', '=', '<', '~', '^']);
    let mut parts = word.split('.');
    let number = |part: Option<&str>| {
        part.is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()))
    };
    number(parts.next()) && number(parts.next())
}

/// Keeps a version; a kernel's and a distribution's go where a collector puts them.
pub(super) fn add(sink: &mut Sink<'_>, component: &str, version: &str, measured: bool) {
    let version = version.trim_matches(|c: char| c.is_whitespace() || "*`\"',;()".contains(c));
    let (component, version) = match version.split_once("://") {
        Some((runtime, version)) => (runtime, version),
        None => (component, version),
    };
    let bare = match component {
        "go" => version.trim_start_matches("go"),
        "os" | "kernel" => version,
        _ => version.trim_start_matches('v'),
    };
    if component == "kernel" {
        let host = host(sink);
        if host.kernel_release.is_empty() {
            host.kernel_release = bare.to_owned();
        }
    }
    if component == "os" && host(sink).os.value().is_none() {
        host(sink).os = Observed::Value(OsRelease {
            pretty_name: bare.to_owned(),
            ..OsRelease::default()
        });
    }
    let version = PastedVersion {
        file: sink.file,
        component: component.to_owned(),
        version: bare.to_owned(),
        measured,
    };
    let versions = &mut sink.evidence().pasted.versions;
    if versions.len() < MOST && !versions.contains(&version) {
        versions.push(version);
    }
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn versions_in_the_words_of_many_tools() {
        let text = " Kernel Version:             4.15.0-43-generic\n OS Image:                   Ubuntu 18.04.1 LTS\n\
                    \x20Container Runtime Version:  docker://18.9.2\n Kubelet Version:            v1.15.0\n\
                    Docker version 18.09.2, build 6247962\ngo version go1.12.5 linux/amd64\n\
                    Server Version: version.Info{Major:\"1\", GitVersion:\"v1.10.3\", GoVersion:\"go1.9\"}\n\
                    - **runc**: 1.0.0-rc6\nnote: this is slow\n";
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        let versions: Vec<_> = ingested
            .evidence
            .pasted
            .versions
            .iter()
            .map(|v| format!("{} {}", v.component, v.version))
            .collect();
        assert_eq!(
            versions,
            [
                "kernel 4.15.0-43-generic",
                "os Ubuntu 18.04.1 LTS",
                "docker 18.9.2",
                "kubelet 1.15.0",
                "docker 18.09.2",
                "go 1.12.5",
                "server 1.10.3",
                "runc 1.0.0-rc6",
            ]
        );
        assert_eq!(
            ingested.evidence.host.value().unwrap().kernel_release,
            "4.15.0-43-generic"
        );
    }
}
