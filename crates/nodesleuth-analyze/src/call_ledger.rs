//! The `calls` view of the ledger: kernel time by file and by system call, as it was measured.
//!
//! A call on a file that is known belongs to the file, the rest of that call to the call. Findings
//! claim parts of the owner view; a claim that names parts of this view (`through`) takes as much
//! as both have left, so a call that was measured once is never explained twice.

use crate::catalog::Parts;
use crate::cpu::TargetCpu;
use crate::ledger::{part, sorted};
use crate::traced::Traced;
use nodesleuth_model::evidence::FileUse;
use nodesleuth_model::{Cores, LedgerPart, LedgerView};
use std::collections::BTreeMap;

/// Id of the view.
pub(crate) const VIEW: &str = "calls";
/// What ids of its measured parts begin with, and what such a part is.
pub(crate) const PREFIXES: &[(&str, &str)] = &[
    ("call:", "a system call"),
    (
        "cgroup-file:",
        "memory.stat, memory.numa_stat or memory.usage_in_bytes of any cgroup, or others",
    ),
    ("proc-file:", "a file of /proc, by pattern"),
    ("folder:", "listing folders, by pattern"),
    ("file:", "any other file, by pattern"),
];
/// Cgroup files that old kernels sum over all cgroups below, on every read.
const WALKED: &[&str] = &["memory.numa_stat", "memory.stat", "memory.usage_in_bytes"];
/// Kernel time outside the calls that were counted: entering and leaving them, page faults.
pub(crate) const OUTSIDE: &str = "outside-calls";
/// More parts than this are added up: an id for every folder of a walk would say nothing.
const MOST_PARTS: usize = 40;
/// Where calls and /proc agree less than this, it is said.
const DISAGREES: f64 = 0.5;

/// The view; user mode and children are as in every other view.
pub(crate) fn view(traced: &Traced<'_>, titles: &Parts, cpu: &TargetCpu) -> LedgerView {
    let mut rows = by_file_and_call(traced);
    let measured: f64 = rows.iter().map(|row| row.cores.0).sum();
    // More than the window's kernel time: the target did more while it was traced.
    let scale = if measured > cpu.kernel {
        cpu.kernel / measured
    } else {
        1.0
    };
    for row in &mut rows {
        row.cores.0 *= scale;
    }
    let mut rows = sorted(rows);
    let small: f64 = rows.iter().skip(MOST_PARTS).map(|row| row.cores.0).sum();
    rows.truncate(MOST_PARTS);
    let rest = cpu.kernel - measured * scale;
    for (id, cores) in [
        ("other-calls", small),
        (OUTSIDE, rest),
        ("user", cpu.user),
        ("children", cpu.waited_for()),
    ] {
        rows.push(part(id, titles.title(id), cores));
    }
    LedgerView {
        id: VIEW.to_owned(),
        title: "by system call and file".to_owned(),
        parts: sorted(rows),
        notes: note(traced, cpu, measured).into_iter().collect(),
    }
}

fn note(traced: &Traced<'_>, cpu: &TargetCpu, measured: f64) -> Option<String> {
    let (less, more) = (measured.min(cpu.kernel), measured.max(cpu.kernel));
    (more > 0.02 && less < DISAGREES * more).then(|| {
        format!(
            "in the {:.1} s of the capture system calls took {} cores, in the window the kernel \
             took {}: the target does not do the same all the time, or burns kernel time outside \
             calls",
            traced.seconds,
            Cores(measured),
            Cores(cpu.kernel)
        )
    })
}

/// Measured cores: files first, then what is left of each call.
fn by_file_and_call(traced: &Traced<'_>) -> Vec<LedgerPart> {
    let mut of_files: BTreeMap<(String, String), f64> = BTreeMap::new();
    let mut left: BTreeMap<&str, f64> = BTreeMap::new();
    for call in &traced.trace.calls {
        *left.entry(&call.name).or_default() += traced.priced(call.on_cpu);
    }
    for file in traced.files().unwrap_or_default() {
        let Some(call) = left.get_mut(file.call.as_str()) else {
            continue;
        };
        // Both were measured at once; a file cannot have more than its call.
        let cores = traced.priced(file.on_cpu).min(*call);
        *call -= cores;
        *of_files.entry(id_and_title(file)).or_default() += cores;
    }
    let files = of_files
        .iter()
        .map(|((id, title), cores)| part(id, title, *cores));
    let calls = left
        .iter()
        .map(|(name, cores)| part(&format!("call:{name}"), name, *cores));
    files.chain(calls).collect()
}

fn id_and_title(file: &FileUse) -> (String, String) {
    let pattern = &file.pattern;
    match file.kind.as_str() {
        "cgroup" => {
            // Files that a kernel may walk for are told apart; the dozen others say more together.
            let name = file.file_name();
            match WALKED.contains(&name) {
                true => (
                    format!("cgroup-file:{name}"),
                    format!("cgroup files: {name}"),
                ),
                false => (
                    "cgroup-file:others".to_owned(),
                    "other cgroup files".to_owned(),
                ),
            }
        }
        "proc" => (format!("proc-file:{pattern}"), pattern.clone()),
        _ if file.call == "getdents64" => {
            (format!("folder:{pattern}"), format!("listing {pattern}"))
        }
        _ => (format!("file:{pattern}"), pattern.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::{SyscallTrace, SyscallUse};
    use nodesleuth_model::{Nanos, Observed};

    fn trace() -> SyscallTrace {
        let call = |name: &str, millis: u64| SyscallUse {
            name: name.to_owned(),
            on_cpu: Nanos(millis * 1_000_000),
            ..SyscallUse::default()
        };
        let file = |call: &str, kind: &str, pattern: &str, millis: u64| FileUse {
            call: call.to_owned(),
            kind: kind.to_owned(),
            pattern: pattern.to_owned(),
            on_cpu: Nanos(millis * 1_000_000),
            ..FileUse::default()
        };
        SyscallTrace {
            length: Nanos(1_000_000_000),
            calls: vec![
                call("read", 400),
                call("getdents64", 100),
                call("futex", 50),
            ],
            files: Observed::Value(vec![
                file(
                    "read",
                    "cgroup",
                    "/sys/fs/cgroup/memory/a/**/memory.stat",
                    200,
                ),
                file(
                    "read",
                    "cgroup",
                    "/sys/fs/cgroup/memory/b/**/memory.stat",
                    100,
                ),
                file("getdents64", "cgroup", "/sys/fs/cgroup/memory/**", 60),
                file("getdents64", "dir", "/var/lib/*/**", 90),
            ]),
            ..SyscallTrace::default()
        }
    }

    fn cores(kernel: f64) -> (BTreeMap<String, f64>, Vec<String>) {
        let trace = trace();
        let traced = Traced {
            trace: &trace,
            seconds: 1.0,
            busier: 1.0,
        };
        let cpu = TargetCpu {
            seconds: 1.0,
            user: 0.3,
            kernel,
            unsplit: 0.0,
            children: Some(0.1),
            is_of_profile: false,
        };
        let view = view(&traced, &Parts::default(), &cpu);
        let sum: f64 = view.parts.iter().map(|part| part.cores.0).sum();
        assert!((sum - 0.4 - kernel).abs() < 1e-9, "{sum}");
        let parts = view
            .parts
            .into_iter()
            .map(|part| (part.id, (part.cores.0 * 1e6).round() / 1e6));
        (parts.collect(), view.notes)
    }

    #[test]
    fn a_call_on_a_known_file_belongs_to_the_file_and_all_adds_up() {
        let (parts, notes) = cores(0.6);
        for (id, expected) in [
            ("cgroup-file:memory.stat", 0.3),
            ("call:read", 0.1),
            ("cgroup-file:others", 0.06),
            // Only 40 ms of getdents64 were left for it.
            ("folder:/var/lib/*/**", 0.04),
            ("call:futex", 0.05),
            ("outside-calls", 0.05),
            ("user", 0.3),
            ("children", 0.1),
        ] {
            assert_eq!(parts.get(id), Some(&expected), "{id}: {parts:?}");
        }
        assert!(!parts.contains_key("call:getdents64"));
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn a_busier_capture_is_brought_down_to_the_window_and_said() {
        let (parts, notes) = cores(0.22);
        assert_eq!(parts["cgroup-file:memory.stat"], 0.12);
        assert!(!parts.contains_key("outside-calls"));
        assert!(notes[0].contains("0.55 cores"), "{notes:?}");
    }
}
