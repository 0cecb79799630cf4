//! Numbers that a command counted, rules of iptables and ipvsadm, traces of Go's collector.

use super::clean::Lines;
use super::numbers::count;
use super::proc_files::{count_dying, hierarchy, settings};
use super::sink::Sink;
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::pasted::PastedCount;
use std::collections::BTreeMap;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    const KINDS: &[fn(&Lines<'_>, usize, &mut Sink<'_>) -> usize] =
        &[take_wc, take_sysctl, take_iptables, take_ipvs, take_gctrace];
    KINDS
        .iter()
        .map(|take| take(lines, at, sink))
        .find(|taken| *taken > 0)
        .unwrap_or(0)
}

pub(super) fn push(sink: &mut Sink<'_>, what: impl Into<String>, value: f64, unit: &str) {
    let file = sink.file;
    sink.evidence().pasted.counts.push(PastedCount {
        file,
        what: what.into(),
        value,
        unit: unit.to_owned(),
        measured: true,
    });
}

/// Parts of a command and what its number counts; the first that fits.
const COUNTED: &[(&[&str], &str)] = &[
    (&["iptables"], "iptables.rules"),
    (&["nft "], "nftables.rules"),
    (&["ipvsadm"], "ipvs.entries"),
    (&["conntrack"], "conntrack.entries"),
    (&["mountinfo"], "mounts"),
    (&["mount"], "mounts"),
    (&["crictl", "images"], "images"),
    (&["docker", "images"], "images"),
    (&["crictl", "ps"], "containers"),
    (&["docker", "ps"], "containers"),
    (&["crictl", "pods"], "pod_sandboxes"),
    (&["get pods"], "pods"),
    (&["get po"], "pods"),
    (&["get svc"], "services"),
    (&["get services"], "services"),
    (&["systemctl", "list-units"], "systemd.units"),
    (&["systemctl"], "systemd.units"),
    (&["/sys/fs/cgroup"], "cgroup.directories"),
    (&["/fd"], "open_files"),
    (&["lsof"], "open_files"),
    (&["inotify"], "inotify.watches"),
    (&["ip link"], "links"),
    (&["ip addr"], "addresses"),
    (&["ip route"], "routes"),
    (&["journalctl"], "log.lines"),
    (&["grep"], "log.lines"),
    (&["ps "], "processes"),
];

/// `find /sys/fs/cgroup/memory -type d | wc -l` above a number.
fn take_wc(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let line = lines.get(at).trim();
    let Some(command) = sink.command.clone() else {
        return 0;
    };
    let mut words = line.split_whitespace();
    let number = words.next().and_then(count);
    let (Some(value), true) = (number, words.next().is_none()) else {
        return 0;
    };
    let counts = command.contains("wc")
        || command.contains("conntrack -C")
        || command.contains("grep -c")
        || command.contains("_count");
    let found = COUNTED
        .iter()
        .find(|(parts, _)| parts.iter().all(|part| command.contains(part)));
    let Some((_, what)) = found.filter(|_| counts) else {
        return 0;
    };
    if *what == "cgroup.directories" && command.contains("find") {
        let path = command
            .split_whitespace()
            .find(|word| word.starts_with("/sys/fs/cgroup"));
        let controller = path
            .and_then(|path| path.split('/').nth(4))
            .filter(|name| !name.is_empty());
        let hierarchy = hierarchy(sink, controller.unwrap_or("memory"));
        if hierarchy.live.value().is_none() {
            hierarchy.live = Observed::Value(value as u64);
            count_dying(hierarchy);
        }
    }
    push(sink, *what, value, "");
    sink.block("count", at, format!("{value} {what}"));
    1
}

/// `net.netfilter.nf_conntrack_count = 123`.
fn take_sysctl(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let pair = lines.get(at).trim().split_once(" = ");
    let Some((name, value)) = pair else { return 0 };
    let is_name = name.contains('.')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b));
    let (Ok(number), true) = (value.trim().parse::<u64>(), is_name) else {
        return 0;
    };
    let settings = settings(sink);
    match name {
        "net.netfilter.nf_conntrack_count" => settings.conntrack_count = Observed::Value(number),
        "net.netfilter.nf_conntrack_max" | "net.nf_conntrack_max" => {
            settings.conntrack_max = Observed::Value(number)
        }
        "fs.inotify.max_user_watches" => {
            settings.inotify_max_user_watches = Observed::Value(number)
        }
        "fs.inotify.max_user_instances" => {
            settings.inotify_max_user_instances = Observed::Value(number)
        }
        "kernel.softlockup_panic" => settings.softlockup_panic = Observed::Value(number != 0),
        _ => {}
    }
    push(sink, format!("sysctl.{name}"), number as f64, "");
    sink.one("sysctl");
    1
}

/// `KUBE-X  all  --  anywhere  anywhere  …` of `iptables -L`.
fn is_listed_rule(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let protocols = ["all", "tcp", "udp", "icmp", "0", "6", "17"];
    // With -v counters of packets and bytes stand before it.
    words
        .windows(2)
        .take(4)
        .any(|pair| protocols.contains(&pair[0]) && pair[1] == "--")
        && words.len() >= 5
}

/// Rules whose words are kept.
const MOST_RULES: usize = 2_000;

/// `-A CHAIN …` of iptables-save: rules, and how often the most frequent one is there.
fn take_iptables(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let is_rule = |line: &str| {
        is_listed_rule(line)
            || line.trim().starts_with("-A ")
            || line.trim().starts_with("[") && line.contains("] -A ")
    };
    let is_of = |line: &str| {
        let line = line.trim();
        is_rule(line)
            || line.starts_with(':')
            || line.starts_with("*")
            || line == "COMMIT"
            || line.starts_with("# ")
            || line.starts_with("Chain ")
            || line.starts_with("target ")
    };
    if !is_rule(lines.get(at)) {
        return 0;
    }
    let taken = lines.while_true(at, is_of);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let mut rules = 0_u64;
    for line in lines.from(at).take(taken).filter(|line| is_rule(line)) {
        rules += 1;
        let rule = line.split_once("-A ").map_or(line, |(_, rule)| rule);
        *seen.entry(rule.trim()).or_default() += 1;
    }
    let most = seen.values().max().copied().unwrap_or(0);
    for rule in seen.keys().take(MOST_RULES) {
        super::logs::take_bare_of("iptables", rule, sink);
    }
    push(sink, "iptables.rules.listed", rules as f64, "");
    push(sink, "iptables.most_duplicates", most as f64, "");
    sink.block("iptables-save", at, format!("{rules} rules"));
    taken
}

/// Services and destinations of `ipvsadm -Ln`.
fn take_ipvs(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let is_service = |line: &str| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("TCP" | "UDP" | "SCTP"))
            && words.next().is_some_and(|word| word.contains(':'))
            && words.next().is_some()
    };
    let is_destination = |line: &str| line.trim().starts_with("-> ") && line.contains(':');
    if !is_service(lines.get(at)) {
        return 0;
    }
    let taken = lines.while_true(at, |line| is_service(line) || is_destination(line));
    let services = lines
        .from(at)
        .take(taken)
        .filter(|line| is_service(line))
        .count();
    push(sink, "ipvs.services.listed", services as f64, "");
    push(sink, "ipvs.entries.listed", taken as f64, "");
    sink.block("ipvsadm", at, format!("{services} services"));
    taken
}

/// `gc 119 @943.925s 9%: 49+2397+0.54 ms clock, … 6189->6508->3319 MB, 6509 MB goal, 48 P`.
fn take_gctrace(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let mut share: f64 = 0.0;
    let mut heap_mb: f64 = 0.0;
    let taken = lines.while_true(at, |line| {
        let Some(found) = gc_line(line) else {
            return false;
        };
        share = share.max(found.0);
        heap_mb = heap_mb.max(found.1);
        true
    });
    if taken == 0 {
        return 0;
    }
    push(sink, "go.gc.cpu_share", share, "share");
    if heap_mb > 0.0 {
        push(sink, "go.gc.heap_bytes", heap_mb * 1024.0 * 1024.0, "bytes");
    }
    sink.block("gctrace", at, format!("{taken} collections"));
    taken
}

/// Share of CPU and largest heap in MB.
fn gc_line(line: &str) -> Option<(f64, f64)> {
    let rest = line.trim().strip_prefix("gc ")?;
    let mut words = rest.split_whitespace();
    words.next()?.parse::<u64>().ok()?;
    words.next().filter(|word| word.starts_with('@'))?;
    let share = super::numbers::percent(words.next()?.trim_end_matches(':'))?;
    let heaps = line.split_whitespace().find(|word| word.contains("->"));
    let heap = heaps.and_then(|word| {
        word.split("->")
            .filter_map(super::numbers::plain)
            .reduce(f64::max)
    });
    Some((share, heap.unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;
    use crate::pasted::testing::read;

    fn count(ingested: &Ingested, what: &str) -> Option<f64> {
        ingested
            .evidence
            .pasted
            .counts
            .iter()
            .find(|c| c.what == what)
            .map(|c| c.value)
    }

    #[test]
    fn directories_beside_the_kernels_count_are_dying_cgroups() {
        let ingested = read(
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t26063\t1\n\n\
             $ find /sys/fs/cgroup/memory -type d | wc -l\n63\n\n$ iptables-save | wc -l\n164757\n",
        );
        let memory = ingested.evidence.cgroups.value().unwrap().memory().unwrap();
        assert_eq!(memory.dying.value().unwrap().count, 26_000);
        assert_eq!(count(&ingested, "iptables.rules"), Some(164_757.0));
    }

    #[test]
    fn rules_services_collections_and_sysctls() {
        let ingested = read(
            "-A KUBE-A -j X\n-A KUBE-A -j X\n-A KUBE-B -j Y\n\nTCP  10.0.0.1:80 rr\n  -> 10.1.0.1:80  Masq 1 0 0\n\n\
             gc 118 @917.797s 9%\ngc 119 @943.925s 12%: 49+2397+0.54 ms clock, 6189->6508->3319 MB, 6509 MB goal, 48 P\n\n\
             net.netfilter.nf_conntrack_count = 500000\n",
        );
        assert_eq!(count(&ingested, "iptables.most_duplicates"), Some(2.0));
        assert_eq!(count(&ingested, "ipvs.entries.listed"), Some(2.0));
        let listed = read(
            "KUBE-A  all  --  anywhere  anywhere  /* x */\nKUBE-A  all  --  anywhere  anywhere  /* x */\n",
        );
        assert_eq!(count(&listed, "iptables.most_duplicates"), Some(2.0));
        assert_eq!(count(&ingested, "go.gc.cpu_share"), Some(0.12));
        assert_eq!(
            ingested
                .evidence
                .kernel
                .value()
                .unwrap()
                .conntrack_count
                .value(),
            Some(&500_000)
        );
    }
}
