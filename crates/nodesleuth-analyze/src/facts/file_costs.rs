//! Facts about which files cost the target which kernel time, from the capture of system calls.

use super::{Derived, FactDef, FactType, absent, flag, number, text};
use crate::input::Input;
use crate::traced::Traced;
use nodesleuth_model::evidence::FileUse;
use nodesleuth_model::{Missing, Nanos};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "files.memory_stat.seen",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether reads of memory.stat or memory.numa_stat were seen and priced; false when \
              files were not traced.",
        derive: |input| seen(input, is_memory_stat),
    },
    FactDef {
        name: "files.memory_stat.read_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside reads of memory.stat and memory.numa_stat of any cgroup.",
        derive: |input| cores_fact(input, is_memory_stat),
    },
    FactDef {
        name: "files.memory_stat.read_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Such reads a second.",
        derive: |input| rate_fact(input, is_memory_stat),
    },
    FactDef {
        name: "files.memory_stat.read_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of one such read, on average.",
        derive: |input| {
            let reads = calls(input, is_memory_stat)?;
            if reads == 0 {
                return Err(absent("no such read was seen"));
            }
            number(
                time(input, is_memory_stat)?.seconds() / reads as f64,
                source(input)?,
            )
        },
    },
    FactDef {
        name: "files.cgroup.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside calls on cgroup files and folders.",
        derive: |input| cores_fact(input, |file| file.kind == "cgroup"),
    },
    FactDef {
        name: "files.cgroup.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Such calls a second.",
        derive: |input| rate_fact(input, |file| file.kind == "cgroup"),
    },
    FactDef {
        name: "files.cgroup.seen",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether such calls were seen and priced; false when files were not traced.",
        derive: |input| seen(input, |file| file.kind == "cgroup"),
    },
    FactDef {
        name: "files.cgroup.close_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside close and fcntl × the share of cgroup files among the files that were \
              opened. An estimate: these calls do not say which file they are about.",
        derive: |input| {
            let traced = Traced::of(input.evidence)?;
            let opened = calls(input, is_open)?;
            if opened == 0 {
                return Err(absent("no file was opened"));
            }
            let cgroups = calls(input, |file| is_open(file) && file.kind == "cgroup")?;
            let closing = ["close", "fcntl"].map(|name| traced.call(name));
            let closing: f64 = closing
                .into_iter()
                .flatten()
                .map(|call| traced.priced(call.on_cpu))
                .sum();
            number(closing * cgroups as f64 / opened as f64, traced.source())
        },
    },
    FactDef {
        name: "files.cgroup.entry_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "Kernel CPU outside the calls that were counted × the share of calls on cgroup files \
              (closing included) in all calls: entering and leaving them. An estimate.",
        derive: cgroup_entry,
    },
    FactDef {
        name: "files.proc.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside calls on /proc files of processes (not /proc/stat and its like).",
        derive: |input| cores_fact(input, is_of_a_process),
    },
    FactDef {
        name: "files.proc.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Such calls a second.",
        derive: |input| rate_fact(input, is_of_a_process),
    },
    FactDef {
        name: "files.proc.share",
        kind: FactType::Number,
        unit: "share",
        doc: "Their CPU as a share of the target's CPU in the window.",
        derive: |input| {
            let total = input.cpu()?.total();
            if total <= 0.0 {
                return Err(absent("the target used no CPU"));
            }
            let traced = Traced::of(input.evidence)?;
            number(
                traced.priced(time(input, is_of_a_process)?) / total,
                source(input)?,
            )
        },
    },
    FactDef {
        name: "files.proc.user_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "User CPU that goes with them: user CPU × their share of all calls, but no more than \
              0.95 of the kernel part. An estimate.",
        derive: proc_user,
    },
    FactDef {
        name: "files.proc.top_pattern",
        kind: FactType::Text,
        unit: "",
        doc: "Kind of such file that takes most CPU.",
        derive: |input| top(input, is_of_a_process),
    },
    FactDef {
        name: "files.listing.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU inside getdents64 outside cgroups and /proc: listing folders.",
        derive: |input| cores_fact(input, is_walk),
    },
    FactDef {
        name: "files.listing.seen",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether such calls were seen and priced; false when files were not traced.",
        derive: |input| seen(input, is_walk),
    },
    FactDef {
        name: "files.top_pattern",
        kind: FactType::Text,
        unit: "",
        doc: "Kind of file of any sort that takes most CPU.",
        derive: |input| top(input, |_| true),
    },
];

/// What parsing a kernel file was measured to take of a real cAdvisor, per kernel CPU.
const USER_PER_KERNEL: f64 = 0.95;

/// Files that kernels before 5.2 (5.8) sum over all cgroups below, on every read.
fn is_memory_stat(file: &FileUse) -> bool {
    file.kind == "cgroup" && matches!(file.file_name(), "memory.stat" | "memory.numa_stat")
}

fn is_open(file: &FileUse) -> bool {
    matches!(file.call.as_str(), "open" | "openat" | "openat2")
}

fn is_of_a_process(file: &FileUse) -> bool {
    file.kind == "proc" && (file.pattern == "/proc" || file.pattern.starts_with("/proc/*"))
}

fn is_walk(file: &FileUse) -> bool {
    file.call == "getdents64" && !matches!(file.kind.as_str(), "cgroup" | "proc")
}

fn cgroup_entry(input: &Input<'_>) -> Derived {
    let traced = Traced::of(input.evidence)?;
    let outside =
        (input.cpu()?.kernel - traced.priced(Nanos(traced.sum(|call| call.on_cpu.0)))).max(0.0);
    let closed = calls(input, |file| is_open(file) && file.kind == "cgroup")?;
    let on_cgroups = calls(input, |file| file.kind == "cgroup")?.saturating_add(closed);
    let all = traced.sum(|call| call.calls).max(1);
    number(
        outside * (on_cgroups as f64 / all as f64).min(1.0),
        source(input)?,
    )
}

fn proc_user(input: &Input<'_>) -> Derived {
    let traced = Traced::of(input.evidence)?;
    let all = traced.sum(|call| call.calls).max(1) as f64;
    let share = (calls(input, is_of_a_process)? as f64 / all).min(1.0);
    let most = USER_PER_KERNEL * traced.priced(time(input, is_of_a_process)?);
    number((input.cpu()?.user * share).min(most), source(input)?)
}

fn chosen<'a>(
    input: &Input<'a>,
    which: fn(&FileUse) -> bool,
) -> Result<impl Iterator<Item = &'a FileUse>, Missing> {
    let files = Traced::of(input.evidence)?.files()?;
    Ok(files.iter().filter(move |file| which(file)))
}

fn calls(input: &Input<'_>, which: fn(&FileUse) -> bool) -> Result<u64, Missing> {
    let calls = chosen(input, which)?.map(|file| file.calls);
    Ok(calls.fold(0, u64::saturating_add))
}

fn time(input: &Input<'_>, which: fn(&FileUse) -> bool) -> Result<Nanos, Missing> {
    let times = chosen(input, which)?.map(|file| file.on_cpu.0);
    Ok(Nanos(times.fold(0, u64::saturating_add)))
}

fn seen(input: &Input<'_>, which: fn(&FileUse) -> bool) -> Derived {
    input.target()?;
    let source = source(input).unwrap_or_else(|missing| missing.to_string());
    flag(calls(input, which).is_ok_and(|calls| calls > 0), source)
}

fn cores_fact(input: &Input<'_>, which: fn(&FileUse) -> bool) -> Derived {
    let traced = Traced::of(input.evidence)?;
    number(traced.priced(time(input, which)?), source(input)?)
}

fn rate_fact(input: &Input<'_>, which: fn(&FileUse) -> bool) -> Derived {
    let traced = Traced::of(input.evidence)?;
    number(traced.rate(calls(input, which)?), source(input)?)
}

fn top(input: &Input<'_>, which: fn(&FileUse) -> bool) -> Derived {
    let top = chosen(input, which)?.max_by_key(|file| file.on_cpu);
    let top = top.ok_or_else(|| absent("no such file was used"))?;
    text(&top.pattern, source(input)?)
}

fn source(input: &Input<'_>) -> Result<String, Missing> {
    Ok(Traced::of(input.evidence)?.source())
}
