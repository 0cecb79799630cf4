//! The machine, its kernel, and what we may do on it.

use super::shape::{Once, parsed};
use crate::{Ctx, Node};
use nix::sys::utsname::uname;
use nix::unistd::{SysconfVar, Uid, sysconf};
use nodesleuth_model::evidence::{CgroupMode, Host, OsRelease};
use nodesleuth_model::{Missing, MissingKind, Pid};
use nodesleuth_parse::cgroup;
use nodesleuth_parse::proc::{cpu_list, mountinfo, os_release, status};

/// Inode of the initial PID namespace (`PROC_PID_INIT_INO` in the kernel's `proc_ns.h`).
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";
/// Inode of the initial cgroup namespace (`PROC_CGROUP_INIT_INO`).
const INITIAL_CGROUP_NAMESPACE: &str = "cgroup:[4026531835]";

/// Which machine and kernel this is.
pub(crate) static COLLECTOR: Once<Host> = Once {
    name: "host",
    read,
    field: |evidence| &mut evidence.host,
};

fn read(ctx: &Ctx<'_>) -> Result<Host, Missing> {
    let node = ctx.node;
    let line = |path: &str| node.text(path).map(|text| text.trim().to_owned());
    Ok(Host {
        kernel_release: line("/proc/sys/kernel/osrelease")?,
        kernel_version: line("/proc/sys/kernel/version")?,
        machine: machine(node),
        version_signature: line("/proc/version_signature").ok(),
        os: os(node).into(),
        ticks_per_second: system_value(SysconfVar::CLK_TCK, 100),
        page_size: system_value(SysconfVar::PAGE_SIZE, 4096),
        possible_cpus: cpus(node, "possible").into(),
        online_cpus: cpus(node, "online").into(),
        uptime: ctx.clock.boot(),
        cgroup_mode: cgroup_mode(node).into(),
        collector_pid: Some(Pid(std::process::id())),
        euid: Uid::effective().as_raw(),
        effective_capabilities: capabilities(node).into(),
        in_pid_namespace: differs(node, "pid", INITIAL_PID_NAMESPACE).into(),
        in_cgroup_namespace: in_cgroup_namespace(node).into(),
    })
}

/// `/proc/sys/kernel/arch` is there since 6.1 only.
fn machine(node: &Node) -> String {
    match node.text("/proc/sys/kernel/arch") {
        Ok(text) => text.trim().to_owned(),
        Err(_) if node.is_live() => uname().map_or_else(
            |_| String::new(),
            |uname| uname.machine().to_string_lossy().into(),
        ),
        Err(_) => String::new(),
    }
}

/// Both are constants of the architecture that `/proc` does not tell.
fn system_value(variable: SysconfVar, usual: u64) -> u64 {
    let value = sysconf(variable).ok().flatten();
    value
        .and_then(|value| u64::try_from(value).ok())
        .unwrap_or(usual)
}

fn os(node: &Node) -> Result<OsRelease, Missing> {
    let text = node
        .text("/etc/os-release")
        .or_else(|_| node.text("/usr/lib/os-release"))?;
    Ok(os_release::parse(&text))
}

fn cpus(node: &Node, which: &str) -> Result<u32, Missing> {
    parsed(
        node,
        &format!("/sys/devices/system/cpu/{which}"),
        cpu_list::count,
    )
}

fn cgroup_mode(node: &Node) -> Result<CgroupMode, Missing> {
    let mounts = parsed(node, "/proc/self/mountinfo", mountinfo::parse)?;
    cgroup::mode(&cgroup::hierarchies(&mounts, &[]))
        .ok_or_else(|| Missing::new(MissingKind::Absent, "no cgroup hierarchy is mounted"))
}

fn capabilities(node: &Node) -> Result<u64, Missing> {
    let status = parsed(node, "/proc/self/status", status::parse)?;
    status
        .cap_eff
        .ok_or_else(|| malformed_status("no CapEff line"))
}

fn malformed_status(reason: &str) -> Missing {
    Missing::new(
        MissingKind::Malformed,
        format!("/proc/self/status: {reason}"),
    )
}

fn differs(node: &Node, namespace: &str, initial: &str) -> Result<bool, Missing> {
    Ok(node.link(&format!("/proc/self/ns/{namespace}"))? != initial)
}

/// Before 4.6 there are no cgroup namespaces, so nobody is in one.
pub(crate) fn in_cgroup_namespace(node: &Node) -> Result<bool, Missing> {
    match differs(node, "cgroup", INITIAL_CGROUP_NAMESPACE) {
        Err(missing)
            if missing.kind == MissingKind::Absent && node.names("/proc/self/ns").is_ok() =>
        {
            Ok(false)
        }
        other => other,
    }
}
