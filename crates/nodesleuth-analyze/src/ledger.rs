//! The ledger: the target's CPU split by owner, mode, threads and system calls, each adding up.

use crate::call_ledger;
use crate::catalog::Parts;
use crate::cpu::{TargetCpu, rate};
use crate::input::Input;
use crate::kernel_ledger;
use crate::owner_ledger;
use crate::traced::Traced;
use nodesleuth_model::evidence::{Host, ThreadTable};
use nodesleuth_model::{Cores, Ledger, LedgerPart, LedgerView, Window};
use std::collections::BTreeMap;

/// Thread groups shown apart; the rest is added up.
const THREAD_GROUPS: usize = 8;

/// All views of the target's CPU; nothing is claimed yet.
pub(crate) fn build(input: &Input<'_>) -> Ledger {
    let Ok(cpu) = input.cpu() else {
        return Ledger::default();
    };
    let mut views = vec![
        owner_ledger::view(input, &cpu),
        mode(&input.catalog.parts, &cpu),
    ];
    if let (Ok(host), Some(threads)) = (input.host(), input.evidence.threads.value()) {
        views.push(by_thread(host, threads, &cpu));
    }
    if let Ok(stacks) = input.stacks() {
        views.push(kernel_ledger::view(input, stacks, &cpu));
    }
    if let Ok(traced) = Traced::of(input.evidence) {
        views.push(call_ledger::view(&traced, &input.catalog.parts, &cpu));
    }
    Ledger {
        total_cores: Cores(cpu.total()),
        unexplained_cores: Cores(cpu.total()),
        views,
    }
}

pub(crate) fn part(id: &str, title: &str, cores: f64) -> LedgerPart {
    LedgerPart {
        id: id.to_owned(),
        title: title.to_owned(),
        cores: Cores(cores),
        kernel: Vec::new(),
        claims: Vec::new(),
    }
}

pub(crate) fn mode(parts: &Parts, cpu: &TargetCpu) -> LedgerView {
    let rows = [
        ("user", cpu.user),
        ("kernel", cpu.kernel),
        ("unsplit", cpu.unsplit),
        ("children", cpu.waited_for()),
    ];
    LedgerView {
        id: "mode".to_owned(),
        title: "by mode".to_owned(),
        parts: sorted(rows.map(|(id, cores)| part(id, parts.title(id), cores))),
        notes: Vec::new(),
    }
}

/// Threads of one name together; threads that ended in the window are the rest.
fn by_thread(host: &Host, window: &Window<ThreadTable>, cpu: &TargetCpu) -> LedgerView {
    let before: BTreeMap<_, _> = window
        .before
        .value
        .threads
        .iter()
        .map(|thread| (thread.tid, thread))
        .collect();
    let mut groups: BTreeMap<&str, (f64, u32)> = BTreeMap::new();
    let seconds = window.seconds();
    for after in &window.after.value.threads {
        let first = before
            .get(&after.tid)
            .filter(|first| first.start == after.start);
        let (user, kernel) = first.map_or((Default::default(), Default::default()), |first| {
            (first.utime, first.stime)
        });
        let cores =
            rate(host, user, after.utime, seconds) + rate(host, kernel, after.stime, seconds);
        let group = groups.entry(after.comm.as_str()).or_default();
        group.0 += cores;
        group.1 += 1;
    }
    // Threads and process are read a moment apart: their sum may be a tick above the process's.
    let own = cpu.user + cpu.kernel;
    let sum: f64 = groups.values().map(|group| group.0).sum();
    let scale = if sum > own { own / sum } else { 1.0 };
    let mut rows: Vec<LedgerPart> = groups
        .iter()
        .map(|(comm, (cores, count))| part(comm, &format!("{comm} × {count}"), *cores * scale))
        .collect();
    rows = sorted(rows);
    let small: f64 = rows.iter().skip(THREAD_GROUPS).map(|row| row.cores.0).sum();
    rows.truncate(THREAD_GROUPS);
    if small > 0.0 {
        rows.push(part("others", "other threads", small));
    }
    let ended = own - sum * scale;
    rows.push(part("ended", "threads that ended, and rounding", ended));
    rows.push(part(
        "children",
        "children that were waited for",
        cpu.waited_for(),
    ));
    LedgerView {
        id: "threads".to_owned(),
        title: "by thread name".to_owned(),
        parts: sorted(rows),
        notes: Vec::new(),
    }
}

/// Largest first, nothing left out but zeros.
pub(crate) fn sorted(parts: impl IntoIterator<Item = LedgerPart>) -> Vec<LedgerPart> {
    let mut parts: Vec<LedgerPart> = parts
        .into_iter()
        .filter(|part| part.cores.0 > 0.0)
        .collect();
    parts.sort_by(|a, b| {
        b.cores
            .0
            .total_cmp(&a.cores.0)
            .then_with(|| a.id.cmp(&b.id))
    });
    parts
}
