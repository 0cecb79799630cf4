//! Facts about kernel threads and daemons whose CPU tells what the kernel is busy with.

use super::{Derived, FactDef, FactType, absent, number};
use crate::cpu::process_cores;
use crate::input::Input;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "machine.kswapd.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of kswapd, which looks for free memory, of all NUMA nodes.",
        derive: |input| cores_of(input, &["kswapd"]),
    },
    FactDef {
        name: "machine.compaction.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of kcompactd and khugepaged, which make room for huge pages.",
        derive: |input| cores_of(input, &["kcompactd", "khugepaged"]),
    },
    FactDef {
        name: "audit.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of auditd and kauditd.",
        derive: |input| cores_of(input, &["auditd", "kauditd"]),
    },
];

/// What all whose names begin so used. Those that used nothing are not in the table.
fn cores_of(input: &Input<'_>, names: &[&str]) -> Derived {
    let host = input.host()?;
    if host.in_pid_namespace.value() == Some(&true) {
        return Err(absent(
            "kernel threads are not seen from inside a PID namespace",
        ));
    }
    let window = input.evidence.processes.require("processes")?;
    let seconds = window.seconds();
    let named = window.after.value.processes.iter().filter(|process| {
        let is_one = |name: &&str| process.comm.starts_with(*name);
        names.iter().any(is_one)
    });
    let cores = named.filter_map(|after| {
        let before = window.before.value.by_pid(after.pid)?;
        (before.start == after.start).then(|| process_cores(host, before, after, seconds).0.0)
    });
    number(cores.fold(0.0, |sum, one| sum + one), "/proc/PID/stat")
}
