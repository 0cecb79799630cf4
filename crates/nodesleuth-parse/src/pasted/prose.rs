//! Prose: sentences, and the few tokens in them that mean something by themselves: functions with
//! shares, CPU of processes, counts, versions. All of it is weaker than what a tool printed.

use super::listed::{bare, is_function};
use super::numbers::{count, percent};
use super::sink::Sink;
use super::{logs, versions};
use nodesleuth_model::agents;
use nodesleuth_model::evidence::pasted::{
    PastedCount, ProcessUsage, ProseLine, StackRow, StackTable, StackTool, UsageTool,
};
use nodesleuth_profile::normalize;

/// Sentences that are kept of all files.
const MOST_LINES: usize = 5_000;
const LONGEST_LINE: usize = 600;
/// Functions that are kept of one file.
const MOST_FUNCTIONS: usize = 500;

/// Lines of prose that belong together.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    text: String,
    first: usize,
}

/// One line that no format knows.
pub(super) fn take(line: &str, at: usize, sink: &mut Sink<'_>) {
    if is_log(sink.name) {
        logs::take_bare(line, sink);
        return;
    }
    if !sink.wants_prose {
        return;
    }
    let line = line.trim();
    // Where a report stands says nothing of what is in it.
    if line.starts_with("http") && line.contains("://") && !line.contains(' ') {
        return;
    }
    // A wrapped sentence goes on in lower case.
    let goes_on = line.starts_with(|c: char| c.is_lowercase())
        && sink.paragraph.text.len() > 60
        && sink.paragraph.text.len() < LONGEST_LINE
        && !sink.paragraph.text.ends_with(['.', ':', ';', '!', '?']);
    if !goes_on {
        end_paragraph(sink);
        sink.paragraph.first = at;
    }
    if goes_on {
        sink.paragraph.text.push(' ');
    }
    sink.paragraph.text.push_str(line);
    sink.heading = Some(line.to_owned());
}

/// Files whose lines are log lines also without a head.
fn is_log(name: &str) -> bool {
    let file = name.rsplit(['/', '!']).next().unwrap_or(name);
    file.ends_with(".log")
        || ["journal", "dmesg", "messages", "syslog"]
            .iter()
            .any(|begin| file.starts_with(begin))
}

/// What was gathered is a paragraph: its tokens are taken.
pub(super) fn end_paragraph(sink: &mut Sink<'_>) {
    let paragraph = std::mem::take(&mut sink.paragraph);
    let text = paragraph
        .text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if text.is_empty() {
        return;
    }
    sink.one("prose");
    for sentence in sentences(&text) {
        if sink.evidence().pasted.prose.len() >= MOST_LINES {
            return;
        }
        tokens(sentence, sink);
        let file = sink.file;
        let text = match sentence.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => format!("{}…", &sentence[..end]),
            None => sentence.to_owned(),
        };
        sink.evidence().pasted.prose.push(ProseLine { file, text });
    }
}

/// Sentences end with a full stop before a space and a capital.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let bytes = text.as_bytes();
    for at in 0..bytes.len().saturating_sub(2) {
        let ends = matches!(bytes[at], b'.' | b'!' | b'?')
            && bytes[at + 1] == b' '
            && bytes[at + 2].is_ascii_uppercase();
        if ends && text.is_char_boundary(at + 2) {
            found.push(&text[from..=at]);
            from = at + 2;
        }
    }
    found.push(&text[from..]);
    found
}

fn tokens(sentence: &str, sink: &mut Sink<'_>) {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    functions(&words, sink);
    processes(&words, sentence, sink);
    counts(&words, sink);
    told_versions(&words, sink);
}

/// A percentage: `31%`, `(25-30%`, `~40%`, `31 %`, of a range the middle.
fn share_at(words: &[&str], at: usize) -> Option<f64> {
    let word = words
        .get(at)?
        .trim_matches(|c: char| "(),~≈><=+[]".contains(c))
        .trim_end_matches(['.', ':', ';']);
    if !word.ends_with('%') {
        let alone = words
            .get(at + 1)
            .is_some_and(|next| next.trim_end_matches(['.', ',', ')']) == "%");
        return alone.then(|| percent(&format!("{word}%")))?;
    }
    match word.trim_end_matches('%').split_once(['-', '–']) {
        Some((low, high)) if !low.is_empty() => {
            let low = percent(&format!("{}%", low.trim_end_matches('%')))?;
            Some((low + percent(&format!("{high}%"))?) / 2.0)
        }
        _ => percent(word),
    }
}

fn functions(words: &[&str], sink: &mut Sink<'_>) {
    for (at, word) in words.iter().enumerate() {
        let name = bare(word);
        if !(is_function(name) || is_humped(name)) {
            continue;
        }
        // A share on the other side of a semicolon, or in parentheses before, is another function's.
        let ends =
            |at: usize, with: &[char]| words.get(at).is_some_and(|word| word.ends_with(with));
        let behind = (at + 1..at + 4).take_while(|near| !ends(near - 1, &[';']));
        let before = at.saturating_sub(3)..at;
        let before = before.rev().take_while(|near| !ends(*near, &[';', ')']));
        let share = behind.chain(before).find_map(|near| share_at(words, near));
        let file = sink.file;
        let tables = &mut sink.evidence().pasted.stack_tables;
        let known = tables
            .iter()
            .position(|table| table.file == file && table.tool == StackTool::Prose);
        let known = known.unwrap_or_else(|| {
            tables.push(StackTable {
                file,
                tool: StackTool::Prose,
                ..StackTable::default()
            });
            tables.len() - 1
        });
        let rows = &mut tables[known].rows;
        let name = normalize(name).into_owned();
        match rows.iter().position(|row| row.name == name) {
            Some(at) => rows[at].cum = rows[at].cum.or(share),
            None if rows.len() < MOST_FUNCTIONS => rows.push(StackRow {
                name,
                cum: share,
                ..StackRow::default()
            }),
            None => {}
        }
    }
}

/// A name as Go spells functions: `decodeLogLine`, `GetNodeAddresses`; not `DaemonSet`.
fn is_humped(name: &str) -> bool {
    let bytes = name.as_bytes();
    let humps = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    let begins_small = bytes.first().is_some_and(u8::is_ascii_lowercase);
    let enough = if begins_small { 1 } else { 2 };
    humps >= enough && name.len() >= 8 && bytes.iter().all(u8::is_ascii_alphanumeric)
}

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

/// `kubelet uses 100% CPU`: a name and a percentage not far from each other.
fn processes(words: &[&str], sentence: &str, sink: &mut Sink<'_>) {
    const FAR: usize = 8;
    let lower = sentence.to_ascii_lowercase();
    if !["cpu", "core", "%usr", "busy", "utiliz", "utilis"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return;
    }
    for at in 0..words.len() {
        let Some(share) = share_at(words, at) else {
            continue;
        };
        let next = words.get(at + 1).map_or("", |word| {
            word.trim_matches(|c: char| !c.is_ascii_alphabetic())
        });
        if matches!(
            next,
            "memory"
                | "mem"
                | "disk"
                | "of"
                | "packet"
                | "loss"
                | "faster"
                | "slower"
                | "idle"
                | "free"
        ) && next != "of"
        {
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
fn counts(words: &[&str], sink: &mut Sink<'_>) {
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

fn told_versions(words: &[&str], sink: &mut Sink<'_>) {
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
    use crate::pasted::Ingested;
    use nodesleuth_model::evidence::Pasted;

    fn read(text: &str) -> Pasted {
        let mut ingested = Ingested::default();
        ingested.read("report.txt", text.as_bytes(), None, true);
        ingested.evidence.pasted
    }

    #[test]
    fn cpu_of_processes_counts_and_versions() {
        let pasted = read(
            "The kubelet uses 100% CPU on a node with 2,000 services and 110 pods. We see dockerd at 20-30% CPU.\n\
             Kernel 4.15.0-43-generic, Docker 18.09, Ubuntu 18.04. It is fixed in kernel 5.2 they say.\n\
             There are about 1000 exited containers and 164757 iptables rules.\n",
        );
        let processes: Vec<_> = pasted
            .processes
            .iter()
            .map(|p| (p.comm.as_str(), p.cores.unwrap()))
            .collect();
        assert_eq!(processes, [("kubelet", 1.0), ("dockerd", 0.25)]);
        let counts: Vec<_> = pasted
            .counts
            .iter()
            .map(|c| (c.what.as_str(), c.value))
            .collect();
        assert!(
            counts.contains(&("services", 2000.0)) && counts.contains(&("pods", 110.0)),
            "{counts:?}"
        );
        assert!(
            counts.contains(&("exited.containers", 1000.0))
                && counts.contains(&("iptables.rules", 164_757.0)),
            "{counts:?}"
        );
        let versions: Vec<_> = pasted
            .versions
            .iter()
            .map(|v| format!("{} {}", v.component, v.version))
            .collect();
        assert_eq!(
            versions,
            [
                "kernel 4.15.0-43-generic",
                "docker 18.09",
                "os Ubuntu 18.04"
            ]
        );
        assert_eq!(pasted.prose.len(), 5);
    }

    #[test]
    fn functions_with_their_shares() {
        let pasted = read(
            "crypto/tls.(*Conn).Handshake (25-30% cum) and GetNodeAddresses; 31% in memcg_stat_show, see http://a.b/c\n",
        );
        let rows: Vec<_> = pasted.stack_tables[0]
            .rows
            .iter()
            .map(|row| (row.name.as_str(), row.cum))
            .collect();
        assert_eq!(
            rows,
            [
                ("crypto/tls.(*Conn).Handshake", Some(0.275)),
                ("GetNodeAddresses", None),
                ("memcg_stat_show", Some(0.31))
            ]
        );
    }

    #[test]
    fn the_release_of_a_distribution_is_no_kernel() {
        let versions = |text: &str| {
            let versions = read(text).versions;
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

    #[test]
    fn functions_without_a_package_and_counts_behind_their_noun() {
        let pasted =
            read("High CPU usage: decodeLogLine. The number of containers is 2K in a DaemonSet\n");
        let names: Vec<_> = pasted.stack_tables[0]
            .rows
            .iter()
            .map(|row| row.name.as_str())
            .collect();
        assert_eq!(names, ["decodeLogLine"]);
        let count = &pasted.counts[0];
        assert_eq!((count.what.as_str(), count.value), ("containers", 2000.0));
    }

    #[test]
    fn memory_is_no_cpu() {
        assert!(
            read("kubelet has 50% memory and the CPU is fine\n")
                .processes
                .is_empty()
        );
    }
}
