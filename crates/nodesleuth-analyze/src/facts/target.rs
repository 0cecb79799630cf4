//! Facts about the target's CPU, age, threads and descriptors.

use super::{Derived, FactDef, FactType, absent, flag, number, text};
use crate::input::Input;
use crate::kubelet_cpu;
use nodesleuth_model::agents;
use nodesleuth_model::evidence::Via;
use nodesleuth_model::{Pid, Ticks};
use std::collections::BTreeMap;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "target.comm",
        kind: FactType::Text,
        unit: "",
        doc: "Process name of the target.",
        derive: |input| text(&input.target()?.comm, "/proc/PID/stat"),
    },
    FactDef {
        name: "target.name",
        kind: FactType::Text,
        unit: "",
        doc: "The target as people call it: process name with its id or its node.",
        derive: |input| {
            let name = input.evidence.target_name();
            text(
                name.ok_or_else(|| absent("there is no target"))?,
                "the target",
            )
        },
    },
    FactDef {
        name: "target.pid",
        kind: FactType::Number,
        unit: "",
        doc: "Process id of the target.",
        derive: |input| match input.target()?.pid {
            Pid(0) => Err(absent("from outside the node it is not known")),
            Pid(pid) => number(f64::from(pid), "/proc/PID/stat"),
        },
    },
    FactDef {
        name: "target.cpu.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU over the window: user + kernel + children that were waited for.",
        derive: |input| number(input.cpu()?.total(), window_source(input)),
    },
    FactDef {
        name: "target.cpu.user_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU in user mode over the window.",
        derive: |input| number(input.cpu()?.split()?.user, window_source(input)),
    },
    FactDef {
        name: "target.cpu.kernel_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU in the kernel over the window.",
        derive: |input| number(input.cpu()?.split()?.kernel, window_source(input)),
    },
    FactDef {
        name: "target.cpu.children_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of children that ended and were waited for in the window, as cores.",
        derive: |input| {
            let children = input.cpu()?.children;
            let children =
                children.ok_or_else(|| absent("from outside the node nobody counts them"))?;
            number(children, window_source(input))
        },
    },
    FactDef {
        name: "target.cpu.kernel_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Kernel part of the target's own CPU, 0 to 1.",
        derive: kernel_share,
    },
    FactDef {
        name: "target.cpu.lifetime_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "Average CPU since the target started.",
        derive: lifetime_cores,
    },
    FactDef {
        name: "target.age_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Time since the target started.",
        derive: |input| number(age_seconds(input)?, "start time in /proc/PID/stat"),
    },
    FactDef {
        name: "target.hot",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether the target burns at least `hot_cores` of thresholds.toml.",
        derive: |input| {
            let hot = input.catalog.thresholds.hot_cores;
            flag(
                input.cpu()?.total() >= hot,
                format!("threshold {hot} cores"),
            )
        },
    },
    FactDef {
        name: "target.known_agent",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether its name is that of a node agent.",
        derive: |input| {
            flag(
                agents::by_comm(&input.target()?.comm).is_some(),
                "process name",
            )
        },
    },
    FactDef {
        name: "target.threads",
        kind: FactType::Number,
        unit: "count",
        doc: "Threads at the end of the window.",
        derive: |input| {
            let window = input.evidence.processes.require("processes")?;
            let pid = input.target()?.pid;
            let process = window.after.value.by_pid(pid);
            let process = process.ok_or_else(|| absent("the target ended"))?;
            number(f64::from(process.threads), "/proc/PID/stat")
        },
    },
    FactDef {
        name: "target.run_wait_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Time that its threads waited for a CPU, per time that they ran.",
        derive: run_wait_share,
    },
    FactDef {
        name: "target.fds.open",
        kind: FactType::Number,
        unit: "count",
        doc: "Open descriptors.",
        derive: |input| {
            let open = input.target()?.open_fds.require("open descriptors")?;
            number(*open as f64, "/proc/PID/fd")
        },
    },
    FactDef {
        name: "target.inotify.watches",
        kind: FactType::Number,
        unit: "count",
        doc: "inotify watches; cAdvisor keeps one for each cgroup directory.",
        derive: |input| {
            let watches = input.target()?.inotify_watches.require("inotify watches")?;
            number(*watches as f64, "/proc/PID/fdinfo")
        },
    },
    FactDef {
        name: "target.tracer.pid",
        kind: FactType::Number,
        unit: "",
        doc: "Process that traces the target (strace, gdb); 0 for none. Tracing costs CPU.",
        derive: |input| {
            let tracer = input.target()?.tracer.require("tracer")?;
            number(f64::from(tracer.0), "TracerPid in /proc/PID/status")
        },
    },
    FactDef {
        name: "target.store_bypass",
        kind: FactType::Text,
        unit: "",
        doc: "Speculative Store Bypass of the target, as its status says it.",
        derive: |input| {
            let line = input
                .target()?
                .store_bypass
                .require("Speculation_Store_Bypass")?;
            text(line, "/proc/PID/status")
        },
    },
    FactDef {
        name: "target.seccomp.filters",
        kind: FactType::Number,
        unit: "count",
        doc: "Seccomp filters that run at each of the target's system calls (since 5.9).",
        derive: |input| {
            let filters = input.target()?.seccomp_filters.require("Seccomp_filters")?;
            number(*filters as f64, "/proc/PID/status")
        },
    },
    FactDef {
        name: "target.reads.calls_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Read calls a second, all threads.",
        derive: |input| {
            let window = input.evidence.target_io.require("/proc/PID/io")?;
            let (before, after) = (window.before.value, window.after.value);
            let calls = after.read_calls.saturating_sub(before.read_calls);
            number(calls as f64 / window.seconds(), "syscr in /proc/PID/io")
        },
    },
];

fn window_source(input: &Input<'_>) -> String {
    let cpu = input.cpu().unwrap_or_default();
    let seconds = cpu.seconds;
    let source = match input.evidence.vantage.via {
        Via::Api if cpu.is_of_profile => kubelet_cpu::PROFILE_SOURCE,
        Via::Api => kubelet_cpu::SOURCE,
        Via::Host | Via::Pod => "/proc/PID/stat",
    };
    format!("{source} over {seconds:.1} s")
}

fn kernel_share(input: &Input<'_>) -> Derived {
    let cpu = input.cpu()?.split()?;
    let own = cpu.own();
    if own <= 0.0 {
        return Err(absent("the target used no CPU"));
    }
    number(cpu.kernel / own, "stime / (utime + stime)")
}

fn age_seconds(input: &Input<'_>) -> Result<f64, nodesleuth_model::Missing> {
    if input.evidence.vantage.via == Via::Api {
        return Ok(kubelet_cpu::lifetime(input.evidence)?.1);
    }
    let host = input.host()?;
    let target = input.target()?;
    let window = input.evidence.processes.require("processes")?;
    let started = target.start.seconds(host.ticks_per_second);
    let age = window.after.at.0 as f64 / 1e9 - started;
    if target.start.0 == 0 || age <= 0.0 {
        return Err(absent("its start time is not known"));
    }
    Ok(age)
}

fn lifetime_cores(input: &Input<'_>) -> Derived {
    if input.evidence.vantage.via == Via::Api {
        let (used, age) = kubelet_cpu::lifetime(input.evidence)?;
        return number(used / age.max(1.0), kubelet_cpu::SOURCE);
    }
    let host = input.host()?;
    let window = input.evidence.processes.require("processes")?;
    let process = window.after.value.by_pid(input.target()?.pid);
    let process = process.ok_or_else(|| absent("the target ended"))?;
    let reaped = process.cutime.0.saturating_add(process.cstime.0);
    let used = Ticks(process.own().0.saturating_add(reaped)).seconds(host.ticks_per_second);
    number(
        used / age_seconds(input)?,
        "utime + stime + waited-for children since start in /proc/PID/stat",
    )
}

fn run_wait_share(input: &Input<'_>) -> Derived {
    let window = input.evidence.threads.require("threads")?;
    let (mut ran, mut waited) = (0.0, 0.0);
    let before = &window.before.value.threads;
    let before: BTreeMap<_, _> = before.iter().map(|thread| (thread.tid, thread)).collect();
    for after in &window.after.value.threads {
        let earlier = before
            .get(&after.tid)
            .filter(|earlier| earlier.start == after.start);
        let readings = earlier.and_then(|earlier| {
            let on_cpu = after.on_cpu?.seconds() - earlier.on_cpu?.seconds();
            Some((
                on_cpu,
                after.run_wait?.seconds() - earlier.run_wait?.seconds(),
            ))
        });
        if let Some((on_cpu, run_wait)) = readings {
            ran += on_cpu;
            waited += run_wait;
        }
    }
    if ran <= 0.0 {
        return Err(absent("no schedstat of threads that ran"));
    }
    number(waited / ran, "/proc/PID/task/*/schedstat")
}
