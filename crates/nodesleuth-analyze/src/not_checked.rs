//! What was not checked and why: every piece of evidence that was asked for and is missing.

use nodesleuth_model::diagnosis::NotChecked;
use nodesleuth_model::evidence::{Evidence, ReadOutcome, Via};
use nodesleuth_model::{Missing, MissingKind, Observed};

/// One line for each missing piece.
pub(crate) fn list(evidence: &Evidence) -> Vec<NotChecked> {
    let mut rows = Vec::new();
    let mut note = |what: &str, missing: Option<&Missing>| {
        if let Some(missing) = missing {
            rows.push(NotChecked {
                what: what.to_owned(),
                why: missing.to_string(),
            });
        }
    };
    note("host", evidence.host.missing());
    note("machine CPU", evidence.machine_cpu.missing());
    note("processes", evidence.processes.missing());
    note("the target's threads", evidence.threads.missing());
    note("the target", evidence.target.missing());
    note("the target's read rate", evidence.target_io.missing());
    note(
        "which files the target has open",
        evidence.open_files.missing(),
    );
    note("stacks of kernel functions", evidence.stacks.missing());
    kernel_stacks(evidence, &mut note);
    syscalls(evidence, &mut note);
    note("cgroup census", evidence.cgroups.missing());
    note(
        "cost of an ordinary cgroup file",
        evidence.cgroup_scan.missing(),
    );
    note("timed reads", evidence.timed_reads.missing());
    note("what dying cgroups hold", evidence.dying_memory.missing());
    note("who makes cgroups", evidence.cgroup_growth.missing());
    note("memory", evidence.meminfo.missing());
    note("slab caches", evidence.slab.missing());
    note("dentry cache", evidence.dentries.missing());
    note("mount table", evidence.mounts.missing());
    note("pressure", evidence.pressure.missing());
    note("memory reclaim counters", evidence.vmstat.missing());
    note("softirqs", evidence.softirqs.missing());
    note("packets by CPU", evidence.softnet.missing());
    note("timer interrupts", evidence.interrupts.missing());
    note("the target's CPU quotas", evidence.cpu_quotas.missing());
    note("kernel settings", evidence.kernel.missing());
    note(
        "who holds inotify instances, performance events and fanotify marks",
        evidence.kernel_handles.missing(),
    );
    note("audit rules", evidence.audit.missing());
    packet_rules(evidence, &mut note);
    note("the Node object", evidence.node_object.missing());
    note("the kubelet's metrics", evidence.kubelet_metrics.missing());
    note(
        "ages of the containers' statistics",
        evidence.container_stats.missing(),
    );
    note("the kubelet's statistics", evidence.stats_summary.missing());
    note(
        "the kubelet's configuration",
        evidence.kubelet_config.missing(),
    );
    note("the node's pods", evidence.node_pods.missing());
    half_windows(evidence, &mut note);
    note(
        "the rest of the kubelet's /metrics/cadvisor, whose beginning tells lower bounds",
        beginning_only(evidence).as_ref(),
    );
    note("the target's goroutines", evidence.goroutines.missing());
    note("the target's heap", evidence.heap.missing());
    target_parts(evidence, &mut note);
    hierarchies(evidence, &mut note);
    rows.extend(reads(evidence));
    rows.extend(profiles(evidence));
    if evidence.vantage.via == Via::Api {
        rows.push(from_outside());
    }
    rows
}

/// What a kubelet does not tell of itself and its node.
const SEEN_ON_THE_NODE: &str = "the kubelet's children (mount, du, iptables …), other processes, \
    kernel functions and long system calls, dying (zombie) memory cgroups and cgroups that cAdvisor \
    does not follow, the time that cgroup files take to read, slab and dentry caches";

fn from_outside() -> NotChecked {
    NotChecked {
        what: SEEN_ON_THE_NODE.to_owned(),
        why: "not seen through the API server; `nodesleuth diagnose --name kubelet` on the node \
              shows them"
            .to_owned(),
    }
}

/// Why a page of statistics that is used is not whole.
fn beginning_only(evidence: &Evidence) -> Option<Missing> {
    let stats = evidence.container_stats.value()?;
    let reason = stats.after.value.incomplete.clone()?;
    Some(Missing::new(MissingKind::TimedOut, reason))
}

/// Pages that came at one end of the window only.
fn half_windows(evidence: &Evidence, note: &mut impl FnMut(&str, Option<&Missing>)) {
    let came = [
        (
            "/metrics/cadvisor",
            evidence.container_stats.value().is_some(),
        ),
        ("/pods", evidence.node_pods.value().is_some()),
    ];
    for page in &evidence.kubelet_pages {
        if came.contains(&(page.path.as_str(), true)) {
            let what = format!("the kubelet's {} at both ends of the window", page.path);
            note(&what, page.missing.as_ref());
        }
    }
}

/// Not being a Go program is an answer, not something that was not checked.
fn target_parts(evidence: &Evidence, note: &mut impl FnMut(&str, Option<&Missing>)) {
    let Some(target) = evidence.target.value() else {
        return;
    };
    let unexpected = |missing: &&Missing| {
        !matches!(missing.kind, MissingKind::Unsupported | MissingKind::Absent)
    };
    note("the target's binary", target.exe.missing());
    note(
        "Go build information",
        target.go.missing().filter(unexpected),
    );
    note("the target's descriptors", target.open_fds.missing());
}

/// Not having ip_tables at all is an answer.
fn packet_rules(evidence: &Evidence, note: &mut impl FnMut(&str, Option<&Missing>)) {
    note("packet rules", evidence.packet_rules.missing());
    if let Some(rules) = evidence.packet_rules.value() {
        let refused = |missing: &&Missing| missing.kind != MissingKind::Absent;
        note(
            "rules of ip_tables",
            rules.legacy_entries.missing().filter(refused),
        );
    }
}

fn kernel_stacks(evidence: &Evidence, note: &mut impl FnMut(&str, Option<&Missing>)) {
    let recording = evidence.stacks.value();
    if let Some(why) = recording.and_then(|recording| recording.kernel_missing.as_ref()) {
        let missing = Missing::new(MissingKind::Permission, why);
        note("stacks of kernel functions", Some(&missing));
    }
}

fn syscalls(evidence: &Evidence, note: &mut impl FnMut(&str, Option<&Missing>)) {
    note("the target's system calls", evidence.syscalls.missing());
    if let Some(trace) = evidence.syscalls.value() {
        note("arguments of system calls", trace.arguments.missing());
        note("which calls fail, and on what", trace.failing.missing());
        note("which file costs which kernel time", trace.files.missing());
    }
}

fn hierarchies(evidence: &Evidence, note: &mut impl FnMut(&str, Option<&Missing>)) {
    let Some(census) = evidence.cgroups.value() else {
        return;
    };
    for hierarchy in &census.hierarchies {
        let name = if hierarchy.controllers.is_empty() {
            hierarchy.mount.clone()
        } else {
            hierarchy.controllers.join(",")
        };
        note(&format!("live cgroups of {name}"), hierarchy.live.missing());
        if hierarchy.has("memory") {
            note(
                &format!("dying cgroups of {name}"),
                hierarchy.dying.missing(),
            );
        }
    }
}

fn reads(evidence: &Evidence) -> Vec<NotChecked> {
    let Some(timed) = evidence.timed_reads.value() else {
        return Vec::new();
    };
    let rows = timed.reads.iter().filter_map(|read| {
        let why = match &read.outcome {
            ReadOutcome::Read { .. } => return None,
            ReadOutcome::Skipped { reason } | ReadOutcome::Failed { reason } => reason.clone(),
            ReadOutcome::TimedOut { after, stuck: None } => format!("no answer within {after}"),
            ReadOutcome::TimedOut {
                after,
                stuck: Some(pid),
            } => {
                format!("no answer within {after}; process {pid} is stuck in the kernel with it")
            }
        };
        Some(NotChecked {
            what: format!("time to read {}", read.path),
            why,
        })
    });
    rows.collect()
}

fn profiles(evidence: &Evidence) -> Vec<NotChecked> {
    let failed = evidence.profile_failures.iter().map(|failure| NotChecked {
        what: format!("profile {}", failure.source),
        why: failure.missing.to_string(),
    });
    let parts = evidence.profiles.iter().flat_map(|record| {
        record.notes.iter().map(|note| NotChecked {
            what: format!("parts of profile {}", record.source),
            why: note.clone(),
        })
    });
    let mut rows: Vec<NotChecked> = failed.chain(parts).collect();
    if evidence.profiles.is_empty() && evidence.profile_failures.is_empty() {
        rows.push(NotChecked {
            what: "stacks of the target".to_owned(),
            why: profile_hint(evidence),
        });
    }
    rows
}

fn profile_hint(evidence: &Evidence) -> String {
    let target = evidence.target.value();
    let is_go = target.is_some_and(|target| matches!(target.go, Observed::Value(_)));
    let ports = target.and_then(|target| target.listening_ports.value());
    match ports.filter(|ports| is_go && !ports.is_empty()) {
        Some(ports) => {
            let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
            format!(
                "no profile was given; this Go program listens on port {}: if it serves pprof, add \
                 --pprof http://127.0.0.1:{}/debug/pprof/profile",
                ports.join(", "),
                ports[0]
            )
        }
        None => "no profile was given (--pprof URL or FILE)".to_owned(),
    }
}
