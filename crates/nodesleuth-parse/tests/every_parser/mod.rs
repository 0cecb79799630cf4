//! All text parsers behind one function; the fuzz target uses it too.

use nodesleuth_model::evidence::NodePods;
use nodesleuth_parse::kube::{configz, container_stats, kubelet_metrics, node, pods, summary};
use nodesleuth_parse::proc::{
    cgroups, cmdline, cpu_list, dentry_state, io, kallsyms, limits, loadavg, maps, meminfo,
    modules, mountinfo, net_tcp, os_release, pid_cgroup, pid_stat, pressure, schedstat, single,
    slabinfo, softirqs, stat, status, uname, vmstat,
};
use nodesleuth_parse::{Malformed, cgroup};

/// A parser's name, and whether it took the bytes.
type Parser = (&'static str, fn(&[u8], &str) -> Result<(), Malformed>);

/// Every parser of text. Bytes that are not UTF-8 reach text parsers as a reader would decode them.
pub(crate) const PARSERS: &[Parser] = &[
    ("pid_stat::parse", |bytes, _| {
        pid_stat::parse(bytes, 4096).map(drop)
    }),
    ("pid_stat::parse_thread", |bytes, _| {
        pid_stat::parse_thread(bytes).map(drop)
    }),
    ("pid_stat::times", |bytes, _| {
        pid_stat::times(bytes).map(drop)
    }),
    ("schedstat", |bytes, _| schedstat::parse(bytes).map(drop)),
    ("status", |_, text| status::parse(text).map(drop)),
    ("status::switches", |bytes, _| {
        let _ = status::switches(bytes);
        Ok(())
    }),
    ("stat", |_, text| stat::parse(text).map(drop)),
    ("meminfo", |_, text| meminfo::parse(text).map(drop)),
    ("slabinfo", |_, text| slabinfo::parse(text, 3).map(drop)),
    ("mountinfo", |_, text| {
        let mounts = mountinfo::parse(text)?;
        let _ = mountinfo::summarise(&mounts, "/proc/1/mountinfo");
        let found = cgroup::hierarchies(&mounts, &[]);
        let _ = cgroup::mode(&found);
        Ok(())
    }),
    ("cgroups", |_, text| cgroups::parse(text).map(drop)),
    ("pid_cgroup", |_, text| pid_cgroup::parse(text).map(drop)),
    ("pressure", |_, text| pressure::parse(text).map(drop)),
    ("dentry_state", |_, text| {
        dentry_state::parse(text).map(drop)
    }),
    ("vmstat", |_, text| {
        vmstat::parse(text, &["nr_*", "pgfault"]).map(drop)
    }),
    ("softirqs", |_, text| softirqs::parse(text).map(drop)),
    ("io", |_, text| io::parse(text).map(drop)),
    ("limits", |_, text| limits::open_files(text).map(drop)),
    ("maps", |_, text| maps::parse(text).map(drop)),
    ("modules", |_, text| modules::parse(text).map(drop)),
    ("kallsyms", |bytes, _| {
        match kallsyms::Kallsyms::read(bytes) {
            Err(kallsyms::KallsymsError::Malformed(error)) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }),
    ("loadavg", |_, text| loadavg::parse(text).map(drop)),
    ("net_tcp", |_, text| net_tcp::listening(text).map(drop)),
    ("cpu_list", |_, text| cpu_list::count(text).map(drop)),
    ("cmdline::flags", |bytes, _| {
        let _ = cmdline::flags(bytes, &["v", "a"]);
        Ok(())
    }),
    ("cmdline::kernel_words", |_, text| {
        let _ = cmdline::kernel_words(text, &["psi", "cgroup*"]);
        Ok(())
    }),
    ("os_release", |_, text| {
        let _ = os_release::parse(text);
        Ok(())
    }),
    ("single", |_, text| single::number(text, "number").map(drop)),
    ("uname", |_, text| uname::parse(text).map(drop)),
    ("cgroup::stat", |_, text| {
        cgroup::stat::parse(text).map(drop)
    }),
    ("cgroup::name_pattern", |_, text| {
        let _ = cgroup::name_pattern(text);
        Ok(())
    }),
    ("kube::kubelet_metrics", |_, text| {
        kubelet_metrics::parse(text).map(drop)
    }),
    ("kube::container_stats", |_, text| {
        container_stats::parse(text).map(drop)
    }),
    ("kube::summary", |_, text| summary::parse(text).map(drop)),
    ("kube::configz", |_, text| configz::parse(text).map(drop)),
    ("kube::node", |_, text| node::parse(text).map(drop)),
    ("kube::pods", |_, text| {
        pods::add_page(text, &mut NodePods::default()).map(drop)
    }),
];

/// Gives the bytes to every parser. An error must tell what it is about.
pub(crate) fn run_all(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for (name, parser) in PARSERS {
        if let Err(error) = parser(bytes, &text) {
            assert!(!error.what.is_empty() && !error.reason.is_empty(), "{name}");
        }
    }
}
