//! Versions that sentences tell.

use crate::pasted::sink::Sink;
use crate::pasted::versions;

/// Components before a version in prose.
const COMPONENTS: &[(&str, &str)] = &[
    ("kernel", "kernel"),
    ("linux", "kernel"),
    ("kubernetes", "kubernetes"),
    ("k8s", "kubernetes"),
    ("kubelet", "kubelet"),
    ("docker", "docker"),
    ("containerd", "containerd"),
    ("runc", "runc"),
    ("go", "go"),
    ("golang", "go"),
    ("systemd", "systemd"),
    ("cri-o", "crio"),
    ("crio", "crio"),
    ("cilium", "cilium"),
    ("calico", "calico"),
    ("etcd", "etcd"),
    ("cadvisor", "cadvisor"),
    ("k3s", "k3s"),
    ("coredns", "coredns"),
    ("node_exporter", "node_exporter"),
    ("openshift", "openshift"),
    ("ubuntu", "os"),
    ("centos", "os"),
    ("rhel", "os"),
    ("debian", "os"),
    ("coreos", "os"),
    ("flatcar", "os"),
    ("fedora", "os"),
    ("bottlerocket", "os"),
    ("iptables", "iptables"),
    ("flannel", "flannel"),
    ("fluentd", "fluentd"),
];

/// What is said of another version than the one that runs.
const ELSEWHERE: &[&str] = &[
    "fixed",
    "upgrade",
    "upgraded",
    "upgrading",
    "newer",
    "since",
    "before",
    "until",
    "older",
    ">=",
    "<=",
    "<",
    ">",
    "later",
    "backport",
    "backported",
    "downgrade",
    "downgraded",
    "introduced",
];

/// Versions of what runs here.
pub(super) fn take(words: &[&str], sink: &mut Sink<'_>) {
    let elsewhere = words
        .iter()
        .any(|word| ELSEWHERE.contains(&word.to_ascii_lowercase().as_str()));
    if elsewhere {
        return;
    }
    for (at, word) in words.iter().enumerate() {
        let bare = word
            .trim_matches(|c: char| "()[],;:\"'`".contains(c))
            .trim_end_matches('.');
        if is_release(bare) {
            versions::add(sink, "kernel", bare, false);
            continue;
        }
        let lower = bare.to_ascii_lowercase();
        if let Some(version) = lower
            .strip_prefix("go")
            .filter(|rest| rest.starts_with("1."))
        {
            versions::add(sink, "go", version, false);
            continue;
        }
        let Some((_, component)) = COMPONENTS.iter().find(|(known, _)| *known == lower) else {
            continue;
        };
        // `CentOS Linux release 7.1` is no kernel.
        let of_distribution = lower == "linux"
            && (words[at.saturating_sub(1)..at]
                .iter()
                .any(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
                || words.get(at + 1).is_some_and(|word| *word == "release"));
        if of_distribution {
            continue;
        }
        let next = (at + 1..(at + 3).min(words.len()))
            .map(|near| words[near].trim_matches(|c: char| "()[],;:\"'`".contains(c)));
        let version = next
            .into_iter()
            .find(|word| versions::is_version(word.trim_end_matches('.')) && !word.contains('%'));
        let Some(version) = version else { continue };
        match *component {
            "os" => versions::add(
                sink,
                "os",
                &format!("{bare} {}", version.trim_end_matches('.')),
                false,
            ),
            component => versions::add(sink, component, version.trim_end_matches('.'), false),
        }
    }
}

/// A kernel's release: `4.15.0-43-generic`, `3.10.0-957.el7.x86_64`, `5.4.0-1029-aws`.
fn is_release(word: &str) -> bool {
    let begins = word.starts_with(|c: char| c.is_ascii_digit())
        && word.matches('.').count() >= 2
        && word.contains('-');
    let ends = [
        "generic", ".el7", ".el8", ".el9", "-aws", "-gcp", "-azure", "-amd64", ".amzn", ".x86_64",
        "-gke", "-coreos", "-cloud", ".fc", "-flatcar",
    ];
    begins && ends.iter().any(|end| word.contains(end))
}

#[cfg(test)]
mod tests {
    use crate::pasted::testing::prose;

    #[test]
    fn the_release_of_a_distribution_is_no_kernel() {
        let versions = |text: &str| {
            let versions = prose(text).versions;
            let told = versions
                .iter()
                .map(|told| format!("{} {}", told.component, told.version));
            told.collect::<Vec<_>>()
        };
        assert_eq!(
            versions("CentOS Linux release 7.1.1503 (Core)\n"),
            [] as [&str; 0]
        );
        assert_eq!(
            versions("it runs on Linux 4.19.7 here\n"),
            ["kernel 4.19.7"]
        );
    }
}
