//! The process under suspicion: what it is, how it was started, what it holds open.

mod descriptors;
mod exe;
mod flags;
mod ports;

use super::target_only;
use crate::collectors::malformed;
use crate::{Collector, Ctx, Finish, Node};
use descriptors::Descriptors;
use nodesleuth_model::evidence::Target;
use nodesleuth_model::{Evidence, Missing, MissingKind, Observed, Pid, Ticks};
use nodesleuth_parse::Malformed;
use nodesleuth_parse::proc::status::Status;
use nodesleuth_parse::proc::{limits, pid_cgroup, pid_stat, status};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// `/proc/PID/cmdline` waits for a lock of the target's memory, which a sick process may hold.
const CMDLINE_DEADLINE: Duration = Duration::from_secs(1);

/// Fills `target`; what was known of it when it was chosen is kept.
pub(super) struct TargetCollector;

impl Collector for TargetCollector {
    fn name(&self) -> &'static str {
        "target"
    }

    /// What does not change is read first: the target may end in the window.
    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        let known = target_only::pid(ctx).map(|pid| (pid, what_it_is(ctx, pid)));
        Box::new(move |evidence| match known {
            Ok((pid, found)) => {
                let chosen = evidence.target.value().cloned().unwrap_or_default();
                let target = if chosen.pid == pid {
                    Target {
                        comm: chosen.comm,
                        start: chosen.start,
                        chosen: chosen.chosen,
                        ..found
                    }
                } else {
                    found
                };
                evidence.target = Observed::Value(what_it_holds(ctx, target));
            }
            Err(missing) => evidence.target = Observed::Unavailable(missing),
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        if evidence.target.value().is_none() {
            evidence.target = Observed::Unavailable(missing);
        }
    }
}

fn what_it_is(ctx: &Ctx<'_>, pid: Pid) -> Target {
    let stat = ctx.node.bytes(&format!("/proc/{pid}/stat")).ok();
    let stat = stat.and_then(|line| pid_stat::parse(&line, 0).ok());
    let exe = ctx.node.link(&format!("/proc/{pid}/exe"));
    Target {
        pid,
        comm: stat
            .as_ref()
            .map(|stat| stat.comm.clone())
            .unwrap_or_default(),
        start: stat.map_or(Ticks(0), |stat| stat.start),
        exe: exe
            .map_err(|error| target_only::missing(ctx, pid, error))
            .into(),
        flags: cmdline(ctx, pid, CMDLINE_DEADLINE)
            .map(|bytes| flags::kept(&bytes))
            .into(),
        go: exe::go_build(ctx, pid).into(),
        cgroup: parsed(ctx, pid, "cgroup", pid_cgroup::parse).into(),
        open_files_limit: parsed(ctx, pid, "limits", limits::open_files).into(),
        ..Target::default()
    }
}

fn what_it_holds(ctx: &Ctx<'_>, target: Target) -> Target {
    let pid = target.pid;
    let status = parsed(ctx, pid, "status", status::parse);
    let descriptors = Descriptors::of(ctx, pid);
    let from = |read: fn(&Descriptors) -> u64| -> Observed<u64> {
        descriptors.as_ref().map(read).map_err(Clone::clone).into()
    };
    Target {
        tracer: line_of(&status, "TracerPid", |status| status.tracer_pid.map(Pid)).into(),
        store_bypass: line_of(&status, "Speculation_Store_Bypass", |status| {
            status.store_bypass.clone()
        })
        .into(),
        seccomp: line_of(&status, "Seccomp", |status| status.seccomp.map(u64::from)).into(),
        seccomp_filters: line_of(&status, "Seccomp_filters", |status| {
            status.seccomp_filters.map(u64::from)
        })
        .into(),
        open_fds: from(|descriptors| descriptors.count),
        inotify_instances: from(|descriptors| descriptors.inotify.len() as u64),
        inotify_watches: descriptors
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|descriptors| descriptors.inotify_watches(ctx, pid))
            .into(),
        listening_ports: descriptors
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|descriptors| ports::of(ctx, pid, &descriptors.sockets))
            .into(),
        ..target
    }
}

/// A line of its status; old kernels do not print all of them.
fn line_of<T>(
    status: &Result<Status, Missing>,
    name: &str,
    value: impl FnOnce(&Status) -> Option<T>,
) -> Result<T, Missing> {
    let none = || {
        Missing::new(
            MissingKind::Unsupported,
            format!("status has no {name} line"),
        )
    };
    let status = status.as_ref().map_err(Clone::clone)?;
    value(status).ok_or_else(none)
}

fn parsed<T>(
    ctx: &Ctx<'_>,
    pid: Pid,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, Malformed>,
) -> Result<T, Missing> {
    let text = ctx.node.text(&format!("/proc/{pid}/{name}"));
    parse(&text.map_err(|error| target_only::missing(ctx, pid, error))?).map_err(malformed)
}

/// Reads the command line in a thread of its own, which is left alone when it does not answer.
fn cmdline(ctx: &Ctx<'_>, pid: Pid, deadline: Duration) -> Result<Vec<u8>, Missing> {
    let path = format!("/proc/{pid}/cmdline");
    let (answer, answered) = mpsc::channel();
    let (node, path_there): (Node, String) = (ctx.node.clone(), path.clone());
    thread::spawn(move || answer.send(node.bytes(&path_there)));
    match answered.recv_timeout(deadline) {
        Ok(bytes) => bytes.map_err(|error| target_only::missing(ctx, pid, error)),
        Err(_) => {
            let reason = format!("{path}: no answer within {} s", deadline.as_secs());
            Err(Missing::new(MissingKind::TimedOut, reason))
        }
    }
}

#[cfg(test)]
mod tests;
