//! Learning names: from the keys that stand before them, and from forms that tell what they are.

use serde_json::Value;
use std::collections::BTreeMap;

/// Kinds of names, and how their substitutes begin.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("nodes", "node"),
    ("pods", "pod"),
    ("namespaces", "namespace"),
    ("hosts", "host"),
    ("users", "user"),
    ("clusters", "cluster"),
];

/// Keys of labels, fields and log lines, and the kind of name that follows.
const KEYS: &[(&str, &str)] = &[
    ("pod", "pods"),
    ("pod_name", "pods"),
    ("podname", "pods"),
    ("kubernetes_pod_name", "pods"),
    ("pods", "pods"),
    ("cron_job", "pods"),
    ("namespace", "namespaces"),
    ("kube_namespace", "namespaces"),
    ("kubernetes_namespace", "namespaces"),
    ("pod_namespace", "namespaces"),
    ("node", "nodes"),
    ("nodename", "nodes"),
    ("node_name", "nodes"),
    ("kubernetes_node", "nodes"),
    ("kubernetes_io_hostname", "nodes"),
    ("hostname", "hosts"),
    ("host", "hosts"),
    ("instance", "hosts"),
    ("server", "hosts"),
    ("user", "users"),
    ("username", "users"),
    ("cluster", "clusters"),
    ("cluster_name", "clusters"),
];

/// Values that name nothing of anybody's.
const COMMON: &[&str] = &[
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "all",
    "total",
    "none",
    "null",
    "true",
    "false",
    "root",
    "core",
    "ubuntu",
    "admin",
    "centos",
    "localhost",
    "kubelet",
    "docker",
    "containerd",
    "linux",
    "unknown",
    "node",
    "pod",
    "host",
    "user",
    "value",
    "system",
    "kubernetes",
    "cadvisor",
    "nobody",
    "ec2-user",
    "localhost.localdomain",
    // What evidence itself writes where nothing was read.
    "not_requested",
    "permission",
    "absent",
    "unsupported",
    "over_budget",
    "timed_out",
];

/// Ends of host names that are nobody's but the owner's.
const PRIVATE_ENDS: &[&str] = &[
    ".internal",
    ".local",
    ".lan",
    ".corp",
    ".intra",
    ".intranet",
    ".home",
    ".localdomain",
    ".amazonaws.com",
    ".private",
];

/// Sites of projects: they are no secret, and functions have them in their names.
const PUBLIC: &[&str] = &[
    "github.com",
    "k8s.io",
    "golang.org",
    "gopkg.in",
    "google.golang.org",
    "kernel.org",
    "redhat.com",
    "launchpad.net",
    "go.uber.org",
    "sigs.k8s.io",
    "docker.com",
    "go.etcd.io",
    "kubernetes.io",
    "debian.org",
    "ubuntu.com",
    "googlesource.com",
    "gcr.io",
    "quay.io",
    "docker.io",
    "githubusercontent.com",
    "amazon.com",
    "cloud.google.com",
    "github.blog",
    "elastic.co",
];

/// Names that were found, each with its kind.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) found: BTreeMap<String, &'static str>,
}

impl Names {
    /// All strings of a JSON value, with the key before each.
    pub(super) fn learn_value(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(text) => {
                // Fields of our own evidence with such names hold other things.
                if let Some(kind) = kind_of(key) {
                    self.add_keyed(text, kind);
                }
                self.learn_text(text);
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn_value(key, value)),
            Value::Object(fields) => fields
                .iter()
                .for_each(|(key, value)| self.learn_value(key, value)),
            _ => {}
        }
    }

    /// Names in free text.
    pub(super) fn learn_text(&mut self, text: &str) {
        let words = text.split(|c: char| {
            c.is_whitespace()
                || matches!(c, ',' | ';' | '(' | ')' | '{' | '}' | '<' | '>' | '`' | '|')
        });
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            if let Some((key, value)) = word.split_once('=').or_else(|| word.split_once(':'))
                && let Some(kind) = kind_of(key.trim_matches('"'))
            {
                let value = match value.is_empty() {
                    true => words.get(at + 1).copied().unwrap_or(""),
                    false => value,
                };
                self.add_keyed(value, kind);
            }
            self.learn_word(word);
        }
        // `uname -a` begins so.
        if let ["Linux", host, release, ..] = words.as_slice()
            && release.starts_with(|c: char| c.is_ascii_digit())
        {
            self.add(host, "hosts");
        }
        self.learn_path(text);
    }

    /// Users' folders and the folders of pods' logs.
    pub(super) fn learn_path(&mut self, text: &str) {
        for begin in ["/home/", "/Users/"] {
            for rest in text.split(begin).skip(1) {
                self.add(until(rest), "users");
            }
        }
        for rest in text.split("/var/log/pods/").skip(1) {
            let mut parts = until_slash(rest).split('_');
            if let (Some(namespace), Some(pod)) = (parts.next(), parts.next()) {
                self.add(namespace, "namespaces");
                self.add(pod, "pods");
            }
        }
    }

    fn learn_word(&mut self, word: &str) {
        let word = word
            .trim_matches(|c: char| matches!(c, '"' | '\'' | '[' | ']' | '.' | ':' | '#' | '$'));
        if let Some((_, rest)) = word.split_once("://") {
            let host = rest.split(['/', ':', '?', '"']).next().unwrap_or("");
            self.add_host(host.rsplit('@').next().unwrap_or(host));
            return;
        }
        if let Some((user, host)) = word.split_once('@')
            && is_name(user)
            && is_name(host)
        {
            self.add(user, "users");
            self.add(host.split(':').next().unwrap_or(host), "hosts");
            return;
        }
        let bare = word.split([':', '/']).next().unwrap_or(word);
        let ends = PRIVATE_ENDS.iter().any(|end| bare.ends_with(end));
        let of_cloud = bare.starts_with("ip-") && bare.matches('-').count() >= 4;
        if (ends || of_cloud) && is_name(bare) {
            self.add(bare, "hosts");
        }
    }

    /// A host of an address on the web, unless it is a project's.
    fn add_host(&mut self, host: &str) {
        let public = PUBLIC
            .iter()
            .any(|site| host == *site || host.ends_with(&format!(".{site}")));
        if !public {
            self.add(host, "hosts");
        }
    }

    /// What a key names: `shop/cart-1`, `"worker-7"`, `host:10250`.
    fn add_keyed(&mut self, value: &str, kind: &'static str) {
        let value =
            value.trim_matches(|c: char| matches!(c, '"' | '\'' | '[' | ']' | '\\' | '.' | ','));
        if kind == "pods"
            && let Some((namespace, pod)) = value.split_once('/')
        {
            self.add(namespace, "namespaces");
            self.add(pod, "pods");
            return;
        }
        self.add(value.split([':', '/', '"']).next().unwrap_or(value), kind);
    }

    fn add(&mut self, name: &str, kind: &'static str) {
        let shown = name.trim_end_matches('.');
        let common = COMMON.contains(&shown.to_ascii_lowercase().as_str());
        if shown.len() < 3 || common || !is_name(shown) || shown.parse::<std::net::IpAddr>().is_ok()
        {
            return;
        }
        self.found.entry(shown.to_owned()).or_insert(kind);
    }
}

fn kind_of(key: &str) -> Option<&'static str> {
    let key = key
        .trim_start_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_ascii_lowercase();
    KEYS.iter()
        .find(|(known, _)| *known == key)
        .map(|(_, kind)| *kind)
}

/// A name of Kubernetes or DNS, with at least one letter.
fn is_name(text: &str) -> bool {
    text.len() <= 253
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.contains(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

fn until(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c)));
    &text[..end.unwrap_or(text.len())]
}

fn until_slash(text: &str) -> &str {
    text.split(['/', ' ', '"']).next().unwrap_or(text)
}
