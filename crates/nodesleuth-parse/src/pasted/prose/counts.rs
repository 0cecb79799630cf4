//! What sentences count.

use crate::pasted::numbers::count;
use crate::pasted::sink::Sink;
use nodesleuth_model::evidence::pasted::PastedCount;

/// Nouns that are counted, and under which name.
const NOUNS: &[(&str, &str)] = &[
    ("services", "services"),
    ("service", "services"),
    ("clusterip", "services"),
    ("pods", "pods"),
    ("pod", "pods"),
    ("containers", "containers"),
    ("container", "containers"),
    ("mounts", "mounts"),
    ("mountpoints", "mounts"),
    ("cgroups", "cgroups"),
    ("cgroup", "cgroups"),
    ("rules", "rules"),
    ("images", "images"),
    ("nodes", "nodes"),
    ("cores", "cores"),
    ("cpus", "cores"),
    ("vcpus", "cores"),
    ("processes", "processes"),
    ("threads", "threads"),
    ("goroutines", "goroutines"),
    ("connections", "connections"),
    ("sockets", "sockets"),
    ("files", "files"),
    ("watches", "watches"),
    ("watchers", "watchers"),
    ("units", "units"),
    ("scopes", "scopes"),
    ("configmaps", "configmaps"),
    ("secrets", "secrets"),
    ("endpoints", "endpoints"),
    ("interfaces", "interfaces"),
    ("entries", "entries"),
    ("namespaces", "namespaces"),
    ("lines", "log.lines"),
    ("dentries", "dentries"),
    ("inodes", "inodes"),
    ("jobs", "jobs"),
    ("clients", "clients"),
    ("sandboxes", "pod_sandboxes"),
    ("probes", "probes"),
    ("directories", "directories"),
    ("zombies", "zombies"),
    ("requests", "requests"),
    ("qps", "requests"),
    ("policies", "policies"),
];

/// `2,000 services`, `1000 exited containers`, `services: 2000`.
pub(super) fn take(words: &[&str], sink: &mut Sink<'_>) {
    let noun = |word: &str| {
        let word = word
            .trim_matches(|c: char| !c.is_ascii_alphanumeric())
            .to_ascii_lowercase();
        NOUNS
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, what)| *what)
    };
    for (at, word) in words.iter().enumerate() {
        let Some(value) =
            count(word.trim_matches(|c: char| "()[]?!".contains(c))).filter(|value| *value > 0.0)
        else {
            continue;
        };
        let adjective = |near: usize| {
            let word = words[near]
                .trim_matches(|c: char| !c.is_ascii_alphanumeric())
                .to_ascii_lowercase();
            matches!(
                word.as_str(),
                "exited"
                    | "dead"
                    | "iptables"
                    | "ipvs"
                    | "conntrack"
                    | "running"
                    | "nat"
                    | "systemd"
                    | "stopped"
            )
            .then_some(word)
        };
        let mut qualifier = None;
        let behind = (at + 1..(at + 4).min(words.len())).find_map(|near| {
            qualifier = qualifier.take().or_else(|| adjective(near));
            noun(words[near])
        });
        let labelled = || {
            at.checked_sub(1)
                .filter(|before| words[*before].ends_with([':', '=']))
                .and_then(|before| noun(words[before]))
        };
        // `the number of containers is 2K`
        let is_said = || {
            let is = words.get(at.checked_sub(1)?)?.to_ascii_lowercase();
            let counted = || noun(words[at.checked_sub(2)?]);
            matches!(is.as_str(), "is" | "are" | "was").then(counted)?
        };
        let Some(what) = behind.or_else(labelled).or_else(is_said) else {
            continue;
        };
        let what = match qualifier.as_deref() {
            Some("running") | None => what.to_owned(),
            Some("dead" | "stopped") => format!("exited.{what}"),
            Some("nat") => format!("iptables.{what}"),
            Some(qualifier) => format!("{qualifier}.{what}"),
        };
        let file = sink.file;
        sink.evidence().pasted.counts.push(PastedCount {
            file,
            what,
            value,
            unit: String::new(),
            measured: false,
        });
    }
}
